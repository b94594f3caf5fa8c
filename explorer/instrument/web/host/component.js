/**
 * @template D
 * @typedef {object} Component what Streamlit hands to a component's default export
 * @property {HTMLElement | ShadowRoot} parentElement
 * @property {D} data
 * @property {(name: string, value: unknown) => void} setStateValue
 * @property {(name: string, value: unknown) => void} setTriggerValue
 */

/**
 * What stands in which element. Streamlit calls again for the same element whenever the data or the
 * theme change, and a call that was overtaken while it loaded has its clean-up run at once: only the
 * newest call may take down what stands there.
 * @type {WeakMap<Node, {newest: Component<any>, update(data: any, before: any): void, destroy(): void, root: HTMLElement}>}
 */
const standing = new WeakMap();

/**
 * Makes a front end the default export of a component.
 *
 * @template {{assets: string}} D
 * @param {(root: HTMLElement, data: D, newest: () => Component<D>) => {update(data: D, before: D): void,
 *   destroy(): void}} stand builds it; `newest` is the component as it was last called
 * @param {{isWhole?: boolean}} [options] `isWhole`: it is all of its page, whose margins are its own
 * @returns {(component: Component<D>) => () => void} which returns the clean-up
 */
export function hosted(stand, { isWhole = true } = {}) {
  /** @param {Node} place */
  function remove(place) {
    const slot = standing.get(place);
    standing.delete(place);
    slot?.destroy();
    slot?.root.remove();
  }

  return (component) => {
    const { parentElement, data } = component;
    const slot = standing.get(parentElement);
    if (slot?.newest.data.assets === data.assets) {
      const before = slot.newest.data;
      slot.newest = component;
      slot.update(data, before);
    } else {
      remove(parentElement);
      const root = document.createElement("div");
      // Streamlit leaves 5rem at either side where the window has 54rem or more: half of that is ours.
      if (isWhole) root.style.margin = "-1.25rem clamp(-2.5rem, (54rem - 100vw) * 100, 0rem) 0";
      // What sticks to the top must clear Streamlit's header, which is as high as around.css has it.
      root.style.setProperty("--instrument-top", "3.125rem");
      parentElement.append(root);
      if (isWhole) /** @type {Partial<ShadowRoot>} */ (root.getRootNode()).host?.setAttribute("data-own-margins", "");
      const made = { newest: component, root, update() {}, destroy() {} };
      standing.set(parentElement, made);
      Object.assign(
        made,
        stand(root, data, () => made.newest),
      );
    }
    return () => {
      if (standing.get(parentElement)?.newest === component) remove(parentElement);
    };
  };
}
