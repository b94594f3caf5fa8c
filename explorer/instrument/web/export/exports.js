import { latentName } from "../dom.js";
import { InstrumentError, sentenceFor } from "../errors.js";
import { codeAt, isPath, onPath } from "../path/course.js";
import { present } from "../present.js";
import { enlarge, save, saveBlob } from "./png.js";
import { jsonOf, liesElsewhere, pythonLines } from "./python-lines.js";

/**
 * What can be taken away of the open checkpoint.
 *
 * @param {{stage(): ReturnType<typeof import("../stage.js").createStage> | null,
 *   messages: ReturnType<typeof import("../messages.js").createMessages>,
 *   showText: ReturnType<typeof import("./text-dialog.js").createTextDialog>["open"],
 *   onProgress(done: number | null): void}} options
 */
export function createExports({ stage, messages, showText, onProgress }) {
  /** @type {Promise<boolean> | null} */
  let webp = null;
  /** @type {AbortController | null} what is being made */
  let making = null;

  /** @param {string} what @param {string} name @param {(t: number) => number[]} path @param {"gif" | "webp"} format */
  async function animation(what, name, path, format) {
    const { model, decodeLatents, gone } = present(stage());
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
        shape: present(model.shape),
        decodeSheet: decodeLatents,
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
    const { drawGrid, entry, gone } = present(stage());
    const picture = await drawGrid();
    if (picture) save(picture, `${entry.id}-traversals.png`);
    else if (!gone.aborted)
      messages.tell("The traversals could not be decoded, so there is nothing to save: reload the page.");
  }

  function python() {
    const { entry, model, store } = present(stage());
    showText({
      title: "This image in Python",
      note: liesElsewhere(entry)
        ? `Write the path of the folder ${entry.path ?? entry.id} as it is on your machine.`
        : "To be run in the folder that holds this explorer.",
      text: pythonLines(entry, model.z(store.get())),
    });
  }

  function json() {
    const { entry, model, store } = present(stage());
    showText({
      title: "z as JSON",
      note: "With the decoder it belongs to, and the command that trained it.",
      text: jsonOf(entry, model.card, model.z(store.get())),
      file: `${entry.id}-z.json`,
    });
  }

  return {
    /** @returns {Promise<import("./menu.js").Line[]>} */
    async lines() {
      const { entry, model, store, picture, current } = present(stage());
      // The writers of animations are fetched when they are first asked for: most visits never do.
      webp ??= import("./animation.js").then(
        ({ canWriteWebp }) => canWriteWebp(),
        () => {
          webp = null;
          return false;
        },
      );
      const kinds = (await webp) ? ["gif", "webp"] : ["gif"];
      const latent = current.get();
      const name = latentName(latent);
      const state = store.get();
      const { canvas } = picture;
      /** @param {string} kind @param {string} what @param {string} file @param {(t: number) => number[]} path @param {string} [missing] */
      const animations = (kind, what, file, path, missing) =>
        kinds.map((format) => ({
          name: `${kind}-${format}`,
          text: format === "gif" ? "GIF" : "WebP",
          title: `Animation of ${what}, ${format === "gif" ? "GIF" : "WebP"}`,
          missing,
          act: () => animation(what, `${entry.id}-${file}.${format}`, path, /** @type {"gif" | "webp"} */ (format)),
        }));
      const latentAt = (/** @type {number} */ t) => {
        const { steps } = model.latents[latent];
        const [first, last] = [steps[0], steps[steps.length - 1]];
        return model.z(state).map((value, at) => (at === latent ? first + (last - first) * t : value));
      };
      const stop = { name: "stop", text: "Stop", title: "Stop making the animation", act: () => making?.abort() };
      return [
        ...(making ? [{ label: "Animation being made", choices: [stop] }] : []),
        ...(canvas
          ? [
              {
                label: "Image",
                choices: [
                  {
                    name: "picture",
                    text: "PNG",
                    title: "Save the image as PNG",
                    act: () => save(enlarge(canvas), `${entry.id}.png`),
                  },
                ],
              },
            ]
          : []),
        ...(picture.drawGrid
          ? [
              {
                label: "Traversals",
                choices: [{ name: "grid", text: "PNG", title: "Save the traversals as PNG", act: grid }],
              },
            ]
          : []),
        ...(model.continuous && canvas
          ? [
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
                  (t) => codeAt(onPath(model, state), t),
                  isPath(state) ? undefined : "pin two images first",
                ),
              },
            ]
          : []),
        ...(model.continuous
          ? [
              {
                label: "z of this image",
                choices: [
                  { name: "json", text: "JSON", title: "z as JSON", act: json },
                  ...(isVae(model)
                    ? [{ name: "python", text: "Python", title: "This image in Python", act: python }]
                    : []),
                ],
              },
            ]
          : []),
      ];
    },
  };
}

/**
 * @param {import("../model/model.js").Model} model
 * @returns {boolean} whether the lines of Python, which load it with `training.load` and decode z alone, hold for it
 */
const isVae = ({ card, controls }) => card.family === "vae" && controls.length === 1;
