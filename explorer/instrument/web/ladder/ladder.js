import { fetchCard, hasImages } from "../checkpoint/checkpoint.js";
import { el, isolated } from "../dom.js";
import { startEngine } from "../engine/session.js";
import { InstrumentError, sentenceFor } from "../errors.js";
import { icon } from "../icons.js";
import { createFrame } from "../page/frame.js";
import { spelled } from "../page/keyboard.js";
import { createPicker } from "../page/picker.js";
import { present } from "../present.js";
import { fetchFile } from "../shelf/held.js";
import { linkedTable, readLink, writeLink } from "./link.js";
import { createTableStage } from "./stage.js";
import { begin, go, hasTurned } from "./state.js";
import { fetchTable, runOf } from "./table.js";

const UNDO = ["Mod+z"];
const REDO = ["Mod+Shift+z", "Mod+y"];

/**
 * @typedef {{name: string, title?: string, error?: string}} Listed a table: its title, or why it cannot be read
 */

/**
 * Builds the page of the ladder inside `root`.
 *
 * @param {HTMLElement} root
 * @param {{tables: Listed[], assets: string, link: {read(): string, write(query: string): void}}} options `assets` is the
 *   absolute URL of the web folder, with trailing slash
 * @returns {{goTo(query: string): void, destroy(): void}} `goTo` follows another screen's link
 */
