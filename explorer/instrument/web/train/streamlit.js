// The host inside Streamlit: joins the page of training to a component of the second kind.

import { isClinic } from "../clinic/clinic.js";
import { hosted } from "../host/component.js";
import { named } from "../link.js";
import { mount } from "./page.js";

/** The run that one was at when one left for another page, which clears the address. */
let left = "";

export const host = hosted((root, /** @type {{assets: string}} */ { assets }) => {
  const page = mount(root, {
    assets: new URL(assets, location.origin).href,
    // Streamlit's pages lie beside each other, and the instrument is the one without a name.
    instrument: new URL("./", document.baseURI).href,
    link: {
      read: () => (named(location.search, "job") === null && !isClinic(location.search) ? left : location.search),
      write(query) {
        left = query;
        history.replaceState(history.state, "", query ? `?${query}` : location.pathname);
      },
    },
  });
  return { update() {}, destroy: page.destroy };
});
