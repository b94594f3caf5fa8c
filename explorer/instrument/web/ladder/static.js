import { present } from "../present.js";
import { mount } from "./ladder.js";
import { linkedTable } from "./link.js";

/** The ladder on a plain page, without Streamlit: the browser tests open it, with the table in the address. */
const name = linkedTable(location.search);

mount(present(document.getElementById("ladder")), {
  tables: name === null ? [] : [{ name }],
  assets: new URL("../", import.meta.url).href,
  link: {
    read: () => location.search,
    write: (query) => history.replaceState(history.state, "", `?${query}`),
  },
});
