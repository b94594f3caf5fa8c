import { InstrumentError } from "../errors.js";
import { present } from "../present.js";

/**
 * Fetches one file of a checkpoint, or says in a sentence why not.
 *
 * @param {import("../checkpoint/checkpoint.js").Entry} entry
 * @param {string} file
 * @param {AbortSignal} signal
 */
export async function get(entry, file, signal) {
  const url = new URL(file, new URL(present(entry.url), document.baseURI));
  let answer;
  try {
    answer = await fetch(url, { signal });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new InstrumentError(
      `${entry.id}/${file} could not be fetched: check that the explorer is still running, then reload the page.`,
      error,
    );
  }
  if (!answer.ok) {
    const command = file.endsWith(".onnx") ? "export" : "embed";
    const then =
      file === "card.json"
        ? "copy the checkpoint folder again."
        : `restore the file or make it again with \`python -m training ${command} ${entry.path ?? "FOLDER"}\`.`;
    throw new InstrumentError(`${entry.id}/${file} is missing: ${then}`);
  }
  return answer;
}
