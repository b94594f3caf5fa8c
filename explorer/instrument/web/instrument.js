import { createBench } from "./bench.js";
import { fetchCheckpoint } from "./checkpoint.js";
import { el } from "./dom.js";
import { sentenceFor } from "./errors.js";
import { drawGrid, enlarge, save } from "./export-png.js";
import { createHeader } from "./header.js";
import { createHelp, listen } from "./keyboard.js";
import { linkedModel, readLink, writeLink } from "./link.js";
import { createMessages } from "./messages.js";
import { createPicker } from "./picker.js";
import { openDecoder, startEngine } from "./session.js";
import { createShare } from "./share.js";

/**
 * Builds the instrument inside `root`.
 *
 * @param {HTMLElement} root
 * @param {{catalogue: import("./checkpoint.js").Entry[], assets: string,
 *   link: {read(): string, write(query: string): void},
 *   onRelease(state: {model: string, z: number[], query: string}): void}} options `assets` is the absolute URL of this
 *   folder, with trailing slash
 * @returns {{destroy(): void}}
 */
export function mount(root, { catalogue, assets, link, onRelease }) {
  const engine = startEngine(assets);
  engine.catch(() => {});
  const messages = createMessages();
  const picker = createPicker({ catalogue, onPick: pick });
  const share = createShare({ tell: messages.tell });
  const help = createHelp();
  const header = createHeader({
    picker: picker.element,
    tools: {
      share() {
        if (!bench) return;
        // A latent that plays is further on than the link, which is written when it stops.
        link.write(writeLink({ ...bench.store.get(), model }));
        share.share(location.href);
      },
      picture: () => bench && save(enlarge(bench.picture.canvas), `${model}.png`),
      grid: () =>
        bench &&
        save(drawGrid(bench.traversals.pictures(), card, bench.store.get().z), `${model}-traversals.png`),
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
    help.element,
  );
  const style = el("link", { rel: "stylesheet", href: new URL("instrument.css", assets).href });
  const styled = new Promise((resolve) => {
    style.addEventListener("load", resolve);
    style.addEventListener("error", resolve);
  }).then(() => instrument.style.removeProperty("visibility"));
  root.append(style, instrument);

  /** @type {ReturnType<typeof createBench> | null} */
  let bench = null;
  /** @type {import("./checkpoint.js").Card | null} */
  let card = null;
  let model = "";
  let loading = new AbortController();

  /** @param {string} id */
  async function pick(id) {
    messages.hide();
    await open(id, "");
    if (bench) told(bench.store.get());
  }

  function block(sentence) {
    place.replaceChildren(el("p", { class: "blocked", role: "alert", text: sentence }));
  }

  function close() {
    loading.abort();
    bench?.destroy();
    bench = null;
    header.show(null);
    delete root.dataset.ready;
  }

  /** @param {string} id @param {string} query what the link says, or nothing to begin at the start */
  async function open(id, query) {
    const entry = catalogue.find((candidate) => candidate.id === id);
    close();
    const mine = (loading = new AbortController());
    model = id;
    picker.show(entry);
    if (entry.error !== undefined) return block(entry.error);
    place.replaceChildren(el("p", { class: "loading", role: "status", text: `Opening ${entry.title} …` }));
    try {
      const [checkpoint, ort] = await Promise.all([fetchCheckpoint(entry, mine.signal), engine, styled]);
      const { latents } = checkpoint.card.controls;
      const expected = { name: id, latents, shape: checkpoint.card.image.shape };
      const decoder = await openDecoder(ort, checkpoint.decoder, expected);
      if (mine.signal.aborted) return decoder.release();
      build(entry, checkpoint, decoder, query);
    } catch (error) {
      if (mine.signal.aborted) return;
      console.error(error);
      block(
        sentenceFor(error, `${entry.title} could not be opened: reload the page, or choose another model.`),
      );
    }
  }

  function build(entry, checkpoint, decoder, query) {
    card = checkpoint.card;
    const { latents } = card.controls;
    const limits = { latents, examples: card.examples?.count ?? 0, title: card.title };
    const linked = readLink(query, limits);
    if (linked.problem) messages.warn(linked.problem);
    const initial = {
      z: new Array(latents).fill(0),
      example: null,
      locked: [],
      temperature: 1,
      unfolded: !card.latents.some((latent) => latent.active),
      playing: null,
      ...linked.state,
    };
    header.show(card);
    bench = createBench({
      entry,
      card,
      bytes: checkpoint.decoder,
      decoder,
      assets,
      initial,
      messages,
      onFirst() {
        root.dataset.ready = "true";
        performance.mark("instrument:first-image");
      },
      onCommit: told,
    });
    place.replaceChildren(bench.element);
    link.write(writeLink({ ...initial, model }));
  }

  /** @param {import("./store.js").State} state */
  function told(state) {
    const query = writeLink({ ...state, model });
    link.write(query);
    onRelease({ model, z: state.z, query });
  }

  const stopListening = listen(
    root,
    () =>
      bench && {
        commands: bench.commands,
        current: bench.current,
        step: bench.step,
        openPicker: picker.toggle,
        openHelp: help.open,
      },
  );

  const query = link.read().replace(/^\?/, "");
  const wanted = linkedModel(query);
  const usable = catalogue.find((entry) => entry.error === undefined) ?? catalogue[0];
  if (!usable) {
    block(
      "There is no checkpoint to show yet: train one with `python -m training train digits`, or name a folder that has " +
        "some in EXPLORER_MODELS. The folder assets/models and the output folder of training are searched by themselves.",
    );
  } else if (wanted !== null && !catalogue.some((entry) => entry.id === wanted)) {
    messages.warn(
      `This link asks for the model “${wanted.slice(0, 60)}”, which is not here, so another one opened: choose one above.`,
    );
    open(usable.id, "");
  } else {
    open(wanted ?? usable.id, query);
  }

  return {
    destroy() {
      stopListening();
      picker.destroy();
      close();
      style.remove();
      instrument.remove();
    },
  };
}
