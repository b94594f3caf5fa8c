import { spell } from "../dom.js";
import { InstrumentError } from "../errors.js";

/** What takes longer to send says how far it is, at such steps. */
const STEP_MS = 1000;

/**
 * What an answer means that is not the explorer's own: it comes from a proxy between.
 *
 * @param {number} status @param {number} size bytes that were sent @param {string} name
 * @returns {string | null} a sentence, where the status says anything
 */
export function refusal(status, size, name) {
  if (status !== 413) return null;
  return (
    `${name} is ${spell(size / 1e6, 1)} MB, more than the proxy in front of this explorer lets through: ask whoever runs ` +
    "it to raise the proxy's limit for uploads (client_max_body_size in nginx), or put it into the folder “runs”."
  );
}

/**
 * @param {Blob} body
 * @param {{url: string, header: string, name: string, signal: AbortSignal, onProgress(part: number): void}} options
 *   `header`: one that no form of another site sends; `name`: of what is sent, in sentences; `part` is 1 once all is sent
 * @returns {Promise<any>} what the server made of it
 */
export function sendZip(body, { url, header, name, signal, onProgress }) {
  const lost = `${name} could not be sent: check that the explorer is still running, then drop it again.`;
  let reported = performance.now();
  return new Promise((resolve, reject) => {
    // fetch() does not say how much has been sent.
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader(header, "zip");
    request.responseType = "json";
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      if (performance.now() - reported < STEP_MS) return;
      reported = performance.now();
      onProgress(loaded / total);
    });
    request.addEventListener("load", () => {
      if (request.status === 201 && request.response?.id) resolve(request.response);
      else reject(new InstrumentError(request.response?.error ?? refusal(request.status, body.size, name) ?? lost));
    });
    request.addEventListener("error", () => reject(new InstrumentError(lost)));
    request.addEventListener("abort", () => reject(new InstrumentError(lost)));
    signal.addEventListener("abort", () => request.abort());
    request.send(body);
  });
}
