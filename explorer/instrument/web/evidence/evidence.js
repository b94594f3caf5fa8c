import { el, spell } from "../dom.js";
import { newestWins } from "../engine/scheduler.js";
import { engineOf } from "../engine/session.js";
import { present } from "../present.js";
import { startWorker } from "../shelf/held.js";
import { term } from "../term.js";
import { drawPosterior } from "./picture.js";

/** After which rest what is on screen is measured, in milliseconds. */
const REST_MS = 120;
const SORRY = "ln p(x) could not be computed: reload the page to try again.";

/**
 * ln p(x) of the image whose posterior is drawn, exactly, and how far below it two ELBOs are: that of the encoder's q, and
 * that of a q as wide as the encoder's around where a person is. Nothing is computed before the panel is opened.
 *
 * @param {import("../stage.js").Stage} stage
 * @returns {import("../stage.js").Part}
 */
export function createEvidence({ model, store, assets, gone }) {
  /** @type {Worker | null} */
  let worker = null;
  /** @type {Promise<Worker> | null} */
  let starting = null;
  /** @type {Map<number, {resolve(result: any): void, reject(error: Error): void}>} */
  const waiting = new Map();
  let asked = 0;
  /** @type {import("../store.js").Source | null} */
  let source = null;
  /** @type {{of: import("../store.js").Source, posterior: import("./exact.js").Posterior, elbo: number} | null} */
  let known = null;
  let rest = 0;

  const sums = {
    evidence: el("dd", { class: "number" }),
    encoder: el("dd", { class: "number" }),
    here: el("dd", { class: "number" }),
  };
  const canvas = el("canvas", {
    class: "posterior-picture",
    width: 240,
    height: 240,
    role: "img",
    "aria-label": "The true posterior",
  });
  const said = el("p", { class: "hint", role: "status" });
  const content = el(
    "div",
    { class: "evidence-content" },
    el(
      "dl",
      {},
      el(
        "div",
        {},
        el(
          "dt",
          {},
          term(
            "ln p(x)",
            "How probable the model finds this image, over every place of the plane: the sum of p(x|z) p(z) over cells, refined " +
              "where the posterior lies until it no longer changes by 0.001 nats.",
          ),
        ),
        sums.evidence,
      ),
      el("div", {}, el("dt", { text: "ELBO of the encoder's q" }), sums.encoder),
      el(
        "div",
        {},
        el(
          "dt",
          {},
          term(
            "ELBO of a q around you",
            "The same bell curve, with the encoder's σ, moved to the z on screen: drag the point, and find a better one.",
          ),
        ),
        sums.here,
      ),
    ),
    canvas,
    said,
  );
  const element = el(
    "details",
    { class: "evidence", on: { toggle: () => element.open && request() } },
    el("summary", { text: "ln p(x), exactly" }),
    content,
  );

  /** @param {Record<string, unknown>} message @returns {Promise<any>} */
  async function ask(message) {
    worker ??= await (starting ??= start());
    const id = asked++;
    worker.postMessage({ id, ...message });
    return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
  }

  async function start() {
    const engine = await engineOf(assets);
    const started = startWorker("engine/evidence-worker.js", assets);
    started.addEventListener("message", ({ data }) => {
      const { resolve, reject } = waiting.get(data.id) ?? {};
      waiting.delete(data.id);
      if (data.failed) reject?.(new Error(SORRY));
      else resolve?.(data.result);
    });
    started.addEventListener("error", () => {
      for (const { reject } of waiting.values()) reject(new Error(SORRY));
      waiting.clear();
    });
    const { bytes, expected } = present(model.decoder);
    const control = present(model.continuous).parts[0].name;
    const id = asked++;
    started.postMessage({ id, kind: "open", engine, bytes, expected, control });
    waiting.set(id, { resolve() {}, reject: fail });
    if (gone.aborted) started.terminate();
    return started;
  }

  /** @param {unknown} error */
  function fail(error) {
    if (gone.aborted) return;
    console.error(error);
    said.textContent = SORRY;
  }

  const queue = newestWins(async (of, overtaken) => {
    const { pixels, mean, logVariance } = of ?? {};
    if (!of || !pixels || !mean || !logVariance) {
      for (const sum of Object.values(sums)) sum.textContent = "–";
      said.textContent = "Choose an image to see how probable the model finds it.";
      return;
    }
    const std = Array.from(logVariance, (value) => Math.exp(value / 2));
    let mine = known?.of === of ? known : null;
    if (!mine) {
      for (const sum of Object.values(sums)) sum.textContent = "…";
      said.textContent = worker ? "" : "Decoding the whole plane, once …";
      const posterior = await ask({ kind: "posterior", x: pixels });
      const elbo = await ask({ kind: "elbo", x: pixels, mean: [...mean], std });
      known = mine = { of, posterior, elbo };
      said.textContent = "";
    }
    if (overtaken() || gone.aborted) return;
    const { posterior, elbo } = mine;
    const z = model.z(store.get());
    const here = await ask({ kind: "elbo", x: pixels, mean: z, std });
    if (gone.aborted) return;
    const { logEvidence } = posterior;
    sums.evidence.textContent = `${spell(logEvidence, 1)} nats`;
    sums.encoder.textContent = written(elbo, logEvidence);
    sums.here.textContent = written(here, logEvidence);
    drawPosterior(canvas, posterior, [
      { mean: [...mean], std, look: "encoder" },
      { mean: z, std, look: "here" },
    ]);
    canvas.setAttribute(
      "aria-label",
      `The true posterior, with the encoder's q around ${[...mean].map((value) => spell(value)).join(", ")}`,
    );
  }, fail);

  function request() {
    clearTimeout(rest);
    if (!element.open || gone.aborted) return;
    rest = window.setTimeout(() => queue.request(source), REST_MS);
  }

  return {
    element,
    show(state, before) {
      if (before && state.codes !== before.codes) request();
    },
    setSource(next) {
      source = next;
      request();
    },
    destroy() {
      clearTimeout(rest);
      worker?.terminate();
    },
  };
}

/** @param {number} elbo @param {number} evidence */
const written = (elbo, evidence) => `${spell(elbo, 1)} nats, ${spell(evidence - elbo, 1)} below`;
