/**
 * Runs `work` on the newest value asked for, one at a time: values that arrive while it runs replace each other, so
 * nothing queues up behind a slow decoder and nothing stale is shown after a fresh one. Long work asks `overtaken()` now
 * and then, and gives up for a newer value.
 *
 * @template T
 * @param {(value: T, overtaken: () => boolean) => Promise<void>} work
 * @param {(error: unknown) => void} onError
 * @returns {{request(value: T): void, settled(): Promise<void>}}
 */
export function newestWins(work, onError) {
  /** @type {{value: T} | null} */
  let waiting = null;
  /** @type {Promise<void> | null} */
  let running = null;

  async function drain() {
    while (waiting) {
      const { value } = waiting;
      waiting = null;
      try {
        await work(value, () => waiting !== null);
      } catch (error) {
        onError(error);
      }
    }
    running = null;
  }

  return {
    request(value) {
      waiting = { value };
      running ??= drain();
    },
    settled: () => running ?? Promise.resolve(),
  };
}
