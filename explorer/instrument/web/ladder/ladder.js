import { hasImages, readCard } from "../checkpoint/checkpoint.js";
import { el, isolated, withCode } from "../dom.js";
import { startEngine } from "../engine/session.js";
import { InstrumentError, sentenceFor } from "../errors.js";
import { icon } from "../icons.js";
import { createMessages } from "../messages.js";
import { createShare } from "../share.js";
import { get } from "../shelf/http.js";
import { stylesheet } from "../stylesheet.js";
import { linkedTable, readLink, writeLink } from "./link.js";
import { createPage } from "./page.js";
import { begin, go } from "./state.js";
import { fetchTable } from "./table.js";

/**
 * @typedef {{name: string, title?: string, error?: string}} Listed a table: its title, or why it cannot be read
 */

/**
 * Builds the page of the ladder inside `root`.
 *
 * @param {HTMLElement} root
 * @param {{tables: Listed[], assets: string, link: {read(): string, write(query: string): void}}} options `assets` is the
 *   absolute URL of the web folder, with trailing slash
 * @returns {{destroy(): void}}
 */
export function mount(root, { tables, assets, link }) {
  startEngine(assets).catch(() => {});
  const messages = createMessages();
  const share = createShare({ tell: messages.tell });
  const place = el("div", { class: "place" });
  const title = el("p", { class: "hint table-title" });
  const choice = el("select", {
    class: "table-choice",
    "aria-label": "Table",
    hidden: tables.length < 2,
    on: { change: () => open(choice.value, "") },
  });
  choice.append(...tables.map(({ name, title }) => el("option", { value: name, text: title ?? name })));
  const whole = el(
    "div",
    { class: "instrument ladder-page", style: "visibility: hidden" },
    el(
      "header",
      { class: "ladder-head" },
      el("h1", { text: "β as a dial" }),
      title,
      choice,
      el(
        "button",
        { class: "action", type: "button", on: { click: () => share.share(location.href) } },
        icon("share"),
        el("span", { text: "Share" }),
      ),
    ),
    share.element,
    messages.element,
    place,
  );
  const styles = stylesheet(new URL("ladder/styles.css", assets).href);
  const styled = styles.settled.then(() => whole.style.removeProperty("visibility"));
  root.append(styles.link, whole);

  /** @type {ReturnType<typeof createPage> | null} */
  let page = null;
  let loading = new AbortController();

  /** @param {string} sentence */
  function block(sentence) {
    place.replaceChildren(el("p", { class: "blocked", role: "alert" }, ...withCode(sentence)));
  }

  function close() {
    loading.abort();
    page?.destroy();
    page = null;
    delete root.dataset.ready;
  }

  /** @param {string} name @param {string} query what the link says, or nothing to begin at the start */
  async function open(name, query) {
    close();
    const mine = (loading = new AbortController());
    const listed = tables.find((table) => table.name === name);
    if (listed?.error !== undefined) return block(listed.error);
    choice.value = name;
    title.textContent = "";
    place.replaceChildren(el("p", { class: "loading", role: "status", text: "Opening the table …" }));
    try {
      const folder = new URL(`../results/${encodeURIComponent(name)}/`, assets);
      const table = await fetchTable(new URL("table.json", folder), name, mine.signal);
      title.textContent = table.title;
      const start = begin(table);
      if (!start) {
        throw new InstrumentError(
          `No model of “${isolated(table.title)}” has been trained here yet: run \`${table.command}\`.`,
        );
      }
      if (!table.examples) {
        throw new InstrumentError(
          `${name}/table.json names no checkpoint whose images could be shown: run \`${table.command}\` again.`,
        );
      }
      const url = new URL(`../checkpoints/${encodeURIComponent(table.examples)}/`, assets).href;
      const entry = { id: table.examples, url };
      const card = readCard(await (await get(entry, "card.json", mine.signal)).text(), entry.id);
      if (!hasImages(card))
        throw new InstrumentError(`${entry.id} has no example images to show: name another in ${name}/table.json.`);
      const factors = card.data?.factors?.length ?? 0;
      const fits = (/** @type {import("./table.js").Stage} */ { information }) =>
        !information || information.entropies_nats.length === factors;
      if (!table.runs.every(({ stages }) => stages.every(fits))) {
        throw new InstrumentError(
          `${name}/table.json has other factors than its examples in ${entry.id}: run \`${table.command}\` again.`,
        );
      }
      await styled;
      if (mine.signal.aborted) return;
      const count = Math.min(card.examples.count, table.images ?? card.examples.count);
      const linked = readLink(query, table, count);
      if (linked.problem) messages.warn(linked.problem);
      page = createPage({
        table,
        name,
        folder,
        card,
        count,
        entry,
        assets,
        initial: go(table, start, linked.state),
        messages,
        onReady: () => (root.dataset.ready = "true"),
        onState: (state) => link.write(writeLink(state, table, name)),
      });
      place.replaceChildren(page.element);
    } catch (error) {
      if (mine.signal.aborted) return;
      console.error(error);
      block(sentenceFor(error, "This table could not be opened: reload the page."));
    }
  }

  const query = link.read().replace(/^\?/, "");
  const wanted = linkedTable(query);
  const first = tables.find(({ error }) => error === undefined) ?? tables[0];
  if (!first) {
    block("There is no ladder of trained models yet: `python -m training reproduce` makes one; then reload this page.");
  } else if (wanted !== null && !tables.some(({ name }) => name === wanted)) {
    messages.warn(
      `This link asks for the table “${isolated(wanted.slice(0, 60))}”, which is not here, so another was opened instead.`,
    );
    open(first.name, "");
  } else {
    open(wanted ?? first.name, query);
  }

  return {
    destroy() {
      close();
      styles.link.remove();
      whole.remove();
    },
  };
}
