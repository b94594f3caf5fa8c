import { linkedComparison } from "../compare/link.js";
import { linkedModel } from "../link.js";

/** In place of the models that are open; the id of none has a space. */
const SMALL = "no model";

/**
 * Goes where another screen is; what both have open stays open.
 *
 * @param {{lessons: ReturnType<typeof import("../lesson/lessons.js").createLessons>, link: {write(query: string): void},
 *   view(): import("../view.js").View | null, start(): void}} options `start` opens what the link says
 * @returns {(query: string, isFirst: boolean) => Promise<void>}
 */
export function createGoTo({ lessons, link, view, start }) {
  /** What the class went to last. */
  let asked = "";

  /** @param {string[]} ids */
  const spelled = (ids) => String(ids) || SMALL;

  return async (query, isFirst) => {
    await lessons.follow(query);
    const { ids } = linkedComparison(query);
    const wanted = lessons.isSmall() ? SMALL : String(ids.length ? ids : linkedModel(query));
    if (isFirst) asked = "";
    const now = view();
    if (now && wanted === spelled(now.ids)) {
      asked = wanted;
      now.goTo(query);
    } else if (wanted !== asked) {
      // Once: what could not be opened is not asked for again at every move.
      asked = wanted;
      link.write(query);
      start();
    }
  };
}
