import { latentName } from "../dom.js";
import { REACH } from "../engine/rows.js";
import { InstrumentError, sentenceFor } from "../errors.js";
import { codeAt, isPath } from "../path/course.js";
import { present } from "../present.js";
import { enlarge, save, saveBlob } from "./png.js";
import { jsonOf, liesElsewhere, pythonLines } from "./python-lines.js";

/**
 * What can be taken away of the open checkpoint.
 *
 * @param {{bench(): ReturnType<typeof import("../bench.js").createBench> | null,
 *   messages: ReturnType<typeof import("../messages.js").createMessages>,
 *   showText: ReturnType<typeof import("./text-dialog.js").createTextDialog>["open"],
 *   onProgress(done: number | null): void}} options
 */
export function createExports({ bench, messages, showText, onProgress }) {
  /** @type {Promise<boolean> | null} */
  let webp = null;
  /** @type {AbortController | null} what is being made */
  let making = null;

  /** @param {string} what @param {string} name @param {(t: number) => number[]} path @param {"gif" | "webp"} format */
  async function animation(what, name, path, format) {
    const { card, decodeSheet, gone } = present(bench());
    making?.abort();
    const mine = (making = new AbortController());
    const signal = AbortSignal.any([mine.signal, gone]);
    messages.say(`Making the animation of ${what}.`);
    onProgress(0);
    try {
      const { animate, easedCodes } = await import("./animation.js");
      const made = await animate({
        codes: easedCodes(path),
        format,
        shape: card.output.shape,
        decodeSheet,
        onProgress: (done) => making === mine && onProgress(done),
        signal,
      });
      if (signal.aborted) return;
      if (!made) throw new InstrumentError("The animation frames could not be decoded: reload the page.");
      const { bytes, frames, width, height } = made;
      saveBlob(new Blob([/** @type {Uint8Array<ArrayBuffer>} */ (bytes)], { type: `image/${format}` }), name);
      const size = `${Math.ceil(bytes.length / 1000).toLocaleString("en")}\u00a0kB`;
      messages.tell(`Saved ${name}: ${frames} frames of ${width} × ${height} pixels, ${size}.`);
    } catch (error) {
      if (signal.aborted) return;
      console.error(error);
      messages.warn(sentenceFor(error, "The animation could not be made: reload the page to try again."));
    } finally {
      if (making === mine) {
        making = null;
        onProgress(null);
      }
    }
  }

  async function grid() {
    const { drawGrid, entry, gone } = present(bench());
    const picture = await drawGrid();
    if (picture) save(picture, `${entry.id}-traversals.png`);
    else if (!gone.aborted)
      messages.tell("The traversals could not be decoded, so there is nothing to save: reload the page.");
  }

  function python() {
    const { entry, store } = present(bench());
    showText({
      title: "This image in Python",
      note: liesElsewhere(entry)
        ? `Write the path of the folder ${entry.path ?? entry.id} as it is on your machine.`
        : "To be run in the folder that holds this explorer.",
      text: pythonLines(entry, store.get().z),
    });
  }

  function json() {
    const { entry, card, store } = present(bench());
    showText({
      title: "z as JSON",
      note: "With the decoder it belongs to, and the command that trained it.",
      text: jsonOf(entry, card, store.get().z),
      file: `${entry.id}-z.json`,
    });
  }

  return {
    /** @returns {Promise<import("./menu.js").Line[]>} */
    async lines() {
      const { entry, store, picture, current } = present(bench());
      // The writers of animations are fetched when they are first asked for: most visits never do.
      webp ??= import("./animation.js").then(
        ({ canWriteWebp }) => canWriteWebp(),
        () => {
          webp = null;
          return false;
        },
      );
      const kinds = (await webp) ? ["gif", "webp"] : ["gif"];
      const latent = current();
      const name = latentName(latent);
      const state = store.get();
      /** @param {string} kind @param {string} what @param {string} file @param {(t: number) => number[]} path @param {string} [missing] */
      const animations = (kind, what, file, path, missing) =>
        kinds.map((format) => ({
          name: `${kind}-${format}`,
          text: format === "gif" ? "GIF" : "WebP",
          title: `Animation of ${what}, ${format === "gif" ? "GIF" : "WebP"}`,
          missing,
          act: () => animation(what, `${entry.id}-${file}.${format}`, path, /** @type {"gif" | "webp"} */ (format)),
        }));
      const latentAt = (/** @type {number} */ t) =>
        state.z.map((value, at) => (at === latent ? REACH * (2 * t - 1) : value));
      const stop = { name: "stop", text: "Stop", title: "Stop making the animation", act: () => making?.abort() };
      return [
        ...(making ? [{ label: "Animation being made", choices: [stop] }] : []),
        {
          label: "Image",
          choices: [
            {
              name: "picture",
              text: "PNG",
              title: "Save the image as PNG",
              act: () => save(enlarge(picture.canvas), `${entry.id}.png`),
            },
          ],
        },
        {
          label: "Traversals",
          choices: [{ name: "grid", text: "PNG", title: "Save the traversals as PNG", act: grid }],
        },
        {
          label: `${name} from end to end`,
          choices: animations("latent", `${name} from end to end`, `z${latent}`, latentAt),
        },
        {
          label: "Path from A to B",
          choices: animations(
            "path",
            "the path from A to B",
            "path",
            (t) => codeAt(state, t),
            isPath(state) ? undefined : "pin two images first",
          ),
        },
        {
          label: "z of this image",
          choices: [
            { name: "json", text: "JSON", title: "z as JSON", act: json },
            { name: "python", text: "Python", title: "This image in Python", act: python },
          ],
        },
      ];
    },
  };
}
