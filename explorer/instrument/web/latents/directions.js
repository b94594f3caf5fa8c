import { el } from "../dom.js";
import { newestWins } from "../engine/scheduler.js";
import { icon } from "../icons.js";
import { ALONG, along, project } from "./along.js";
import { createDirection } from "./direction.js";

/**
 * The sliders of named directions, under those of the latents. Each shows how far z lies along its direction, so that it
 * moves whenever z does.
 *
 * @param {import("../bench.js").Bench} bench
 * @returns {import("../bench.js").Part}
 */
export function createDirections(bench) {
  const { card, commands, store, directions: facts, gone } = bench;
  const [, height] = card.output.shape;
  /** @type {ReturnType<typeof createDirection>[]} */
  let rows = [];
  const list = el("div", { class: "direction-list" });
  const make = el(
    "button",
    {
      class: "action",
      type: "button",
      title: "Choose two groups of codes on the Directions page",
      on: { click: () => bench.onDirections?.() },
    },
    icon("plus"),
    el("span", { text: "Make one" }),
  );
  const hint = el("p", {
    class: "hint",
    text: "The direction from one group of codes to another, as a slider.",
  });
  const element = el(
    "section",
    { class: "directions", "aria-label": "Directions", style: `--cells: ${ALONG.length}` },
    el("div", { class: "directions-head" }, el("h2", { text: "Directions" }), bench.onDirections ? make : null),
    hint,
    list,
  );

  const films = newestWins(
    async () => {
      const { z, locked } = store.get();
      const stale = rows.filter((row) => row.isStale(z));
      if (!stale.length) return;
      const codes = stale.flatMap(({ vector }) => {
        const from = project(z, vector);
        const held = (/** @type {number[]} */ code) =>
          code.map((/** @type {number} */ value, /** @type {number} */ latent) =>
            locked.includes(latent) ? z[latent] : value,
          );
        return ALONG.map((step) => held(along(z, vector, step - from)));
      });
      const sheet = await bench.decodeSheet(codes, ALONG.length);
      if (sheet && !gone.aborted) stale.forEach((row, at) => row.draw(sheet, at * height, z));
    },
    () => {},
  );

  /** @param {import("../store.js").State} state */
  function build({ directions }) {
    rows = directions.map((direction) =>
      createDirection({
        direction,
        shape: card.output.shape,
        commands,
        z: () => store.get().z,
        fact: facts.find(({ name, vector }) => name === direction.name && same(vector, direction.vector)),
        onRemove() {
          commands.setDirections(store.get().directions.filter((other) => other !== direction));
          (list.querySelector("input") ?? make).focus();
        },
      }),
    );
    list.replaceChildren(...rows.map((row) => row.element));
    hint.hidden = rows.length > 0;
    element.hidden = rows.length === 0 && !bench.onDirections;
  }

  return {
    element,
    show(state, before) {
      const anew = state.directions !== before?.directions;
      if (anew) build(state);
      if (!rows.length || (!anew && state.z === before?.z && state.locked === before?.locked)) return;
      if (state.locked !== before?.locked) for (const row of rows) row.forget();
      for (const row of rows) row.show(state.z);
      films.request(null);
    },
  };
}

/** @param {number[]} a @param {number[]} b */
const same = (a, b) => a.length === b.length && a.every((value, at) => Math.abs(value - b[at]) < 1e-6);
