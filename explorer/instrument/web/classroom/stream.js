import { InstrumentError } from "../errors.js";

/** Longer than the server is ever silent (`QUIET_S` in routes.py): then the connection is lost, whatever the browser thinks. */
const SILENT_MS = 25_000;
const RETRY_MS = 2000;

/** @typedef {import("../exchange.js").Moved} Event what the server tells a class */

/**
 * The events of a stream, whose text may be cut anywhere; a comment is none.
 *
 * @param {AsyncIterable<string>} pieces
 * @returns {AsyncGenerator<Event | null>} nothing for a comment
 */
export async function* eventsOf(pieces) {
  let text = "";
  for await (const piece of pieces) {
    const parts = (text + piece).split("\n\n");
    text = parts.pop() ?? "";
    for (const part of parts) yield part.startsWith("data: ") ? JSON.parse(part.slice(6)) : null;
  }
}

/**
 * Listens to a class until it ends; a connection that breaks is made again. Not by `EventSource`, which keeps to itself why
 * it was refused, and does not notice a network that has gone.
 *
 * @param {() => Promise<Response>} connect
 * @param {{onEvent(event: Event): void, onBroken(): void, onRefused(sentence: string): void, signal: AbortSignal}} options
 */
export async function listen(connect, { onEvent, onBroken, onRefused, signal }) {
  while (!signal.aborted) {
    try {
      const answer = await connect();
      for await (const event of eventsOf(textOf(answer, signal))) {
        if (signal.aborted) return;
        if (event) onEvent(event);
      }
    } catch (error) {
      if (signal.aborted) return;
      // A sentence of the server's own: there is no such class. A proxy whose server is away has none.
      if (error instanceof InstrumentError) return onRefused(error.message);
    }
    if (signal.aborted) return;
    onBroken();
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** @param {Response} answer @param {AbortSignal} signal @returns {AsyncGenerator<string>} ends where nothing comes any more */
async function* textOf({ body }, signal) {
  if (!body) return;
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  const stop = () => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", stop);
  try {
    for (;;) {
      const silent = setTimeout(stop, SILENT_MS);
      const { done, value } = await reader.read();
      clearTimeout(silent);
      if (done) return;
      yield value;
    }
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}
