import { createClassroom } from "./classroom/classroom.js";
import { createGoTo } from "./classroom/go-to.js";
import { noClassroom } from "./classroom/none.js";
import { MOST } from "./compare/follow.js";
import { createSeveral } from "./compare/several.js";
import { createParts } from "./distributions/page.js";
import { focusIn, isolated } from "./dom.js";
import { startEngine } from "./engine/session.js";
import { createTrial } from "./engine/trial.js";
import { sentenceFor } from "./errors.js";
import { createExports } from "./export/exports.js";
import { createExportMenu } from "./export/menu.js";
import { createTextDialog } from "./export/text-dialog.js";
import { createLessons, isLesson } from "./lesson/lessons.js";
import { lightTerms } from "./lights.js";
import { named } from "./link.js";
import { createWorker } from "./model/worker.js";
import { chosen, linkedModels } from "./page/choice.js";
import { createFrame } from "./page/frame.js";
import { createHeader } from "./page/header.js";
import { pointAt } from "./page/hints.js";
import { createHelp, listen } from "./page/keyboard.js";
import { createPicker } from "./page/picker.js";
import { createSkips } from "./page/skip.js";
import { createTour } from "./page/tour.js";
import { present } from "./present.js";
import { fetchFile } from "./shelf/held.js";
import { createSingle } from "./single.js";
import { createOpener } from "./stage/opener.js";
import { createUploads, noUploads } from "./uploads/uploads.js";
import { smallView } from "./view.js";

const NOTHING =
  "There is no checkpoint yet: run `python -m training train digits` and reload this page, or set " +
  "`EXPLORER_MODELS` to a folder of checkpoints and restart the explorer.";

/**
 * Builds the instrument inside `root`.
 *
 * @param {HTMLElement} root
 * @param {{catalogue: import("./checkpoint/checkpoint.js").Entry[], assets: string,
 *   link: {read(): string, write(query: string): void}, hasServer?: boolean, clinic?: string | null,
 *   onRelease(state: {model: string, z: number[], query: string}): void,
 *   toLessons?: (() => void) | null, onStage?(stage: import("./stage.js").Stage): void}} options `assets` is the absolute URL of this
 *   folder, with trailing slash; `hasServer`: something takes checkpoints that are dropped; `clinic`: the
 *   address of the collapse clinic; `toLessons` goes to the list of lessons, where no menu of the host does
 * @returns {{setCatalogue(catalogue: import("./checkpoint/checkpoint.js").Entry[]): void, destroy(): void}}
 */
