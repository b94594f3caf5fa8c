import { el, spell, withCode } from "../dom.js";
import { sentenceFor } from "../errors.js";
import { createRow } from "./pictures.js";
import { createPlots } from "./plots.js";
import { createTreatment } from "./treatment.js";
import { aim, among, isCured, spellShort } from "./ward.js";

/**
 * A patient: its plots, what one finds, the cure that one chooses and the app trains, and what it was.
 *
 * @param {{ward: import("./ward.js").Ward, number: number, job: string, api: ReturnType<typeof
 *   import("../train/api.js").createApi>, progress: ReturnType<typeof import("./progress.js").createClinicProgress>,
 *   go(patient: number | null): void, onJob(id: string): void}} options `number`: from 1; `job`: the treatment that is on, or
 *   was, or nothing
 */
export function createPatient({ ward, number, job, api, progress, go, onJob }) {
  const patient = ward.patients[number - 1];
  const own = ward.records[patient.record];
  const [originals, reconstructions, samples] = [createRow(), createRow(), createRow()];
  const treatedRows = el("div", { class: "clinic-rows" });
  const pictures = el("figure", { class: "clinic-plot clinic-rows" });
  pictures.append(originals.element, reconstructions.element, samples.element, treatedRows);
  const plots = createPlots(pictures);
  const found = el("p", { class: "because", role: "status" });
  const cures = el("section", { class: "clinic-step", hidden: true });
  const outcome = el("section", { class: "clinic-step", hidden: true });
  const reveal = el("section", { class: "clinic-step clinic-reveal", hidden: true });
  let chosen = -1;
  /** @type {ReturnType<typeof createTreatment> | null} */
  let treatment = null;

  /** @param {import("./ward.js").Seen | null} treated */
  function draw(treated) {
    plots.draw([
      { name: "healthy", look: "healthy", record: ward.records[ward.healthy] },
      { name: "patient", look: "patient", record: own },
      ...(treated ? [{ name: "treated", look: /** @type {const} */ ("treated"), record: treated }] : []),
    ]);
    if (!treated) return treatedRows.replaceChildren();
    const rows = [createRow(), createRow()];
    rows[0].draw("With your cure: reconstructions", treated.reconstructions);
    rows[1].draw("With your cure: drawn from the prior", treated.samples);
    treatedRows.replaceChildren(...rows.map(({ element }) => element));
  }

  originals.draw("Test images", ward.originals);
  reconstructions.draw("Its reconstructions of them", own.reconstructions);
  samples.draw("Drawn from the prior", own.samples);
  draw(null);

  /**
   * @param {string} ask @param {string[]} choices @param {(at: number) => void} choose
   * @returns {{element: HTMLElement, buttons: HTMLButtonElement[]}}
   */
  function question(ask, choices, choose) {
    const buttons = choices.map((text, at) =>
      el("button", { class: "choice-of-answer", type: "button", text, on: { click: () => choose(at) } }),
    );
    return { element: el("div", { class: "answers", role: "group", "aria-label": ask }, ...buttons), buttons };
  }

  const names = among(patient.found, Object.keys(patient.others));
  const diagnosis = question(
    "What is wrong?",
    names.map((name) => ward.diagnoses[name]),
    (at) => {
      const right = names[at] === patient.found;
      diagnosis.buttons[at].classList.add(right ? "right" : "wrong");
      diagnosis.buttons.forEach((button, of) => {
        button.setAttribute("aria-pressed", String(of === at));
      });
      found.textContent = right ? "Yes. Now choose a cure." : `Not this one. ${patient.others[names[at]]}`;
      if (right) diagnosed();
    },
  );
  const skip = el("button", {
    class: "action",
    type: "button",
    text: "Tell me",
    on: { click: () => diagnosis.buttons[names.indexOf(patient.found)].click() },
  });

  const cure = question(
    "Which change cures it?",
    patient.cures.map(({ label }) => label),
    (at) => {
      chosen = at;
      cure.buttons.forEach((button, of) => {
        button.setAttribute("aria-pressed", String(of === at));
      });
      begin.disabled = false;
    },
  );
  const refusal = el("p", { class: "train-refusal", role: "alert" });
  const begin = el("button", {
    class: "lesson-main",
    type: "button",
    disabled: true,
    text: ward.untreated ? "See what it does" : "Train it with this cure",
    on: { click: start },
  });
  cures.append(
    el("h2", { text: "2 · Choose a cure" }),
    cure.element,
    el(
      "p",
      {
        class: "hint",
      },
      ...withCode(
        ward.untreated
          ? `Nothing can be trained here, so you see what was measured beforehand. ${ward.untreated}`
          : "The script is trained anew with that change, on one core of the machine that runs this explorer. It takes several seconds, or longer if the machine is busy.",
      ),
    ),
    begin,
    refusal,
  );

  function diagnosed() {
    skip.hidden = true;
    cures.hidden = false;
    progress.note(number, { found: true });
  }

  async function start() {
    refusal.textContent = "";
    begin.disabled = true;
    const before = treatment;
    treatment = null;
    await before?.abandon();
    try {
      if (ward.untreated) {
        const record = ward.records[patient.cures[chosen].record];
        draw(record);
        check(record, chosen);
      } else {
        const { id } = await api.treat({ patient: number, cure: chosen });
        onJob(id);
        watch(id);
      }
    } catch (error) {
      console.error(error);
      refusal.textContent = sentenceFor(error, "The training could not be started: reload the page and try again.");
      begin.disabled = false;
    }
  }

  /** @param {string} id */
  function watch(id) {
    outcome.hidden = false;
    begin.disabled = true;
    const now = createTreatment({
      id,
      api,
      onRecord: draw,
      onEnd(record, of) {
        begin.disabled = false;
        if (record) check(record, of);
      },
    });
    treatment = now;
    outcome.replaceChildren(el("h2", { text: "3 · Check" }), now.element);
  }

  /** @param {import("./ward.js").Seen} record @param {number} of the cure */
  function check(record, of) {
    begin.disabled = false;
    const measured = /** @type {import("./ward.js").Measured} */ (record.test);
    const aimed = aim(ward, patient);
    const cured = isCured(measured, aimed);
    const { label } = patient.cures[of];
    const verdict = cured
      ? `Cured. “${label}” brings the −ELBO to ${spellShort(measured.neg_elbo)} nats.`
      : `Not cured. With “${label}” the −ELBO is ${spellShort(measured.neg_elbo)} nats; ${spellShort(aimed.neg_elbo)} was ` +
        "measured with the right cure. Choose another.";
    outcome.hidden = false;
    outcome.replaceChildren(
      el("h2", { text: "3 · Check" }),
      el("p", { class: "clinic-verdict", role: "status", text: verdict }),
      table([
        ["Patient", /** @type {import("./ward.js").Measured} */ (own.test)],
        ["With this cure", measured],
        ["Right cure, measured before", aimed],
      ]),
    );
    outcome.dataset.cured = String(cured);
    outcome.scrollIntoView({ block: "nearest" });
    if (!cured) return;
    progress.note(number, { cured: true });
    tell();
  }

  /** @param {[string, import("./ward.js").Measured][]} rows */
  function table(rows) {
    const cell = (/** @type {number | null} */ value) => el("td", { text: spellShort(value) });
    return el(
      "table",
      { class: "clinic-table" },
      el("caption", { text: `${spell(ward.test, 0)} test images, nats an image` }),
      el(
        "tr",
        {},
        ...["", "−ELBO", "Reconstruction", "KL", "Latents in use"].map((text) => el("th", { scope: "col", text })),
      ),
      ...rows.map(([name, { neg_elbo, reconstruction, kl, active }]) =>
        el(
          "tr",
          {},
          el("th", { scope: "row", text: name }),
          ...[neg_elbo, reconstruction, kl].map(cell),
          activeCell(active),
        ),
      ),
    );
  }

  /** @param {number | null} active */
  const activeCell = (active) => el("td", { text: active === null ? "not known" : String(active) });

  function tell() {
    reveal.hidden = false;
    const next = number < ward.patients.length ? number + 1 : null;
    reveal.replaceChildren(
      el("h2", { text: `It was this: ${ward.diagnoses[patient.found]}` }),
      el("p", {}, ...withCode(patient.because)),
      el(
        "dl",
        { class: "clinic-lines" },
        el("dt", { text: "Wrong" }),
        el("dd", {}, el("code", { text: patient.wrong })),
        el("dt", { text: "Right" }),
        el("dd", {}, el("code", { text: patient.correct })),
      ),
      el("button", {
        class: "lesson-main",
        type: "button",
        text: next === null ? "All patients" : "Next patient",
        on: { click: () => go(next) },
      }),
    );
  }

  const element = el(
    "article",
    { class: "clinic-patient", "data-patient": number },
    el(
      "header",
      { class: "bar" },
      el("h1", { text: `Patient ${number}` }),
      el("button", { class: "action", type: "button", text: "All patients", on: { click: () => go(null) } }),
    ),
    el("p", { class: "lessons-lead", text: `“${patient.complaint}”` }),
    el(
      "p",
      { class: "clinic-key" },
      el("span", { class: "key patient", text: "this patient" }),
      el("span", { class: "key healthy", text: "a healthy run" }),
      el("span", { class: "key treated", text: "with your cure" }),
      "From left to right: the training from its first step to its last. The steep beginning is cut off.",
    ),
    plots.element,
    el(
      "div",
      { class: "clinic-steps" },
      el("section", { class: "clinic-step" }, el("h2", { text: "1 · What is wrong?" }), diagnosis.element, found, skip),
      cures,
      outcome,
      reveal,
    ),
  );

  if (progress.of(number).found || job) {
    diagnosis.buttons[names.indexOf(patient.found)].classList.add("right");
    diagnosed();
  }
  if (job) watch(job);

  return {
    element,
    destroy() {
      treatment?.destroy();
    },
  };
}
