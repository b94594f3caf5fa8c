import { newestWins } from "../engine/scheduler.js";
import { noted } from "./role.js";
import { listen } from "./stream.js";

/** A follower's link, and what is measured at rest, wait until the teacher does. */
const REST_MS = 200;
/** A touch of these may move the screen; a prediction is made without leaving the class. */
const MOVING = ".place, .bar, .lesson-head, .lesson-steps, .lesson-foot";

/**
 * What a screen does that follows a class, for as long as `signal` lasts: it goes where the class is, until a hand moves it.
 *
 * @param {{api: ReturnType<typeof import("./api.js").createApi>, code: string, signal: AbortSignal, canGo(): boolean,
 *   goTo(place: string, isFirst: boolean): Promise<void>, rest(): void, onHeard(place: string): void, onBroken(): void,
 *   onTurn(): void, onOver(sentence: string): void, isFree?: boolean}} options `canGo`: false while the page opens, which then opens where it
 *   heard that the class is; `rest` ends a move; `onTurn`: it has let go, or follows again
 */
export function follow({ api, code, signal, canGo, goTo, rest, onHeard, onBroken, onTurn, onOver, isFree = false }) {
  let newest = "";
  let byHand = false;
  let isFirst = true;
  let resting = 0;
  const isFollowing = () => !isFree && !signal.aborted;

  listen(() => api.follow(code, signal), {
    signal,
    onEvent({ place, ended }) {
      if (ended) return onOver("The teacher has ended the class. You are moving freely now.");
      newest = place ?? "";
      onHeard(newest);
      catchUp();
    },
    onBroken,
    onRefused: onOver,
  });

  const goer = newestWins(
    async () => {
      if (!isFollowing() || !canGo() || !newest) return;
      byHand = false;
      const first = isFirst;
      isFirst = false;
      await goTo(newest, first);
      clearTimeout(resting);
      resting = window.setTimeout(come, REST_MS);
    },
    (error) => console.error(error),
  );
  const catchUp = () => goer.request(undefined);

  function come() {
    byHand = false;
    if (isFollowing()) rest();
  }

  function letGo() {
    if (!isFollowing()) return;
    isFree = true;
    noted({ free: true });
    clearTimeout(resting);
    onTurn();
  }

  signal.addEventListener("abort", () => clearTimeout(resting));

  return {
    isFree: () => isFree,
    catchUp,
    letGo,
    followAgain() {
      isFree = false;
      noted({ free: false });
      isFirst = true;
      onTurn();
      catchUp();
    },
    /** @param {Event} event */
    touched({ target }) {
      if (/** @type {Element} */ (target).closest(MOVING)) byHand = true;
    },
    /** Something has moved: who moved it by hand lets go. */
    moved() {
      if (byHand) letGo();
    },
  };
}

/**
 * @param {ReturnType<typeof import("./api.js").createApi>} api
 * @param {string} code
 * @param {(sentence: string) => void} onOver
 * @returns {Promise<string>} where the class is now; empty where that cannot be known
 */
export async function placeOf(api, code, onOver) {
  const once = new AbortController();
  let found = "";
  await listen(() => api.follow(code, once.signal), {
    signal: once.signal,
    onEvent({ place }) {
      found = place ?? "";
      once.abort();
    },
    onBroken: () => once.abort(),
    onRefused: onOver,
  });
  return found;
}
