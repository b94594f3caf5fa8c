import { MOST } from "../compare/follow.js";
import { InstrumentError, sentenceFor } from "../errors.js";
import { forgetEarly, takeModel, takeOpening } from "../host/early.js";
import { openModel } from "../model/model.js";
import { createPool } from "../model/pool.js";
import { drawOf, openingOf } from "./opening.js";

/**
 * @typedef {import("../checkpoint/checkpoint.js").Entry} Entry
 * @typedef {{models: import("../model/model.js").Model[], opening: string}} Opened `opening`: what `openingOf` gives
 */

/**
 * The one way in which the instrument opens models. What is open already, or was opened early, is not opened again; what is
 * not asked for again is let go of.
 *
 * @param {{engine: Promise<any>, trial: import("../engine/trial.js").Trial}} options
 */
export function createOpener({ engine, trial }) {
  const pool = createPool(open, MOST);

  /** @param {{key: string, entry: Entry}} place @param {AbortSignal} signal */
  async function open({ entry }, signal) {
    const early = takeModel(entry, signal);
    if (early) {
      try {
        return await early;
      } catch {
        // What went wrong then may be right by now; if not, it is said now.
      }
    }
    return openModel(entry, { engine, signal, trial });
  }

  /** @param {Entry} entry */
  async function get(entry) {
    try {
      return await pool.get({ key: keyOf(entry), entry });
    } catch (error) {
      const sentence = `${entry.title} could not be opened: reload the page, or choose another model.`;
      throw new InstrumentError(sentenceFor(error, sentence), error);
    }
  }

  return {
    /**
     * @param {Entry[]} entries one to `MOST`
     * @param {string} query what the link says
     * @param {AbortSignal} signal
     * @returns {Promise<Opened>} fails with a sentence about the first that could not be opened
     */
    async open(entries, query, signal) {
      pool.keep(entries.map(keyOf));
      const openings = entries.map((entry, at) =>
        at === 0 ? (takeOpening(entry, query) ?? openingOf(entry, query, signal)) : drawOf(entry, at, query, signal),
      );
      const models = Promise.all(entries.map(get));
      forgetEarly();
      return { models: await models, opening: (await Promise.all(openings)).filter(Boolean).join("&") };
    },
    /** Lets go of all. */
    close: () => pool.keep([]),
  };
}

/** @param {Entry} entry @returns {string} another where the catalogue says anything else of it */
const keyOf = (entry) => JSON.stringify(entry);
