/**
 * Terms and the parts of the picture that they are about light together: a term, which names its part in `data-lights`, when
 * it is pointed at or has the focus, and the other way round. A part is a panel, or has that name as its `data-part`.
 *
 * @param {HTMLElement} root that holds both
 */
export function lightTerms(root) {
  /** @type {Element[]} */
  let lit = [];

  /** @param {EventTarget | null} target */
  function show(target) {
    for (const element of lit) element.classList.remove("lit");
    lit = target instanceof Element ? partners(target) : [];
    for (const element of lit) element.classList.add("lit");
  }

  /** @param {Element} target @returns {Element[]} */
  function partners(target) {
    const own = /** @type {HTMLElement | null} */ (target.closest("[data-lights]"));
    const name = own?.dataset.lights;
    if (name) return [own, ...root.querySelectorAll(`[data-panel="${name}"], [data-part="${name}"]`)];
    const part = /** @type {HTMLElement | null} */ (target.closest("[data-part], [data-panel]"));
    const terms = root.querySelectorAll(`[data-lights="${part?.dataset.part ?? part?.dataset.panel ?? ""}"]`);
    return part ? [...terms] : [];
  }

  for (const event of ["pointerover", "focusin"]) root.addEventListener(event, ({ target }) => show(target));
  for (const event of ["pointerleave", "focusout"]) root.addEventListener(event, () => show(null));
}
