// The host inside Streamlit: joins the instrument to a component of the second kind.

import { linkedComparison } from "../compare/link.js";
import { mount } from "../instrument.js";
import { isLesson } from "../lesson/lessons.js";
import { linkedModel } from "../link.js";
import { hosted } from "./component.js";
import { tell } from "./released.js";

/** @typedef {{catalogue: any[], assets: string, remembered: string}} Data */

export const host = hosted((root, /** @type {Data} */ data, newest) => {
  const { setCatalogue, destroy } = mount(root, {
    catalogue: data.catalogue,
    assets: new URL(data.assets, location.origin).href,
    link: { read: () => read(newest().data.remembered), write },
    clinic: new URL("train", document.baseURI).href,
    onRelease: tell,
  });
  return {
    // A training that ends meanwhile adds a model to the list, and must not take the open one from under a hand.
    update(data, before) {
      if (JSON.stringify(before.catalogue) !== JSON.stringify(data.catalogue)) setCatalogue(data.catalogue);
    },
    destroy,
  };
});

/**
 * The address, and where it names no model (one came back from another page) what Python remembers.
 * @param {string} remembered
 */
function read(remembered) {
  const isNamed = linkedModel(location.search) !== null || linkedComparison(location.search).ids.length > 0;
  return isNamed || isLesson(location.search) || !remembered ? location.search : remembered;
}

/** @param {string} query */
function write(query) {
  history.replaceState(history.state, "", query ? `?${query}` : location.pathname);
}
