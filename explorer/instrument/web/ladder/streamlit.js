// The host inside Streamlit: joins the page of the ladder to a component of the second kind.

import { turnsBy } from "../classroom/elsewhere.js";
import { hosted } from "../host/component.js";
import { mount } from "./ladder.js";
import { linkedTable } from "./link.js";

/** Where one was when one left for another page, which clears the address; until the tab is closed or loaded anew. */
let remembered = "";

/** @typedef {{tables: import("./ladder.js").Listed[], assets: string}} Data */

export const host = hosted((root, /** @type {Data} */ data) => {
  const stand = (/** @type {Data["tables"]} */ tables) =>
    mount(root, {
      tables,
      assets: new URL(data.assets, location.origin).href,
      link: {
        read: () => (linkedTable(location.search) === null ? remembered : location.search),
        write(query) {
          remembered = query;
          history.replaceState(history.state, "", `?${query}`);
        },
      },
    });
  let page = stand(data.tables);
  turnsBy((query) => page.goTo(query));
  return {
    update({ tables }, before) {
      if (JSON.stringify(tables) === JSON.stringify(before.tables)) return;
      page.destroy();
      page = stand(tables);
    },
    destroy() {
      turnsBy(null);
      page.destroy();
    },
  };
});
