// The host inside Streamlit: joins the list of lessons to a component of the second kind.

import { hosted } from "../host/component.js";
import { mount } from "./page.js";

export const host = hosted((root, /** @type {{assets: string}} */ { assets }) => {
  const page = mount(root, {
    assets: new URL(assets, location.origin).href,
    // Streamlit's pages lie beside each other, and the instrument is the one without a name.
    instrument: new URL("./", document.baseURI).href,
  });
  return { update() {}, destroy: page.destroy };
});
