import { createClassroom } from "./classroom/classroom.js";
import { noClassroom } from "./classroom/none.js";
import { createCompare } from "./compare/compare.js";
import { hasExample, MOST, sharesExamples } from "./compare/follow.js";
import { isTogether, linkedComparison, readCompared, writeComparison } from "./compare/link.js";
import { createParts } from "./distributions/page.js";
import { focusIn, isolated } from "./dom.js";
import { forgetEarly, openLinked } from "./early.js";
import { NO_NOISE } from "./engine/corruption.js";
import { startEngine } from "./engine/session.js";
import { createTrial } from "./engine/trial.js";
import { sentenceFor } from "./errors.js";
import { createExports } from "./export/exports.js";
import { createExportMenu } from "./export/menu.js";
import { createTextDialog } from "./export/text-dialog.js";
import { showFirst } from "./first-image.js";
import { createFrame } from "./frame.js";
import { createHeader } from "./header.js";
import { pointAt } from "./hints.js";
import { createHelp, listen } from "./keyboard.js";
import { createLessons, isLesson } from "./lesson/lessons.js";
import { linkedModel, named, readLink, writeLink } from "./link.js";
import { linkTerms } from "./linked.js";
import { withLinkedWord } from "./linked-word.js";
import { openModel } from "./model/model.js";
import { createWorker } from "./model/worker.js";
import { openingOf } from "./opening.js";
import { createOwn, noOwn } from "./own/own.js";
import { createPicker } from "./picker.js";
import { present } from "./present.js";
import { fetchFile } from "./shelf/held.js";
import { createSkips } from "./skip.js";
import { createStage } from "./stage.js";
import { createTour } from "./tour.js";
import { trace } from "./trace.js";

/** In place of the models that are open; the id of none has a space. */
const SMALL = "no model";

/**
 * @param {import("./store.js").State} now
 * @param {import("./store.js").State} next
 * @returns {Partial<import("./store.js").State>} what is not the same, and nothing else: what is drawn follows what is new
 */
function changed(now, next) {
  const fields = Object.entries(next).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(/** @type {any} */ (now)[name]),
  );
  return Object.fromEntries(fields);
}

/**
 * Builds the instrument inside `root`.
 *
 * @param {HTMLElement} root
 * @param {{catalogue: import("./checkpoint/checkpoint.js").Entry[], assets: string,
 *   link: {read(): string, write(query: string): void}, hasServer?: boolean, clinic?: string | null,
 *   onRelease(state: {model: string, z: number[], query: string}): void,
 *   onStage?(stage: import("./stage.js").Stage): void}} options `assets` is the absolute URL of this
 *   folder, with trailing slash; `hasServer`: something takes checkpoints that are dropped; `clinic`: the
 *   address of the collapse clinic
 * @returns {{setCatalogue(catalogue: import("./checkpoint/checkpoint.js").Entry[]): void, destroy(): void}}
 */
