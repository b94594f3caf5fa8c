import { createDial } from "../distributions/widgets.js";
import { el, spell, withCode } from "../dom.js";
import { sentenceFor } from "../errors.js";
import { createOwnImages } from "./own-images.js";

const OWN = "own";
const WIDTHS = [
  ["half", "half as wide"],
  ["normal", "normal"],
  ["double", "twice as wide"],
];

/** @param {number} seconds @returns {string} */
export function spellTime(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} seconds`;
  return `${Math.round(seconds / 60)} minutes`;
}

/** @param {{name: string, title: string}[]} offered */
const namesOf = (offered) => offered.map(({ name, title }) => [name, title]);

/**
 * The form of a run, with its bounds and what it will take.
 *
 * @param {{offer: import("./api.js").Offer, api: ReturnType<typeof import("./api.js").createApi>,
 *   onBegin(form: import("./api.js").Form): Promise<void>, onData(data: string): void}} options `onData` is called with the name of the images
 *   are chosen, now too
 */
export function createForm({ offer, api, onBegin, onData }) {
  const there = offer.data.filter(({ missing }) => !missing);
  const absent = offer.data.filter(({ missing }) => missing);
  /** @type {import("./api.js").Form & Required<Pick<import("./api.js").Form, "width" | "beta">>} */
  const form = {
    data: "digits",
    family: offer.kinds[0].name,
    latents: 2,
    steps: 1500,
    minutes: 5,
    width: "normal",
    beta: 1,
  };
  const estimate = el("p", { class: "train-estimate", role: "status" });
  const refusal = el("p", { class: "train-refusal", role: "alert" });
  const button = el("button", { class: "lesson-main", type: "submit", text: "Train" });
  const own = createOwnImages({
    api,
    bounds: offer.own,
    onDropped() {
      if (form.data === OWN) return;
      data.value = OWN;
      take(OWN);
    },
    onChange: () => form.data === OWN && show(),
  });

  /** @param {string} label @param {string[][]} options @param {(value: string) => void} choose */
  function choice(label, options, choose) {
    const select = el(
      "select",
      { on: { change: () => choose(select.value) } },
      ...options.map(([value, text]) => el("option", { value, text })),
    );
    return el("label", { class: "train-choice" }, el("span", { text: label }), select);
  }

  /** @param {"latents" | "steps" | "minutes" | "beta"} name @param {string} label @param {number} step */
  function dial(name, label, step) {
    const [min, max] = offer.bounds[name];
    return createDial({
      label: `${label} (${min} to ${spell(max, 0)})`,
      min,
      max,
      step,
      value: form[name],
      decimals: 0,
      onInput(value) {
        form[name] = value;
        show();
      },
    });
  }

  const latents = dial("latents", "Latents: numbers in a code", 1);
  const steps = dial("steps", "Steps: updates of the weights", 100);
  const minutes = dial("minutes", "Minutes at most", 1);
  const beta = dial("beta", "β: the weight of the KL", 0.5);

  /** @param {string} value */
  function take(value) {
    const name = /** @type {import("./api.js").Form["data"]} */ (value);
    form.data = name;
    form.steps = name === OWN ? offer.own.steps : (offer.data.find((one) => one.name === name)?.steps ?? form.steps);
    steps.set(form.steps);
    onData(name);
    show();
  }

  /** @param {number | undefined} pace seconds a step */
  function time(pace) {
    return pace
      ? `About ${spellTime(pace * form.steps)}, as the last run of this kind took on this machine.`
      : "No run of this kind has been trained on this machine yet. Once it has started, its page shows the time left.";
  }

  function ownTime() {
    const facts = own.facts();
    if (!facts) return "How long it takes is measured once your images are here.";
    const { seconds } = facts.networks[`${form.family} ${form.width}`];
    if (!seconds) return own.timing() ? "Measuring how long a step takes here …" : time(undefined);
    const rate = spell(Math.round(facts.batch / seconds), 0);
    const times = spell(Math.max(1, Math.round((form.steps * facts.batch) / facts.train)), 0);
    return (
      `About ${spellTime(seconds * form.steps)} at ${rate} images a second, as measured on this machine just now; each image ` +
      `is seen about ${times} ${times === "1" ? "time" : "times"}.`
    );
  }

  function show() {
    beta.element.hidden = !offer.kinds.find(({ name }) => name === form.family)?.weighs_kl;
    own.element.hidden = own.seen.hidden = form.data !== OWN;
    button.disabled = form.data === OWN && !own.facts();
    const known = form.data === OWN ? ownTime() : time(offer.paces[`${form.data} ${form.family} ${form.width}`]);
    const queue = offer.queue
      ? ` ${offer.queue === 1 ? "One run is" : `${offer.queue} runs are`} before it; runs take turns.`
      : "";
    estimate.textContent = `${known} It ends after ${spellTime(60 * form.minutes)} at the latest.${queue}`;
  }

  const element = el(
    "form",
    {
      class: "train-form",
      on: {
        async submit(/** @type {Event} */ event) {
          event.preventDefault();
          refusal.textContent = "";
          button.disabled = true;
          try {
            await onBegin({ ...form, ...(form.data === OWN ? own.asked() : {}) });
          } catch (error) {
            console.error(error);
            refusal.textContent = sentenceFor(error, "The run could not be started: reload the page and try again.");
          }
          show();
        },
      },
    },
    choice("Data", [...namesOf(there), [OWN, "Your own images"]], take),
    own.element,
    choice("Model", namesOf(offer.kinds), (value) => {
      form.family = /** @type {import("./api.js").Form["family"]} */ (value);
      show();
    }),
    latents.element,
    beta.element,
    choice("Network", WIDTHS, (value) => {
      form.width = /** @type {"half" | "normal" | "double"} */ (value);
      show();
    }),
    steps.element,
    minutes.element,
    estimate,
    button,
    refusal,
    absent.length
      ? el(
          "details",
          { class: "train-missing" },
          el("summary", { text: `Not here yet: ${absent.map(({ title }) => title).join(", ")}` }),
          ...absent.map(({ title, missing }) => el("p", {}, ...withCode(`${title}: ${missing}`))),
        )
      : null,
  );
  // The first and the last list are of the form; those between, of one's own images.
  const lists = element.querySelectorAll("select");
  const data = lists[0];
  lists[lists.length - 1].value = form.width;
  take(there[0].name);
  return { element, seen: own.seen, destroy: own.destroy };
}
