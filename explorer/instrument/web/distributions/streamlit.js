// The host inside Streamlit: joins the page of small distributions to a component of the second kind.

import { hosted } from "../host/component.js";
import { mount } from "./page.js";

export const host = hosted((root, /** @type {{assets: string}} */ { assets }) => {
  const page = mount(root, { assets: new URL(assets, location.origin).href });
  return { update() {}, destroy: page.destroy };
});