export function mount(root, options) {
  const { assets, link: address, hasServer = true, clinic = null, toLessons = null, onRelease, onStage } = options;
  let { catalogue } = options;
  const engine = startEngine(assets);
  engine.catch(() => {});
  const opener = createOpener({ engine, trial: createTrial(assets) });
  const worker = createWorker(assets);
  const frame = createFrame(root, { assets });
  const { messages } = frame;
  lightTerms(frame.element);
  const classroom = hasServer ? createClassroom({ assets, link: address, frame }) : noClassroom(address);
  const { audience } = classroom;
  const lessons = createLessons({ assets, clinic, link: classroom.link, frame, audience, restart: () => start() });
  const { link } = lessons;
  const uploads = hasServer
    ? createUploads({ assets, messages, onChoose: () => picker.toggle(), onEntry: openUploaded })
    : noUploads();
  const picker = createPicker({ catalogue, onPick: pick, onCompare: compare, onOpen: relist, footer: uploads.footer });
  const help = createHelp();
  const text = createTextDialog();
  const exports = createExports({
    stages: () => view?.stages ?? [],
    messages,
    showText: text.open,
    onProgress: (done) => exporting.progress(done),
  });
  const exporting = createExportMenu({ parts: exports.parts, tell: messages.tell });
  const header = createHeader({
    picker: picker.element,
    exporting,
    tools: {
      undo: () => atHand()?.commands.undo(),
      redo: () => atHand()?.commands.redo(),
      tour: () => tour.open(),
      share() {
        if (!view) return;
        // A latent that plays is further on than the link, which is written when it stops.
        link.write(view.link());
        frame.share(location.href);
      },
      help: help.open,
    },
    present: classroom.open,
    lessons: toLessons,
  });
  frame.element.prepend(createSkips(frame.element), header.element, ...(classroom.bar ? [classroom.bar] : []));
  const tour = createTour(frame.element);
  frame.element.append(uploads.element, help.element, tour.element, text.element);

  /** @type {import("./view.js").View | null} */
  let view = null;
  /** What was asked for last. @type {string[]} */
  let asked = [];
  let loading = new AbortController();
  let gone = false;
  let listed = catalogue;

  /** What keys and tools are about: what is open, and of several models the one that has the focus. */
  const atHand = () => view?.stageAt(focusIn(root)) ?? null;

  /** @param {string} id */
  const entryOf = (id) => catalogue.find((entry) => entry.id === id);

  /** @param {string} id */
  async function pick(id) {
    messages.hide();
    // Its files may have been written anew.
    if (asked.includes(id)) opener.close();
    await open([id], "");
    if (view) committed();
  }

  /** @param {import("./checkpoint/checkpoint.js").Entry} entry */
  async function openUploaded(entry) {
    list();
    await pick(entry.id);
    if (view?.ids[0] !== entry.id) return;
    messages.tell(
      `Opened ${isolated(present(entry.title))}. Only you and people with the link can see it, until the server stops.`,
    );
  }

  /** The catalogue, and what this person dropped. */
  function list() {
    const next = [...listed, ...uploads.entries()];
    if (JSON.stringify(next) === JSON.stringify(catalogue)) return;
    catalogue = next;
    picker.list(next);
    const open = asked.flatMap((id) => entryOf(id) ?? []);
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
    const before = asked.map(entryOf);
    listed = next;
    list();
    if (!view && (!before.length || JSON.stringify(asked.map(entryOf)) !== JSON.stringify(before))) start();
  }

  function close() {
    loading.abort();
    view?.destroy();
    view = null;
    header.show([]);
    delete root.dataset.ready;
  }

  function isReady() {
    root.dataset.ready = "true";
  }

  /**
   * @param {string[]} ids one model, or several side by side
   * @param {string} query what the link says of them, or nothing to begin at the start
   * @param {import("./store.js").Source | null} [source] the person's own image, which is in no link
   */
  async function open(ids, query, source = null) {
    const entries = ids.map((id) => present(entryOf(id)));
    close();
    const { signal } = (loading = new AbortController());
    asked = ids;
    picker.show(...entries);
    const broken = entries.find(({ error }) => error !== undefined);
    if (broken?.error) return frame.block(broken.error);
    const [{ title }] = entries;
    frame.wait(`Opening ${entries.length > 1 ? `${entries.length} models` : title} …`);
    try {
      const [{ models, opening }] = await Promise.all([opener.open(entries, query, signal), frame.styled]);
      if (signal.aborted) return;
      const setting = {
        ...{ query, opening: source ? "" : opening, source, signal, worker, assets, frame },
        onReady: isReady,
        onCommit: committed,
      };
      const next =
        models.length > 1
          ? await createSeveral(models, { ...setting, onRemove: (rest) => open(rest.ids, rest.query, rest.source) })
          : await createSingle(models[0], { ...setting, onPanel: classroom.moved });
      if (!next) return;
      stand(next);
      const tab = named(query, "view");
      if (tab) next.stages[0].openPanel(tab);
    } catch (error) {
      if (signal.aborted) return;
      console.error(error);
      frame.block(sentenceFor(error, `${title} could not be opened: reload the page, or choose another model.`));
    }
  }

  /** @param {import("./view.js").View} next */
  function stand(next) {
    view = next;
    const { element, stages } = next;
    header.show(stages.map(({ card }) => card));
    header.setHistory(stages[0]?.store ?? null);
    for (const { store } of stages) store.onChange(classroom.moved);
    frame.show(element);
    if (stages.length === 1) onStage?.(stages[0]);
    lessons.stands(element);
    // A lesson says itself what to touch.
    if (stages.length === 1 && !isLesson(address.read()) && !classroom.isFollower()) pointAt(element);
    if (stages.length) link.write(next.link());
    classroom.stands();
  }

  /** The link and the host learn of a control that was let go of. */
  function committed() {
    const { ids, stages, link: now } = present(view);
    const [{ model, store }] = stages;
    const query = now();
    link.write(query);
    header.setHistory(store);
    // A class that goes where its teacher goes has let go of nothing: its host would learn of it once a screen.
    if (!classroom.isFollower()) onRelease({ model: ids[0], z: model.z(store.get()), query });
  }

  /** Puts a model beside those that are open. @param {string} id */
  function compare(id) {
    if (!view?.ids.length) return pick(id);
    const { ids, stages, link: now } = view;
    if (ids.length >= MOST) return messages.tell(`${MOST} models fit side by side: remove one before you add another.`);
    if (ids.includes(id)) return pick(id);
    messages.hide();
    return open([...ids, id], now(), stages[0].store.get().own);
  }

  /** A lesson about distributions so small that they need no model. */
  async function openSmall() {
    close();
    opener.close();
    asked = [];
    const { signal } = (loading = new AbortController());
    await frame.styled;
    if (signal.aborted) return;
    stand(smallView(createParts()));
    isReady();
  }

  classroom.attach({
    place: () => (view ? lessons.compose(view.link()) : ""),
    view: () => view?.tab() ?? "",
    goTo: createGoTo({ lessons, link: address, view: () => view, start: () => start() }),
    rest: () => view?.stages[0]?.store.commit(),
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
          pass: messages.pass,
        }
      : null;
  });

  /** Opens what the link names. */
  async function start() {
    // Which model it is about is not known before it has been fetched.
    if (!view && isLesson(address.read())) frame.wait("Opening the lesson …");
    const query = (await lessons.opening()).replace(/^\?/, "");
    if (gone) return;
    if (lessons.isSmall()) return openSmall();
    const unknown = linkedModels(query).filter((id) => !entryOf(id));
    if (unknown.length) {
      const before = loading;
      for (const id of unknown) await uploads.find(id);
      list();
      if (loading !== before || gone) return;
    }
    const { ids, query: mine, notes } = chosen(query, catalogue);
    for (const note of notes) messages.warn(note);
    if (ids.length) return open(ids, mine);
    close();
    frame.block(NOTHING);
  }

  classroom.opening().then(() => {
    if (!gone) start();
  });
  uploads.recall().then(() => gone || list());

  return {
    setCatalogue,
    destroy() {
      gone = true;
      stopListening();
      picker.close();
      lessons.destroy();
      classroom.destroy();
      uploads.destroy();
      exporting.close();
      close();
      opener.close();
      worker.destroy();
      frame.destroy();
    },
  };
}
