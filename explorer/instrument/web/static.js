import { mount } from "./instrument.js";
import { present } from "./present.js";

/** The instrument on a plain page, without Streamlit: the browser tests open it. */
const root = present(document.getElementById("instrument"));
const assets = new URL("./", import.meta.url).href;

try {
  const answer = await fetch(new URL("../catalogue.json", assets));
  mount(root, {
    catalogue: await answer.json(),
    assets,
    link: {
      read: () => location.search,
      write: (query) => history.replaceState(history.state, "", `?${query}`),
    },
    onRelease: (state) => root.dispatchEvent(new CustomEvent("release", { detail: state })),
  });
} catch (error) {
  console.error(error);
  root.textContent =
    "The list of models could not be fetched: check that the explorer is running, then reload the page.";
}