export function mount(root, { catalogue, assets, link: address, hasServer = true, clinic = null, onRelease, onStage }) {
  const engine = startEngine(assets);
  const trial = createTrial(assets);
  engine.catch(() => {});
  const worker = createWorker(assets);
  const frame = createFrame(root, { assets });
  const { messages } = frame;
  linkTerms(frame.element);
  const classroom = hasServer ? createClassroom({ assets, link: address, frame }) : noClassroom(address);
  const { audience } = classroom;
  const lessons = createLessons({ assets, clinic, link: classroom.link, frame, audience, restart: () => start() });
  const { link } = lessons;
  const own = hasServer ? createOwn({ assets, messages, onChoose: () => picker.toggle(), onEntry: openOwn }) : noOwn();
  const picker = createPicker({ catalogue, onPick: pick, onCompare: compare, onOpen: relist, footer: own.footer });
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
      undo: () => atHand()?.commands.undo(),
      redo: () => atHand()?.commands.redo(),
      tour: () => tour.open(),
      share() {
        if (!stage && !compared) return;
        // A latent that plays is further on than the link, which is written when it stops.
        link.write(linkNow());
        frame.share(location.href);
      },
      help: help.open,
    },
    present: classroom.open,
  });
  frame.element.prepend(createSkips(frame.element), header.element, ...(classroom.bar ? [classroom.bar] : []));
  const tour = createTour(frame.element);
  frame.element.append(own.element, help.element, tour.element, text.element);

  /** @type {ReturnType<typeof createStage> | null} */
  let stage = null;
  /** @type {ReturnType<typeof createCompare> | null} */
  let compared = null;
  /** What is open needs no model. */
  let isSmall = false;
  let model = "";
  let loading = new AbortController();
  let gone = false;
  let listed = catalogue;

  /** What keys and tools are about: what is open, and of several models the one that has the focus. */
  const atHand = () => stage ?? compared?.stageAt(focusIn(root)) ?? null;

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
    const open = (compared?.models.map(({ entry }) => entry.id) ?? [model]).flatMap((id) => entryOf(id) ?? []);
    if (open.length) picker.show(...open);
  }

  /** A training that has ended since the page was loaded has its checkpoint on the list. */
  async function relist() {
    try {
      const answer = await fetchFile(new URL("../catalogue.json", assets));
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
    if (!stage && !compared && (!before || JSON.stringify(entryOf(model)) !== JSON.stringify(before))) start();
  }

  function close() {
    loading.abort();
    stage?.destroy();
    compared?.destroy();
    stage = compared = null;
    isSmall = false;
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
    if (entry.error !== undefined) return frame.block(entry.error);
    frame.wait(`Opening ${entry.title} …`);
    try {
      const { signal } = mine;
      const [[opened, opening]] = await Promise.all([
        openLinked(entry, query, { engine, signal, trial }),
        frame.styled,
      ]);
      if (signal.aborted) return opened.release();
      const plan = await planOf(opened, query, opening);
      if (signal.aborted) return opened.release();
      const first = await showFirst(opened, plan.initial.codes, frame.show);
      if (signal.aborted) return opened.release();
      build(opened, plan, first);
    } catch (error) {
      if (mine.signal.aborted) return;
      console.error(error);
      frame.block(sentenceFor(error, `${entry.title} could not be opened: reload the page, or choose another model.`));
    }
  }

  /** @param {import("./model/model.js").Model} opened @returns {import("./link.js").Limits} */
  const limitsOf = ({ card, controls }) => ({
    controls,
    examples: card.examples?.count ?? 0,
    title: card.title,
    factors: (card.data?.factors ?? []).map(({ name }) => name),
  });

  /** @param {import("./model/model.js").Model} opened @param {Partial<import("./store.js").State>} linked @returns {import("./store.js").State} */
  const startOf = ({ card, start }, linked) => ({
    example: null,
    own: null,
    locked: [],
    temperature: 1,
    writing: "greedy",
    seed: 1,
    unfolded: card.latents.length > 0 && !card.latents.some((latent) => latent.active),
    playing: null,
    axes: "",
    colour: "label",
    pins: { a: null, b: null, c: null },
    slerp: false,
    directions: [],
    noise: NO_NOISE,
    ...linked,
    codes: { ...start, ...linked.codes },
  });

  function isReady() {
    root.dataset.ready = "true";
  }

  /**
   * @param {import("./model/model.js").Model} opened
   * @param {string} query
   * @param {string} opening where to be, if the query does not say it
   */
  async function planOf(opened, query, opening) {
    const limits = limitsOf(opened);
    const given = readLink(query, limits);
    const isPlaced = given.problem !== null || given.state.codes !== undefined;
    const { state, problem } = isPlaced || !opening ? given : readLink(`${query}&${opening}`, limits);
    return {
      initial: startOf(opened, await withLinkedWord(opened, state)),
      problem,
      fromExample: state.codes === undefined && !problem,
      view: named(query, "view") ?? "",
    };
  }

  /**
   * @param {import("./model/model.js").Model} opened
   * @param {Awaited<ReturnType<typeof planOf>>} plan
   * @param {import("./stage.js").Decoded | null} first
   */
  function build(opened, { initial, problem, fromExample, view }, first) {
    if (problem) messages.warn(problem);
    header.show(opened.card);
    stage = createStage({
      model: opened,
      worker,
      assets,
      initial,
      fromExample,
      messages,
      first,
      onFirst() {
        if (!first) trace("instrument:first-image");
        isReady();
      },
      onCommit: release,
      onPanel: classroom.moved,
    });
    stage.store.onChange(classroom.moved);
    frame.show(stage.element);
    onStage?.(stage);
    stage.openPanel(view);
    lessons.stands(stage.element);
    header.setHistory(stage.store);
    // A lesson says itself what to touch.
    if (!isLesson(address.read()) && !classroom.isFollower()) pointAt(stage.element);
    link.write(writeLink({ ...initial, model }, opened.controls));
    classroom.stands();
  }

  /** Of a control that was let go of, the link and the host hear. @param {import("./store.js").State} state */
  function release(state) {
    const { controls, z } = present(stage).model;
    const query = writeLink({ ...state, model }, controls);
    link.write(query);
    header.setHistory(present(stage).store);
    tellHost({ model, z: z(state), query });
  }

  /** A class that goes where its teacher goes has let go of nothing: its host would hear of it once a screen. @param {Parameters<typeof onRelease>[0]} released */
  function tellHost(released) {
    if (!classroom.isFollower()) onRelease(released);
  }

  /** @returns {string} the link of what is on screen */
  function linkNow() {
    if (compared) return writeComparison(compared.models, compared.states(), compared.together());
    const { store, model: opened } = present(stage);
    return writeLink({ ...store.get(), model }, opened.controls);
  }

  /** Puts a model beside those that are open. @param {string} id */
  function compare(id) {
    const open = compared ? compared.models.map(({ entry }) => entry.id) : stage ? [model] : [];
    if (open.length >= MOST)
      return messages.tell(`${MOST} models fit side by side: take one out before you add another.`);
    if (!open.length || open.includes(id)) return pick(id);
    messages.hide();
    const own = compared ? compared.states()[0].own : present(stage).store.get().own;
    return openComparison([...open, id], linkNow(), own);
  }

  /** @param {number} at the model to take out */
  function leave(at) {
    const { models, states, together } = present(compared);
    const others = models.filter((_, index) => index !== at);
    const left = states().filter((_, index) => index !== at);
    const query = writeComparison(others, left, together());
    if (others.length > 1)
      openComparison(
        others.map(({ entry }) => entry.id),
        query,
        left[0].own,
      );
    else open(others[0].entry.id, writeLink({ ...left[0], model: others[0].entry.id }, others[0].controls));
  }

  /**
   * @param {string[]} ids
   * @param {string} query what the link says of them
   * @param {import("./store.js").Source | null} [source] the person's own image, which is in no link
   */
  async function openComparison(ids, query, source = null) {
    const entries = ids.map((id) => present(entryOf(id)));
    close();
    const mine = (loading = new AbortController());
    model = ids[0];
    picker.show(...entries);
    const broken = entries.find(({ error }) => error !== undefined);
    if (broken?.error) return frame.block(broken.error);
    forgetEarly();
    frame.wait(`Opening ${ids.length} models …`);
    const { signal } = mine;
    const [opening, place] = await Promise.all([
      Promise.allSettled(entries.map((entry) => openModel(entry, { engine, signal, trial }))),
      source ? "" : openingOf(entries[0], query, signal),
      frame.styled,
    ]);
    const models = opening.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const failed = opening.findIndex(({ status }) => status === "rejected");
    if (signal.aborted || failed >= 0) {
      for (const one of models) one.release();
      if (signal.aborted) return;
      const { reason } = /** @type {PromiseRejectedResult} */ (opening[failed]);
      console.error(reason);
      return frame.block(sentenceFor(reason, `${entries[failed].title} could not be opened: reload the page.`));
    }
    const { linked, initials: stated, problem } = linkedStates(place ? `${query}&${place}` : query, models, source);
    if (problem) messages.warn(problem);
    const read = await Promise.all(models.map((one, at) => withLinkedWord(one, linked[at].state)));
    if (signal.aborted) {
      for (const one of models) one.release();
      return;
    }
    const initials = stated.map((one, at) => {
      const { own, codes } = read[at];
      return own && !one.own ? { ...one, own, codes: { ...one.codes, ...codes } } : one;
    });
    header.showComparison();
    compared = createCompare({
      models,
      initials,
      worker,
      assets,
      messages,
      together: isTogether(query),
      fromExample: linked[0].state.codes === undefined && !problem,
      fresh: linked.map(({ isPlaced }) => !isPlaced),
      onFirst() {
        trace("instrument:first-image");
        isReady();
      },
      onCommit([first]) {
        const query = linkNow();
        link.write(query);
        header.setHistory(atHand()?.store ?? null);
        tellHost({ model, z: models[0].z(first), query });
      },
      onRemove: leave,
    });
    for (const store of compared.stores) store.onChange(classroom.moved);
    frame.show(compared.element);
    lessons.stands(compared.element);
    header.setHistory(compared.stageAt(null).store);
    link.write(linkNow());
    classroom.stands();
  }

  /** A lesson about distributions so small that they need no model. */
  async function openSmall() {
    close();
    isSmall = true;
    const parts = createParts();
    await frame.styled;
    frame.show(parts);
    lessons.stands(parts);
    isReady();
    classroom.stands();
  }

  /**
   * Where a link has each model of a comparison.
   *
   * @param {string} query
   * @param {import("./model/model.js").Model[]} models
   * @param {import("./store.js").Source | null} source of the first
   */
  function linkedStates(query, models, source) {
    const linked = models.map((one, at) => readCompared(query, models, at, limitsOf(one)));
    const initials = models.map((one, at) => startOf(one, linked[at].state));
    if (source) initials[0] = { ...initials[0], own: source, example: null };
    const { example } = initials[0];
    initials.forEach((initial, at) => {
      const isKnown =
        example !== null && sharesExamples(models[0].card, models[at].card) && hasExample(models[at], example);
      if (at) Object.assign(initial, { example: isKnown ? example : null, noise: initials[0].noise });
    });
    return { linked, initials, problem: linked.find((one) => one.problem)?.problem };
  }

  /** @returns {string | null} the models that are open */
  function opened() {
    if (compared) return String(compared.models.map(({ entry }) => entry.id));
    if (stage) return model;
    return isSmall ? SMALL : null;
  }

  /** The models that a class went to last. */
  let asked = "";

  /** Goes where another screen is; what both have open stays open. @param {string} query @param {boolean} isFirst */
  async function goTo(query, isFirst) {
    await lessons.follow(query);
    const { ids } = linkedComparison(query);
    const wanted = lessons.isSmall() ? SMALL : String(ids.length ? ids : linkedModel(query));
    if (isFirst) asked = "";
    if (wanted === opened()) {
      asked = wanted;
      goOn(query);
    } else if (wanted !== asked) {
      // Once: what could not be opened is not asked for again at every move.
      asked = wanted;
      address.write(query);
      start();
    }
  }

  /** @param {string} query of what is open here too */
  function goOn(query) {
    if (compared) {
      const { models, states } = compared;
      const { initials } = linkedStates(query, models, null);
      compared.goTo(
        states().map((state, at) => changed(state, initials[at])),
        isTogether(query),
      );
    } else if (stage) {
      const { store, player, shownPanel, openPanel } = stage;
      if (store.get().playing !== null) player.stop();
      const change = changed(store.get(), startOf(stage.model, readLink(query, limitsOf(stage.model)).state));
      if (Object.keys(change).length) store.set(change);
      const view = named(query, "view");
      if (view && view !== shownPanel()) openPanel(view);
    }
  }

  classroom.attach({
    place: () => (opened() === null ? "" : lessons.compose(isSmall ? "" : linkNow())),
    view: () => stage?.shownPanel() ?? "",
    goTo,
    rest() {
      if (stage) stage.store.commit();
      else compared?.stores[0].commit();
    },
    predicting: lessons.predicting,
    count: lessons.count,
    refresh: lessons.refresh,
    step: lessons.step,
  });

  const stopListening = listen(root, () => {
    const at = atHand();
    return at
      ? {
          model: at.model,
          commands: at.commands,
          current: at.current.get,
          step: at.current.step,
          openPicker: picker.toggle,
          openHelp: help.open,
        }
      : null;
  });

  /** Opens what the link names, or where it names nothing that is here, the first model that can be opened. */
  async function start() {
    const query = (await lessons.opening()).replace(/^\?/, "");
    if (gone) return;
    if (lessons.isSmall()) return openSmall();
    const wanted = linkedModel(query);
    const comparison = linkedComparison(query);
    const unknown = [wanted, ...comparison.ids].filter((id) => id !== null && !entryOf(id));
    if (unknown.length) {
      const before = loading;
      for (const id of new Set(unknown)) await own.find(/** @type {string} */ (id));
      list();
      if (loading !== before || gone) return;
    }
    const here = comparison.ids.filter((id) => entryOf(id)?.error === undefined && entryOf(id));
    if (comparison.problem) messages.warn(comparison.problem);
    else if (here.length < comparison.ids.length)
      messages.warn("Some of the models that this link compares are not here; the others were opened.");
    if (here.length > 1) return openComparison(here, query);
    const usable = catalogue.find((entry) => entry.error === undefined) ?? catalogue[0];
    const successor =
      wanted !== null && !entryOf(wanted) && catalogue.find((entry) => entry.formerly?.includes(wanted));
    if (!usable) {
      close();
      frame.block(
        "There is no checkpoint yet: run `python -m training train digits` and reload this page, or set " +
          "`EXPLORER_MODELS` to a folder of checkpoints and restart the explorer.",
      );
    } else if (wanted !== null && successor) {
      messages.warn(
        `This link asks for the model “${isolated(wanted.slice(0, 60))}”, which ${isolated(successor.title ?? successor.id)} has replaced, ` +
          "so that was opened instead.",
      );
      open(successor.id, "");
    } else if (wanted !== null && !entryOf(wanted)) {
      messages.warn(
        `This link asks for the model “${isolated(wanted.slice(0, 60))}”, which is not here, so ${isolated(usable.title ?? usable.id)} was ` +
          "opened instead: choose another above.",
      );
      open(usable.id, "");
    } else {
      open(wanted ?? usable.id, query);
    }
  }

  classroom.opening().then(() => {
    if (!gone) start();
  });
  own.recall().then(() => gone || list());

  return {
    setCatalogue,
    destroy() {
      gone = true;
      stopListening();
      picker.close();
      lessons.destroy();
      classroom.destroy();
      own.destroy();
      exporting.close();
      close();
      worker.destroy();
      frame.destroy();
    },
  };
}
