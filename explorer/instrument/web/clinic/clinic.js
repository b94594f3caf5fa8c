import { el } from "../dom.js";
import { sentenceFor } from "../errors.js";
import { named } from "../link.js";
import { createFrame } from "../page/frame.js";
import { createApi } from "../train/api.js";
import { createPatient } from "./patient.js";
import { createClinicProgress } from "./progress.js";

const [CLINIC, JOB] = ["clinic", "job"];

/** @param {string} query @returns {boolean} whether a link opens the clinic */
export const isClinic = (query) => named(query, CLINIC) !== null;

/** @param {number} [patient] from 1 @returns {string} the query of the clinic, or of a patient in it */
export const clinicLink = (patient) => `${CLINIC}=${patient ?? "all"}`;

/**
 * A page of its own, for a site without a server that trains.
 *
 * @param {HTMLElement} root @param {{assets: string, link: import("../host/static.js").Link}} options
 */
export function mount(root, { assets, link }) {
  const frame = createFrame(root, { assets, name: "train" });
  const clinic = createClinic({ api: createApi(assets), link, frame });
  Promise.all([frame.styled, clinic.opened]).then(() => frame.element.setAttribute("data-ready", ""));
}

/**
 * The collapse clinic: the list of patients, or the one that the link names.
 *
 * @param {{api: ReturnType<typeof import("../train/api.js").createApi>, link: import("../host/static.js").Link,
 *   frame: ReturnType<typeof import("../page/frame.js").createFrame>}} options
 */
export function createClinic({ api, link, frame }) {
  const progress = createClinicProgress();
  /** @type {ReturnType<typeof createPatient> | null} */
  let patient = null;
  /** @type {import("./ward.js").Ward | null} */
  let ward = null;
  let gone = false;
  const opened = open();

  async function open() {
    frame.wait("Opening the clinic …");
    try {
      ward = await api.clinic();
      if (!gone) show();
    } catch (error) {
      console.error(error);
      if (!gone) frame.block(sentenceFor(error, "The clinic could not be fetched: reload the page."));
    }
  }

  /** @param {number | null} number */
  function go(number) {
    link.write(clinicLink(number ?? undefined));
    show();
    frame.element.scrollIntoView?.({ block: "start" });
  }

  function show() {
    if (!ward) return;
    patient?.destroy();
    patient = null;
    const query = link.read();
    const number = Number(named(query, CLINIC));
    if (!Number.isInteger(number) || number < 1 || number > ward.patients.length) return frame.show(list(ward));
    patient = createPatient({
      ward,
      number,
      job: named(query, JOB) ?? "",
      api,
      progress,
      go,
      onJob: (id) => link.write(`${clinicLink(number)}&${JOB}=${encodeURIComponent(id)}`),
    });
    frame.show(patient.element);
  }

  /** @param {import("./ward.js").Ward} ward */
  function list({ patients }) {
    return el(
      "div",
      {},
      el("h1", { text: "Collapse clinic" }),
      el("p", {
        class: "lessons-lead",
        text:
          "Each patient is the same small VAE with one wrong line, a bug that gets copied from script to script. Look at its " +
          "curves, say what is wrong, choose a cure, and see whether the cured script trains.",
      }),
      el(
        "ol",
        { class: "clinic-list" },
        ...patients.map(({ complaint }, at) => {
          const { found, cured } = progress.of(at + 1);
          const state = cured ? "Cured" : found ? "Diagnosed" : "Not seen yet";
          return el(
            "li",
            { class: `lesson-row${cured ? " done" : ""}` },
            el("button", {
              class: "action",
              type: "button",
              text: `Patient ${at + 1}`,
              on: { click: () => go(at + 1) },
            }),
            el("span", { class: "lesson-facts", text: state }),
            el("p", { text: `“${complaint}”` }),
          );
        }),
      ),
    );
  }

  return {
    opened,
    destroy() {
      gone = true;
      patient?.destroy();
    },
  };
}
