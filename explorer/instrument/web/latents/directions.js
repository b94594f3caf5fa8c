import { el } from "../dom.js";
import { newestWins } from "../engine/scheduler.js";
import { icon } from "../icons.js";
import { present } from "../present.js";
import { ALONG, along, project } from "./along.js";
import { createDirection } from "./direction.js";
import { hasOther } from "./films.js";

/**
 * The sliders of named directions, under those of the latents. Each shows how far z lies along its direction, so that it
 * moves whenever z does.
 *
 * @param {import("../stage.js").Stage} stage
 * @returns {import("../stage.js").Part}
 */
export function createDirections(stage) {
  const { model, commands, store, directions: facts, gone } = stage;
  const shape = present(model.shape);
  const [, height] = shape;
  const zNow = () => model.z(store.get());
  /** @type {ReturnType<typeof createDirection>[]} */
  let rows = [];
  const list = el("div", { class: "direction-list" });
  const make = el(
    "button",
    {
      class: "action",
      type: "button",
      title: "Choose two groups of codes on the Directions page",
      on: { click: () => stage.onDirections?.() },
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
    el("div", { class: "directions-head" }, el("h2", { text: "Directions" }), stage.onDirections ? make : null),
    hint,
    list,
  );

  const films = newestWins(
    async () => {
      const { locked } = store.get();
      const z = zNow();
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
      const sheet = await stage.decodeLatents(codes, ALONG.length);
      if (sheet && !gone.aborted) stale.forEach((row, at) => row.draw(sheet, at * height, z));
    },
    () => {},
  );

  /** @param {import("../store.js").State} state */
  function build({ directions }) {
    rows = directions.map((direction) =>
      createDirection({
        direction,
        shape,
        commands,
        z: zNow,
        fact: facts.find(({ name, vector }) => name === direction.name && same(vector, direction.vector)),
        onRemove() {
          commands.setDirections(store.get().directions.filter((other) => other !== direction));
          (list.querySelector("input") ?? make).focus();
        },
      }),
    );
    list.replaceChildren(...rows.map((row) => row.element));
    hint.hidden = rows.length > 0;
    element.hidden = rows.length === 0 && !stage.onDirections;
  }

  return {
    element,
    show(state, before) {
      const anew = state.directions !== before?.directions;
      if (anew) build(state);
      if (!rows.length || (!anew && state.codes === before?.codes && state.locked === before?.locked)) return;
      const isOther = before !== null && hasOther(model, state.codes, before.codes);
      if (state.locked !== before?.locked || isOther) for (const row of rows) row.forget();
      for (const row of rows) row.show(model.z(state));
      films.request(null);
    },
  };
}

/** @param {number[]} a @param {number[]} b */
const same = (a, b) => a.length === b.length && a.every((value, at) => Math.abs(value - b[at]) < 1e-6);