export function mount(root, { tables, assets, link }) {
  const engine = startEngine(assets);
  engine.catch(() => {});
  const frame = createFrame(root, { assets, name: "ladder-page" });
  const { messages } = frame;
  const title = el("p", { class: "hint table-title" });
  const choice = el("select", {
    class: "table-choice",
    "aria-label": "Table",
    hidden: tables.length < 2,
    on: { change: () => open(choice.value, "") },
  });
  choice.append(...tables.map(({ name, title }) => el("option", { value: name, text: title ?? name })));
  /** @type {import("../checkpoint/checkpoint.js").Entry[]} */
  let shipped = [];
  /** @type {string | null | undefined} the checkpoint that the picker names */
  let onDial;
  const picker = createPicker({ catalogue: [], onPick: turnTo });
  picker.element.hidden = true;
  frame.element.prepend(
    el(
      "header",
      { class: "page-head" },
      el("h1", { text: "β as a dial" }),
      picker.element,
      title,
      choice,
      el(
        "button",
        { class: "action", type: "button", on: { click: () => frame.share(location.href) } },
        icon("share"),
        el("span", { text: "Share" }),
      ),
    ),
  );

  /** @type {ReturnType<typeof createTableStage> | null} */
  let stage = null;
  /** Follows a link of the open table. @type {((query: string) => void) | null} */
  let turn = null;
  let loading = new AbortController();

  /** @param {string} id of a checkpoint that a run of the table became */
  function turnTo(id) {
    const run = stage?.table.runs.find(({ checkpoint }) => checkpoint === id);
    if (run) stage?.move({ recipe: run.recipe, seed: run.seed });
  }

  /** Names the model on the dial, where it is one that can be opened elsewhere too. */
  function nameModel() {
    if (!stage) return;
    const { recipe, seed } = stage.store.get();
    const id = runOf(stage.table, recipe, seed)?.checkpoint ?? null;
    if (id === onDial) return;
    onDial = id;
    picker.show(...shipped.filter((entry) => entry.id === id));
  }

  /** @param {import("./table.js").Table} table @returns {Promise<import("../checkpoint/checkpoint.js").Entry[]>} its models on the list */
  async function listed(table) {
    try {
      const answer = await fetchFile(new URL("../catalogue.json", assets));
      /** @type {import("../checkpoint/checkpoint.js").Entry[]} */
      const all = await answer.json();
      return all.filter(({ id }) => table.runs.some(({ checkpoint }) => checkpoint === id));
    } catch {
      // The dial turns without it.
      return [];
    }
  }

  function close() {
    loading.abort();
    stage?.destroy();
    stage = turn = null;
    delete root.dataset.ready;
  }

  /** Undo and redo, where the focus is on this page or nowhere. @param {KeyboardEvent} event */
  function walkBack(event) {
    const target = /** @type {Node} */ (event.composedPath()[0]);
    if (!stage || event.altKey || !(root.contains(target) || target === root.ownerDocument.body)) return;
    const key = spelled(event);
    if (!UNDO.includes(key) && !REDO.includes(key)) return;
    event.preventDefault();
    if (UNDO.includes(key)) stage.store.undo();
    else stage.store.redo();
  }
  const view = present(root.ownerDocument.defaultView);
  view.addEventListener("keydown", walkBack, { capture: true });

  /** @param {string} name @param {string} query what the link says, or nothing to begin at the start */
  async function open(name, query) {
    close();
    picker.element.hidden = true;
    const mine = (loading = new AbortController());
    const chosen = tables.find((table) => table.name === name);
    if (chosen?.error !== undefined) return frame.block(chosen.error);
    choice.value = name;
    title.textContent = "";
    frame.wait("Opening the table …");
    try {
      const folder = new URL(`../results/${encodeURIComponent(name)}/`, assets);
      const table = await fetchTable(new URL("table.json", folder), name, mine.signal);
      title.textContent = table.title;
      const start = begin(table);
      if (!start) {
        throw new InstrumentError(`“${isolated(table.title)}” has no trained models yet: choose another table.`);
      }
      if (!table.examples) {
        throw new InstrumentError(
          `${name}/table.json names no checkpoint with images to show: run \`${table.command}\` again.`,
        );
      }
      const url = new URL(`../checkpoints/${encodeURIComponent(table.examples)}/`, assets).href;
      const entry = { id: table.examples, url };
      const card = await fetchCard(entry, mine.signal);
      if (!hasImages(card))
        throw new InstrumentError(`${entry.id} has no example images to show: name another in ${name}/table.json.`);
      const factors = card.data?.factors?.length ?? 0;
      const fits = (/** @type {import("./table.js").Stage} */ { information }) =>
        !information || information.entropies_nats.length === factors;
      if (!table.runs.every(({ stages }) => stages.every(fits))) {
        throw new InstrumentError(
          `${name}/table.json has factors that its examples in ${entry.id} do not have: run \`${table.command}\` again.`,
        );
      }
      await frame.styled;
      if (mine.signal.aborted) return;
      const count = Math.min(card.examples.count, table.images ?? card.examples.count);
      const linked = readLink(query, table, count);
      if (linked.problem) messages.warn(linked.problem);
      let written = "";
      stage = createTableStage({
        table,
        name,
        folder,
        card,
        count,
        entry,
        engine,
        assets,
        initial: go(table, start, linked.state),
        messages,
        chooseImage: linked.state.image === undefined,
        onReady: () => (root.dataset.ready = "true"),
        onCommit(state) {
          const next = writeLink(state, table, name);
          // A turn is committed twice, when it is made and when its z is here: a browser takes its time to write an address.
          if (next !== written) link.write(next);
          written = next;
        },
      });
      const { store } = stage;
      turn = (query) => {
        const next = go(table, start, readLink(query, table, count).state);
        // Without a z, the link means that of the image, which is here where nothing else has turned.
        if (!hasTurned(next, store.get()) && !next.z) return;
        store.set(next);
        store.commit();
      };
      await stage.begun;
      if (mine.signal.aborted) return;
      frame.show(stage.element);
      shipped = await listed(table);
      if (mine.signal.aborted) return;
      picker.element.hidden = shipped.length === 0;
      picker.list(shipped);
      onDial = undefined;
      nameModel();
      stage.store.onChange(nameModel);
    } catch (error) {
      if (mine.signal.aborted) return;
      console.error(error);
      frame.block(sentenceFor(error, "This table could not be opened: reload the page."));
    }
  }

  const query = link.read().replace(/^\?/, "");
  const wanted = linkedTable(query);
  const first = tables.find(({ error }) => error === undefined) ?? tables[0];
  if (!first) {
    frame.block("There is no ladder of trained models yet: run `python -m training reproduce`, then reload this page.");
  } else if (wanted !== null && !tables.some(({ name }) => name === wanted)) {
    messages.warn(
      `This link asks for the table “${isolated(wanted.slice(0, 60))}”, which is not here, so another was opened instead.`,
    );
    open(first.name, "");
  } else {
    open(wanted ?? first.name, query);
  }

  return {
    goTo(query) {
      const table = linkedTable(query);
      if (turn && table === choice.value) turn(query);
      else if (tables.some(({ name }) => name === table)) open(String(table), query);
    },
    destroy() {
      close();
      view.removeEventListener("keydown", walkBack, { capture: true });
      frame.destroy();
    },
  };
}
