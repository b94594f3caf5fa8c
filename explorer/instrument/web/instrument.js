import { el, isolated, withCode } from "./dom.js";
import { startEngine } from "./engine/session.js";
import { sentenceFor } from "./errors.js";
import { createExports } from "./export/exports.js";
import { createExportMenu } from "./export/menu.js";
import { createTextDialog } from "./export/text-dialog.js";
import { createHeader } from "./header.js";
import { createHelp, listen } from "./keyboard.js";
import { linkedModel, readLink, writeLink } from "./link.js";
import { createMessages } from "./messages.js";
import { openModel } from "./model/model.js";
import { createWorker } from "./model/worker.js";
import { createOwn } from "./own/own.js";
import { createPicker } from "./picker.js";
import { present } from "./present.js";
import { createShare } from "./share.js";
import { createStage } from "./stage.js";
import { stylesheet } from "./stylesheet.js";
import { trace } from "./trace.js";

/**
 * Builds the instrument inside `root`.
 *
 * @param {HTMLElement} root
 * @param {{catalogue: import("./checkpoint/checkpoint.js").Entry[], assets: string,
 *   link: {read(): string, write(query: string): void}, directions?: import("./stage.js").Fact[],
 *   onDirections?: () => void, onRelease(state: {model: string, z: number[], query: string}): void}} options `assets` is the absolute URL of this
 *   folder, with trailing slash
 * @returns {{setCatalogue(catalogue: import("./checkpoint/checkpoint.js").Entry[]): void, destroy(): void}}
 */
