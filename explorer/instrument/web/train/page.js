import { clinicLink, createClinic, isClinic } from "../clinic/clinic.js";
import { el, spell } from "../dom.js";
import { startEngine } from "../engine/session.js";
import { sentenceFor } from "../errors.js";
import { remembered } from "../host/remembered.js";
import { named } from "../link.js";
import { createWorker } from "../model/worker.js";
import { createFrame } from "../page/frame.js";
import { createApi } from "./api.js";
import { createExample } from "./example.js";
import { createForm } from "./form.js";
import { createRun } from "./run.js";

const JOB = "job";
const MOST_REMEMBERED = 12;
/** What each data set's run may be compared with, of what comes with the explorer. @type {Record<string, string>} */
const SHIPPED = { digits: "digits-2d", fashion: "fashion", sprites: "sprites-beta4", scenes: "scenes" };

/**
 * The page of training: a form, the runs of this browser, and with a link to one, that run.
 *
 * @param {HTMLElement} root
 * @param {{assets: string, instrument: string, link: import("../host/static.js").Link}} options `instrument`: the address of
 *   the page that opens a model
 * @returns {{destroy(): void}}
 */
export function mount(root, { assets, instrument, link }) {
  const frame = createFrame(root, { assets, name: "train" });
  const api = createApi(assets);
  const worker = createWorker(assets);
  const store = remembered("runs");
  /** @type {{destroy(): void} | null} a run, the form of one, or the clinic */
  let opened = null;
  let gone = false;
  open();

  /** @returns {{id: string, title: string, steps?: number, seen?: number}[]} `seen`: when this browser saw it first */
  function mine() {
    try {
      const found = JSON.parse(store.get() || "[]");
      return Array.isArray(found) ? found : [];
    } catch {
      return [];
    }
  }

  /** @param {import("./api.js").Job} run */
  function remember({ id, title, steps }) {
    const before = mine();
    const seen = before.find((one) => one.id === id)?.seen ?? Date.now();
    const others = before.filter((one) => one.id !== id);
    store.set(JSON.stringify([{ id, title, steps, seen }, ...others].slice(0, MOST_REMEMBERED)));
  }

  /** @param {string} query */
  function go(query) {
    link.write(query);
    open();
  }

  async function open() {
    opened?.destroy();
    opened = null;
    const id = named(link.read(), JOB);
    await frame.styled;
    if (gone) return;
    if (isClinic(link.read())) {
      const clinic = createClinic({ api, link, frame });
      opened = clinic;
      await clinic.opened;
    } else if (id) {
      const run = createRun({
        id,
        api,
        assets,
        instrument,
        worker,
        shipped: SHIPPED,
        onAnother: () => go(""),
        onChange: remember,
        share: () => frame.share(location.href),
      });
      opened = run;
      frame.show(run.element);
    } else await choose();
    frame.element.setAttribute("data-ready", "");
  }

  async function choose() {
    frame.wait("Looking at what can be trained here …");
    try {
      const offer = await api.offer();
      if (gone) return;
      const example = createExample({ assets, instrument });
      const form = createForm({
        offer,
        api,
        // Nobody has trained a model on a person's own images yet: those of coloured scenes are the most like them.
        onData: (data) => example.show(SHIPPED[data] ?? SHIPPED.scenes),
        async onBegin(asked) {
          const { id } = await api.begin(asked);
          go(new URLSearchParams({ [JOB]: id }).toString());
        },
      });
      opened = form;
      // A run's first picture need not wait for it; where it cannot be started, that picture says so.
      startEngine(assets).catch(() => {});
      frame.show(
        el(
          "div",
          {},
          el("h1", { text: "Train a model here" }),
          el("p", {
            class: "lessons-lead",
            text:
              "Choose images and a model, or drop images of your own. It trains on one core of the machine that runs this explorer, and you watch its latent space " +
              "grow: drag a latent while it learns. Closing this page does not stop the run: its link opens it again.",
          }),
          el(
            "div",
            { class: "train-choose" },
            form.element,
            el("div", {}, form.seen, example.element, runs(), clinic()),
          ),
        ),
      );
    } catch (error) {
      console.error(error);
      if (!gone) frame.block(sentenceFor(error, "What can be trained could not be fetched: reload the page."));
    }
  }

  function clinic() {
    return el(
      "section",
      { class: "train-clinic" },
      el("h2", { text: "Collapse clinic" }),
      el("p", {
        text: "Seven scripts that train, but do not learn what they should. Find the bug, cure it, and watch the cured script train.",
      }),
      el("button", {
        type: "button",
        class: "lesson-main is-quiet",
        text: "Open the clinic",
        on: { click: () => go(clinicLink()) },
      }),
    );
  }

  function runs() {
    const found = mine();
    if (!found.length) return el("div", {});
    return el(
      "div",
      {},
      el("h2", { text: "Runs of this browser" }),
      el(
        "ul",
        { class: "train-mine" },
        ...found.map(({ id, ...run }) =>
          el(
            "li",
            {},
            el("button", {
              type: "button",
              class: "action",
              text: run.title,
              on: { click: () => go(new URLSearchParams({ [JOB]: id }).toString()) },
            }),
            el("span", { class: "hint", text: tellApart(run) }),
          ),
        ),
      ),
    );
  }

  return {
    destroy() {
      gone = true;
      opened?.destroy();
      worker.destroy();
      frame.destroy();
    },
  };
}

/** What differs between runs of one title. @param {{steps?: number, seen?: number}} run @returns {string} */
function tellApart({ steps, seen }) {
  const time = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
  return [
    steps && `${spell(steps, 0)} steps`,
    seen && new Date(seen).toLocaleString("en-GB", /** @type {any} */ (time)),
  ]
    .filter(Boolean)
    .join(" · ");
}
