import { limitsOf } from "../link.js";
import { withLinkedWord } from "../linked-word.js";
import { changed, startOf } from "../store.js";
import { trace } from "../trace.js";
import { createCompare } from "./compare.js";
import { hasExample, sharesExamples } from "./follow.js";
import { isTogether, readCompared, writeComparison } from "./link.js";

/**
 * Several models side by side, where a link has them.
 *
 * @param {import("../model/model.js").Model[]} models
 * @param {import("../view.js").Setting & {onRemove(rest: {ids: string[], query: string,
 *   source: import("../store.js").Source | null}): void}} setting `onRemove`: one is taken out, and these are left
 * @returns {Promise<import("../view.js").View | null>} nothing where something else was opened meanwhile
 */
export async function createSeveral(models, { query, opening, source, signal, frame, onReady, onRemove, ...setting }) {
  const { linked, initials, problem } = linkedStates(opening ? `${query}&${opening}` : query, models, source);
  const read = await Promise.all(models.map((model, at) => withLinkedWord(model, linked[at].state)));
  if (signal.aborted) return null;
  if (problem) frame.messages.warn(problem);
  const compared = createCompare({
    ...setting,
    models,
    initials: initials.map((initial, at) => {
      const { own, codes } = read[at];
      return own && !initial.own ? { ...initial, own, codes: { ...initial.codes, ...codes } } : initial;
    }),
    messages: frame.messages,
    together: isTogether(query),
    fromExample: linked[0].state.codes === undefined && !problem,
    fresh: linked.map(({ isPlaced }) => !isPlaced),
    onFirst() {
      trace("instrument:first-image");
      onReady();
    },
    onRemove(at) {
      const states = compared.states().filter((_, index) => index !== at);
      const rest = models.filter((_, index) => index !== at);
      onRemove({ ids: idsOf(rest), query: writeComparison(rest, states, compared.together()), source: states[0].own });
    },
  });

  return {
    element: compared.element,
    ids: idsOf(models),
    stages: compared.stages,
    stageAt: compared.stageAt,
    link: () => writeComparison(models, compared.states(), compared.together()),
    tab: () => "",
    goTo(query) {
      const { initials } = linkedStates(query, models, null);
      compared.goTo(
        compared.states().map((state, at) => changed(state, initials[at])),
        isTogether(query),
      );
    },
    destroy: compared.destroy,
  };
}

/** @param {import("../model/model.js").Model[]} models */
const idsOf = (models) => models.map(({ entry }) => entry.id);

/**
 * Where a link has each model.
 *
 * @param {string} query
 * @param {import("../model/model.js").Model[]} models
 * @param {import("../store.js").Source | null} source of the first
 */
function linkedStates(query, models, source) {
  const linked = models.map((model, at) => readCompared(query, models, at, limitsOf(model)));
  const initials = models.map((model, at) => startOf(model, linked[at].state));
  if (source) initials[0] = { ...initials[0], own: source, example: null };
  const { example, noise } = initials[0];
  initials.forEach((initial, at) => {
    const isKnown =
      example !== null && sharesExamples(models[0].card, models[at].card) && hasExample(models[at], example);
    if (at) Object.assign(initial, { example: isKnown ? example : null, noise });
  });
  return { linked, initials, problem: linked.find((one) => one.problem)?.problem };
}
