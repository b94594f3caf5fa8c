import { el, latentName, spell } from "../dom.js";
import { svg } from "../svg.js";
import { GRID } from "./information.js";
import { createMeasurer } from "./measurer.js";

const SORRY = "The split of the KL could not be measured: reload the page to try again.";

/**
 * Where the KL goes: what a code tells of its image, how the latents hang together, and how far each is from the prior; and
 * how much of the prior no image is near to.
 *
 * @param {import("../stage.js").Stage} stage
 * @returns {import("../stage.js").Part}
 */
export function createInformation(stage) {
  const { model, gone } = stage;
  const measurer = createMeasurer(stage, SORRY, { decodes: false });
  /** @type {import("../checkpoint/embedding.js").Embedding | null} */
  let embedding = null;

  const press = el("button", {
    class: "action",
    type: "button",
    disabled: true,
    text: "Measure",
    on: { click: () => void measure() },
  });
  const said = el("p", { class: "hint", role: "status", text: "Waiting for the codes of the test images …" });
  const result = el("div", {});
  const element = el(
    "section",
    { class: "information", "aria-label": "Information" },
    el("h3", { text: "Where the KL goes" }),
    el("p", {
      text:
        "The KL is what the codes cost. Part of it buys information about which image it is. The rest buys nothing: it is there " +
        "because the codes of all images together, q(z), are not distributed like the prior.",
    }),
    press,
    result,
    said,
  );

  async function measure() {
    if (!embedding?.logVariance) return;
    const { mean, logVariance, latents } = embedding;
    press.disabled = true;
    said.textContent = "Measuring, for some seconds …";
    try {
      /** @type {import("./information.js").Split} */
      const found = await measurer.ask({ kind: "information", codes: { mean, logVariance, latents } });
      if (!gone.aborted) show(found, embedding.count);
    } catch (error) {
      console.error(error);
      said.textContent = SORRY;
      press.disabled = false;
    }
  }

  /** @param {import("./information.js").Split} found @param {number} count of images */
  function show({ kl, information, correlation, single, draws, thin, priorDraws, curves }, count) {
    const rows = [
      {
        name: "Information about the image",
        estimate: information,
        words: `How well a code tells which of the ${spell(count, 0)} images it belongs to. It is at most ln N = ${spell(Math.log(count), 1)} nats.`,
      },
      {
        name: "Total correlation",
        estimate: correlation,
        words: "How much the latents depend on each other, over all images.",
      },
      {
        name: "Dimension-wise KL",
        estimate: single,
        words: "How far each latent, taken by itself, is from the prior.",
      },
    ];
    const most = Math.max(kl.value, ...rows.map(({ estimate }) => estimate.value), 1e-9);
    result.replaceChildren(
      el("p", {}, "KL of the codes: ", nats(kl), ". It is the sum of three parts:"),
      el(
        "dl",
        { class: "information-parts" },
        ...rows.flatMap(({ name, estimate, words }) => [
          el("dt", {}, `${name} `, nats(estimate)),
          el(
            "dd",
            {},
            el("span", {
              class: "information-bar",
              style: `width: ${(100 * Math.max(0, estimate.value)) / most}%`,
            }),
            el("span", { class: "hint", text: words }),
          ),
        ]),
      ),
      el(
        "p",
        {},
        "Of ",
        `${spell(priorDraws, 0)} draws from the prior, `,
        el("strong", { class: "number information-thin", text: spell(thin, 0) }),
        " fall where codes are at least ten times rarer than the prior says, q(z) < p(z)/10: there the decoder has hardly been trained.",
      ),
      isFull(information.value, count)
        ? el("p", {
            class: "information-full",
            text:
              "The information is nearly ln N: there are too few images to fill a space of this many latents. Read the total correlation and the " +
              "rare draws as upper bounds.",
          })
        : "",
      el(
        "figure",
        { class: "information-latents" },
        el("figcaption", {
          class: "hint",
          text: "Each latent over all images (filled), and the prior (line), from −4 to 4.",
        }),
        ...curves.map((curve, at) => density(latentName(model.latents[at]?.index ?? at), curve)),
      ),
    );
    said.textContent =
      `Measured in this browser on the codes of ${spell(count, 0)} test images, with ${spell(draws, 0)} draws from ` +
      "q(z|x); after ± one standard error. After Chen et al. 2018, Eq. 2.";
    press.hidden = true;
  }

  return {
    element,
    fill(found) {
      embedding = found;
      press.disabled = false;
      said.textContent = "";
    },
    destroy: measurer.destroy,
  };
}

/** @param {number} information nats @param {number} count of images @returns {boolean} whether there are too few of them */
const isFull = (information, count) => information > Math.log(count) - 0.5;

/** @param {import("./information.js").Estimate} estimate */
const nats = ({ value, error }) => el("strong", { class: "number", text: `${spell(value)} ± ${spell(error)} nats` });

/** @param {string} name @param {Float64Array} curve its density at the places of the grid */
function density(name, curve) {
  const top = Math.max(0.45, ...curve);
  const x = (/** @type {number} */ place) => (10 * (place + 4)).toFixed(1);
  const y = (/** @type {number} */ value) => (38 - (36 * value) / top).toFixed(1);
  const own = GRID.map((place, at) => `${x(place)},${y(curve[at])}`).join(" ");
  const prior = GRID.map((place) => `${x(place)},${y(Math.exp(-0.5 * place ** 2) / Math.sqrt(2 * Math.PI))}`).join(" ");
  return el(
    "div",
    { class: "information-latent" },
    el("span", { text: name }),
    svg(
      "svg",
      { viewBox: "0 0 80 40", role: "img", "aria-label": `${name}: density of its codes and of the prior` },
      svg("polygon", { points: `0,38 ${own} 80,38`, class: "information-codes" }),
      svg("polyline", { points: prior, class: "information-prior" }),
    ),
  );
}
