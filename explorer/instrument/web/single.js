import { limitsOf, named, readLink, writeLink } from "./link.js";
import { withLinkedWord } from "./linked-word.js";
import { showFirst } from "./stage/first-image.js";
import { createStage } from "./stage.js";
import { changed, startOf } from "./store.js";
import { trace } from "./trace.js";

/**
 * One model by itself, where a link has it.
 *
 * @param {import("./model/model.js").Model} model
 * @param {import("./view.js").Setting & {onPanel(): void}} setting
 * @returns {Promise<import("./view.js").View | null>} nothing where something else was opened meanwhile
 */
export async function createSingle(model, { query, opening, source, signal, frame, onReady, onCommit, ...setting }) {
  const limits = limitsOf(model);
  const given = readLink(query, limits);
  const isPlaced = given.problem !== null || given.state.codes !== undefined;
  const { state, problem } = isPlaced || !opening ? given : readLink(`${query}&${opening}`, limits);
  const linked = await withLinkedWord(model, state);
  const initial = startOf(model, source ? { ...linked, own: source, example: null } : linked);
  if (signal.aborted) return null;
  const first = model.waits(initial) ? null : await showFirst(model, initial.codes, frame.show);
  if (signal.aborted) return null;

  if (problem) frame.messages.warn(problem);
  const stage = createStage({
    ...setting,
    model,
    initial,
    fromExample: state.codes === undefined && !problem,
    drawn: isPlaced ? null : named(opening, "draw"),
    messages: frame.messages,
    first,
    onFirst() {
      if (!first) trace("instrument:first-image");
      onReady();
    },
    onCommit,
  });
  const { store, player, openPanel, shownPanel } = stage;
  const { id } = model.entry;

  return {
    element: stage.element,
    ids: [id],
    stages: [stage],
    stageAt: () => stage,
    link: () => writeLink({ ...store.get(), model: id }, model.controls),
    tab: shownPanel,
    goTo(query) {
      if (store.get().playing !== null) player.stop();
      const change = changed(store.get(), startOf(model, readLink(query, limits).state));
      if (Object.keys(change).length) store.set(change);
      const view = named(query, "view");
      if (view && view !== shownPanel()) openPanel(view);
    },
    destroy: stage.destroy,
  };
}
