import { latentName, spell } from "../dom.js";
import { InstrumentError, sentenceFor } from "../errors.js";
import { codeAt, isPath, onPath } from "../path/course.js";
import { present } from "../present.js";
import { enlarge, save } from "./png.js";
import { isSpelled, jsonOf, liesElsewhere, pythonLines } from "./python-lines.js";
import { saveBlob } from "./save-blob.js";

/**
 * @typedef {import("../stage.js").Stage} Stage
 *
 * What can be taken away of the open checkpoints.
 *
 * @param {{stages(): Stage[], messages: ReturnType<typeof import("../page/messages.js").createMessages>,
 *   showText: ReturnType<typeof import("./text-dialog.js").createTextDialog>["open"],
 *   onProgress(done: number | null): void}} options
 */
export function createExports({ stages, messages, showText, onProgress }) {
  /** @type {Promise<boolean> | null} */
  let webp = null;
  /** @type {AbortController | null} what is being made */
  let making = null;

  /** @param {Stage} stage @param {string} what @param {string} name @param {(t: number) => number[]} path @param {"gif" | "webp"} format */
  async function animation({ model, decodeLatents, gone }, what, name, path, format) {
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
      const size = `${spell(Math.ceil(bytes.length / 1000), 0)}\u00a0kB`;
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

  /** @param {Stage} stage */
  async function grid({ player, films, picture: { drawGrid }, entry, gone }) {
    // A latent that plays never settles: it is held still for its picture.
    player.stop();
    const z = await films.settled();
    const picture = z && drawGrid?.(z);
    if (picture) save(picture, `${entry.id}-traversals.png`);
    else if (!gone.aborted)
      messages.tell("The traversals could not be decoded, so there is nothing to save: reload the page.");
  }

  /** @param {Stage} stage */
  function python({ entry, model, store }) {
    showText({
      title: "This image in Python",
      note: liesElsewhere(entry)
        ? `Replace the folder with the path of ${entry.path ?? entry.id} on your machine.`
        : "Run this in the folder that holds the explorer.",
      text: pythonLines(entry, present(model.card.graphs.decode), model.tensors([store.get().codes])),
    });
  }

  /** @param {Stage} stage */
  function json({ entry, model, store }) {
    showText({
      title: "z as JSON",
      note: "With the name of its decoder and the command that trained it.",
      text: jsonOf(entry, model.card, model.z(store.get())),
      file: `${entry.id}-z.json`,
    });
  }

  /** @param {Stage} stage @param {string[]} formats of animations @returns {import("./menu.js").Line[]} */
  function linesOf(stage, formats) {
    const { entry, model, store, picture, current } = stage;
    const latent = current.get();
    const name = latentName(latent);
    const state = store.get();
    const { canvas } = picture;
    /** @param {string} label @param {import("./menu.js").Choice[]} choices */
    const line = (label, ...choices) => ({ label, choices });
    /** @param {string} kind @param {string} what @param {string} file @param {(t: number) => number[]} path @param {string} [missing] */
    const animations = (kind, what, file, path, missing) =>
      formats.map((format) => ({
        name: `${kind}-${format}`,
        text: format === "gif" ? "GIF" : "WebP",
        title: `Animation of ${what}, ${format === "gif" ? "GIF" : "WebP"}`,
        missing,
        act: () =>
          animation(stage, what, `${entry.id}-${file}.${format}`, path, /** @type {"gif" | "webp"} */ (format)),
      }));
    const latentAt = (/** @type {number} */ t) => {
      const { steps } = model.latents[latent];
      const [first, last] = [steps[0], steps[steps.length - 1]];
      return model.z(state).map((value, at) => (at === latent ? first + (last - first) * t : value));
    };
    const pathAt = (/** @type {number} */ t) => codeAt(onPath(model, state), t);
    const lines = [];
    if (canvas) {
      const act = () => save(enlarge(canvas), `${entry.id}.png`);
      lines.push(line("Image", { name: "picture", text: "PNG", title: "Save the image as PNG", act }));
    }
    if (picture.drawGrid) {
      const act = () => grid(stage);
      lines.push(line("Traversals", { name: "grid", text: "PNG", title: "Save the traversals as PNG", act }));
    }
    if (model.continuous && canvas) {
      const missing = isPath(state) ? undefined : "pin two images first";
      lines.push(
        line(`${name} from end to end`, ...animations("latent", `${name} from end to end`, `z${latent}`, latentAt)),
        line("Path from A to B", ...animations("path", "the path from A to B", "path", pathAt, missing)),
      );
    }
    const asJson = { name: "json", text: "JSON", title: "z as JSON", act: () => json(stage) };
    const inPython = { name: "python", text: "Python", title: "This image in Python", act: () => python(stage) };
    const data = [...(model.continuous ? [asJson] : []), ...(isSpelled(model.card.graphs.decode) ? [inPython] : [])];
    if (data.length) lines.push(line(model.continuous ? "z of this image" : "What the decoder is given", ...data));
    return lines;
  }

  /** The writers of animations are fetched when they are first asked for: most visits never do. */
  async function formats() {
    webp ??= import("./animation.js").then(
      ({ canWriteWebp }) => canWriteWebp(),
      () => {
        webp = null;
        return false;
      },
    );
    return (await webp) ? ["gif", "webp"] : ["gif"];
  }

  return {
    /** @returns {Promise<import("./menu.js").Part[]>} */
    async parts() {
      const found = await formats();
      const open = stages();
      const stop = { name: "stop", text: "Stop", title: "Stop making the animation", act: () => making?.abort() };
      return [
        ...(making ? [{ title: null, lines: [{ label: "Animation being made", choices: [stop] }] }] : []),
        ...open
          .map((stage) => ({ title: open.length > 1 ? stage.card.title : null, lines: linesOf(stage, found) }))
          .filter(({ lines }) => lines.length),
      ];
    },
  };
}
