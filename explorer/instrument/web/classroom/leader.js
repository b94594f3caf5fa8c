import { newestWins } from "../engine/scheduler.js";
import { InstrumentError } from "../errors.js";
import { pause } from "./pause.js";

/** Of a drag that is streamed: twenty moves a second, the newest wins. */
const MOVE_MS = 50;
const TALLY_MS = 1000;
const ARROWS = /** @type {Record<string, number>} */ ({ ArrowLeft: -1, ArrowRight: 1, PageUp: -1, PageDown: 1 });
const OWN_ARROWS = "input, select, textarea, dialog, [role=tab], .place";

/**
 * What a teacher's screen sends to the class and receives from it, for as long as `signal` lasts.
 *
 * @param {{api: ReturnType<typeof import("./api.js").createApi>, leading: import("./api.js").Leading, signal: AbortSignal,
 *   place(): string, predicting(): string, onTally(tally: import("./api.js").Tally): void, onSent(): void, onBroken(): void,
 *   onOver(sentence: string): void}} options `place`: where the class is to be, nothing while a model opens; `predicting`:
 *   the lesson whose predictions are counted; `onOver`: the server has ended the class
 * @returns {{send(): void}} that the place may have changed
 */
export function lead({ api, leading, signal, place, predicting, onTally, onSent, onBroken, onOver }) {
  let sent = "";

  /** @param {unknown} error */
  function failed(error) {
    if (signal.aborted) return;
    if (error instanceof InstrumentError) onOver(error.message);
    else onBroken();
  }

  const sender = newestWins(async () => {
    // Not in the event that moves a slider.
    await pause(0);
    const now = place();
    if (signal.aborted || !now || now === sent) return;
    await api.move(leading, now);
    sent = now;
    if (signal.aborted) return;
    onSent();
    await pause(MOVE_MS);
  }, failed);

  async function count() {
    while (!signal.aborted) {
      try {
        const tally = await api.tally(leading, predicting());
        if (signal.aborted) return;
        onTally(tally);
      } catch (error) {
        failed(error);
      }
      await pause(TALLY_MS);
    }
  }

  count();
  return { send: () => sender.request(undefined) };
}

/**
 * A card on or back by an arrow key, where no slider has the focus; a remote control sends PageUp and PageDown.
 *
 * @param {KeyboardEvent} event
 * @param {(by: number) => boolean} step says whether there was a card to go to
 */
export function stepByKey(event, step) {
  const by = ARROWS[event.key];
  if (!by || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const target = /** @type {HTMLElement} */ (event.composedPath()[0]);
  if (event.key.startsWith("Arrow") && target.closest?.(OWN_ARROWS)) return;
  if (!step(by)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}
