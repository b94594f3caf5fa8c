/**
 * Folds away what a card does not need of the instrument.
 *
 * @param {HTMLElement} frame the page
 */
export function createFolding(frame) {
  /** @type {HTMLElement | null} what the instrument shows now */
  let standing = null;
  /** @type {string[]} */
  let needed = [];

  const isFolded = () => frame.classList.contains("with-lesson") && !frame.classList.contains("all-shown");
  const isNeeded = (/** @type {string} */ name) => needed.length === 0 || needed.includes(name);

  /** @param {string[]} names of the panels that the card is about; none: all are needed */
  function fold(names) {
    needed = names;
    for (const part of standing?.querySelectorAll("[data-panel]") ?? []) {
      const name = /** @type {HTMLElement} */ (part).dataset.panel ?? "";
      part.classList.toggle("not-needed", !isNeeded(name));
      // What is opened by a press is open where a card is about it.
      if (part instanceof HTMLDetailsElement && needed.includes(name)) part.open = true;
    }
    closeUp();
    turnTabs();
  }

  /** A place where nothing stands has no column. */
  function closeUp() {
    for (const place of standing?.querySelectorAll(".source-side, .bench > .side") ?? []) {
      const isEmpty = [...place.children].every((part) => part.matches(".not-needed, .not-shown"));
      place.classList.toggle("emptied", isFolded() && isEmpty);
    }
  }

  /** A tab goes with its panel, and one that is left is open. */
  function turnTabs() {
    const tabs = /** @type {HTMLElement[]} */ ([...(standing?.querySelectorAll(".tab-row > .tabs > .tab") ?? [])]);
    for (const tab of tabs) tab.classList.toggle("not-needed", !isNeeded(tab.id.slice("tab-".length)));
    const left = tabs.filter((tab) => !tab.classList.contains("not-needed"));
    if (isFolded() && !left.some((tab) => tab.ariaSelected === "true")) left[0]?.click();
  }

  return {
    fold,
    /** @param {boolean} on whether also what the card does not need is there */
    showAll(on) {
      frame.classList.toggle("all-shown", on);
      closeUp();
      turnTabs();
    },
    /** @param {HTMLElement} element */
    stands(element) {
      standing = element;
    },
  };
}
