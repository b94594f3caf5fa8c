// The host inside Streamlit: joins the instrument to a component of the second kind.

import { mount } from "./instrument.js";
import { linkedModel } from "./link.js";

/**
 * @typedef {object} Component what Streamlit hands to a component's default export
 * @property {HTMLElement | ShadowRoot} parentElement
 * @property {{catalogue: any[], assets: string, remembered: string, directions: any[]}} data
 * @property {(name: string, value: unknown) => void} setStateValue
 * @property {(name: string, value: unknown) => void} setTriggerValue
 */

/**
 * What stands in which element. Streamlit calls again for the same element whenever the data or the
 * theme change, and a call that was overtaken while it loaded has its clean-up run at once: only the
 * newest call may take the instrument down.
 * @type {WeakMap<Node, {newest: Component, setCatalogue(catalogue: any[]): void, remove(): void}>}
 */
const standing = new WeakMap();

/**
 * @param {Component} component
 * @returns {() => void} the clean-up
 */
export function host(component) {
  const { parentElement, data } = component;
  const before = standing.get(parentElement);
  if (before?.newest.data.assets === data.assets) {
    const known = JSON.stringify(before.newest.data.catalogue);
    before.newest = component;
    // A training that ends meanwhile adds a model to the list, and must not take the open one from under a hand.
    if (known !== JSON.stringify(data.catalogue)) before.setCatalogue(data.catalogue);
  } else {
    before?.remove();
    stand(component);
  }
  return () => {
    const slot = standing.get(parentElement);
    if (slot?.newest !== component) return;
    standing.delete(parentElement);
    slot.remove();
  };
}

/** @param {Component} component */
function stand(component) {
  const { parentElement, data } = component;
  const root = document.createElement("div");
  // Streamlit leaves 5rem at either side where the window has 54rem or more: half of that is ours.
  root.style.margin = "-0.75rem clamp(-2.5rem, (54rem - 100vw) * 100, 0rem) 0";
  // What sticks to the top must clear Streamlit's header.
  root.style.setProperty("--instrument-top", "3.75rem");
  parentElement.append(root);
  const slot = { newest: component, setCatalogue() {}, remove: () => root.remove() };
  standing.set(parentElement, slot);
  const { setCatalogue, destroy } = mount(root, {
    catalogue: data.catalogue,
    assets: new URL(data.assets, location.origin).href,
    link: { read: () => read(slot.newest.data.remembered), write },
    directions: data.directions,
    onDirections: () => slot.newest.setTriggerValue("page", "directions"),
    onRelease: (state) => slot.newest.setStateValue("released", state),
  });
  slot.setCatalogue = setCatalogue;
  slot.remove = () => {
    destroy();
    root.remove();
  };
}

/**
 * The address, and where it names no model (one came back from another page) what Python remembers.
 * @param {string} remembered
 */
function read(remembered) {
  return linkedModel(location.search) === null ? remembered : location.search;
}

/** @param {string} query */
function write(query) {
  history.replaceState(history.state, "", query ? `?${query}` : location.pathname);
}