export function mount(root, { catalogue, assets, link, directions = [], onDirections, onRelease }) {
  const engine = startEngine(assets);
  engine.catch(() => {});
  const worker = createWorker(assets);
  const messages = createMessages();
  const own = createOwn({ assets, messages, onChoose: () => picker.toggle(), onEntry: openOwn });
  const picker = createPicker({ catalogue, onPick: pick, onOpen: relist, footer: own.footer });
  const share = createShare({ tell: messages.tell });
  const help = createHelp();
  const text = createTextDialog();
  const exports = createExports({
    stage: () => stage,
    messages,
    showText: text.open,
    onProgress: (done) => exporting.progress(done),
  });
  const exporting = createExportMenu({ lines: exports.lines, tell: messages.tell });
  const header = createHeader({
    picker: picker.element,
    exporting,
    tools: {
      share() {
        if (!stage) return;
        // A latent that plays is further on than the link, which is written when it stops.
        link.write(writeLink({ ...stage.store.get(), model }, stage.model.controls));
        share.share(location.href);
      },
      help: help.open,
    },
  });
  const place = el("div", { class: "place" });
  const instrument = el(
    "div",
    { class: "instrument", style: "visibility: hidden" },
    header.element,
    share.element,
    messages.element,
    place,
    own.element,
    help.element,
    text.element,
  );
  const styles = stylesheet(new URL("styles.css", assets).href);
  const styled = styles.settled.then(() => instrument.style.removeProperty("visibility"));
  root.append(styles.link, instrument);

  /** @type {ReturnType<typeof createStage> | null} */
  let stage = null;
  let model = "";
  let loading = new AbortController();
  let gone = false;
  let listed = catalogue;

  /** @param {string} id */
  const entryOf = (id) => catalogue.find((entry) => entry.id === id);

  /** @param {string} id */
  async function pick(id) {
    messages.hide();
    await open(id, "");
    if (stage) release(stage.store.get());
  }

  /** @param {import("./checkpoint/checkpoint.js").Entry} entry */
  async function openOwn(entry) {
    list();
    await pick(entry.id);
    if (!stage || model !== entry.id) return;
    messages.tell(
      `Opened ${isolated(present(entry.title))}. Only you and people with the link can see it, until the server stops.`,
    );
  }

  /** The catalogue, and what this person dropped. */
  function list() {
    const next = [...listed, ...own.entries()];
    if (JSON.stringify(next) === JSON.stringify(catalogue)) return;
    catalogue = next;
    picker.list(next);
    const entry = entryOf(model);
    if (entry) picker.show(entry);
  }

  /** A training that has ended since the page was loaded has its checkpoint on the list. */
  async function relist() {
    try {
      const answer = await fetch(new URL("../catalogue.json", assets));
      if (answer.ok) setCatalogue(await answer.json());
    } catch {
      // The list stays as it is; whatever is picked says that the explorer is gone.
    }
  }

  /** What is open stays open, whatever the new list says of it: a person may have it in hand. @param {import("./checkpoint/checkpoint.js").Entry[]} next */
  function setCatalogue(next) {
    const before = entryOf(model);
    listed = next;
    list();
    if (!stage && (!before || JSON.stringify(entryOf(model)) !== JSON.stringify(before))) start();
  }

  /** @param {string} sentence */
  function block(sentence) {
    place.replaceChildren(el("p", { class: "blocked", role: "alert" }, ...withCode(sentence)));
  }

  function close() {
    loading.abort();
    stage?.destroy();
    stage = null;
    header.show(null);
    delete root.dataset.ready;
  }

  /** @param {string} id @param {string} query what the link says, or nothing to begin at the start */
  async function open(id, query) {
    const entry = present(entryOf(id));
    close();
    const mine = (loading = new AbortController());
    model = id;
    picker.show(entry);
    if (entry.error !== undefined) return block(entry.error);
    place.replaceChildren(el("p", { class: "loading", role: "status", text: `Opening ${entry.title} …` }));
    try {
      const [opened] = await Promise.all([openModel(entry, { engine, signal: mine.signal }), styled]);
      if (mine.signal.aborted) return opened.release();
      build(opened, query);
    } catch (error) {
      if (mine.signal.aborted) return;
      console.error(error);
      block(sentenceFor(error, `${entry.title} could not be opened: reload the page, or choose another model.`));
    }
  }

  /** @param {import("./model/model.js").Model} opened @param {string} query */
  function build(opened, query) {
    const { card, controls } = opened;
    const limits = {
      controls,
      examples: card.examples?.count ?? 0,
      title: card.title,
      factors: (card.data?.factors ?? []).map(({ name }) => name),
    };
    const linked = readLink(query, limits);
    if (linked.problem) messages.warn(linked.problem);
    const initial = {
      example: null,
      own: null,
      locked: [],
      temperature: 1,
      unfolded: card.latents.length > 0 && !card.latents.some((latent) => latent.active),
      playing: null,
      axes: "",
      colour: "label",
      pins: { a: null, b: null, c: null },
      slerp: false,
      directions: [],
      ...linked.state,
      codes: { ...opened.start, ...linked.state.codes },
    };
    header.show(card);
    stage = createStage({
      model: opened,
      worker,
      assets,
      initial,
      directions: directions.filter((fact) => fact.model === model),
      onDirections,
      fromExample: linked.state.codes === undefined && !linked.problem,
      messages,
      onFirst() {
        root.dataset.ready = "true";
        trace("instrument:first-image");
      },
      onCommit: release,
    });
    place.replaceChildren(stage.element);
    link.write(writeLink({ ...initial, model }, controls));
  }

  /** Of a control that was let go of, the link and the host hear. @param {import("./store.js").State} state */
  function release(state) {
    const { controls, z } = present(stage).model;
    const query = writeLink({ ...state, model }, controls);
    link.write(query);
    onRelease({ model, z: z(state), query });
  }

  const stopListening = listen(
    root,
    () =>
      stage && {
        model: stage.model,
        commands: stage.commands,
        current: stage.current.get,
        step: stage.current.step,
        openPicker: picker.toggle,
        openHelp: help.open,
      },
  );

  /** Opens what the link names, or where it names nothing that is here, the first model that can be opened. */
  async function start() {
    const query = link.read().replace(/^\?/, "");
    const wanted = linkedModel(query);
    if (wanted !== null && !entryOf(wanted)) {
      const before = loading;
      await own.find(wanted);
      list();
      if (loading !== before || gone) return;
    }
    const usable = catalogue.find((entry) => entry.error === undefined) ?? catalogue[0];
    if (!usable) {
      close();
      block(
        "There is no checkpoint yet: run `python -m training train digits` and reload this page, or set " +
          "`EXPLORER_MODELS` to a folder of checkpoints and restart the explorer.",
      );
    } else if (wanted !== null && !catalogue.some((entry) => entry.id === wanted)) {
      messages.warn(
        `This link asks for the model “${isolated(wanted.slice(0, 60))}”, which is not here, so ${isolated(usable.title ?? usable.id)} was ` +
          "opened instead: choose another above.",
      );
      open(usable.id, "");
    } else {
      open(wanted ?? usable.id, query);
    }
  }

  start();
  own.recall().then(() => gone || list());

  return {
    setCatalogue,
    destroy() {
      gone = true;
      stopListening();
      picker.close();
      own.destroy();
      exporting.close();
      close();
      worker.destroy();
      styles.link.remove();
      instrument.remove();
    },
  };
}
