import { factOf } from "../directions/facts.js";
import { createMaker } from "../directions/maker.js";
import { el } from "../dom.js";
import { newestWins } from "../engine/scheduler.js";
import { present } from "../present.js";
import { ALONG, along, project } from "./along.js";
import { createDirection } from "./direction.js";
import { hasOther } from "./films.js";

/**
 * Named directions: how one is made, and their sliders. Each slider shows how far z lies along its direction, so that it moves
 * whenever z does.
 *
 * @param {import("../stage.js").Stage} stage
 * @returns {import("../stage.js").Part}
 */
export function createDirections(stage) {
  const { model, commands, store, gone } = stage;
  const shape = present(model.shape);
  const [, height] = shape;
  const zNow = () => model.z(store.get());
  /** @type {ReturnType<typeof createDirection>[]} */
  let rows = [];
  const list = el("div", { class: "direction-list" });
  const maker = createMaker(stage, {
    onMade({ name }) {
      const made = rows[store.get().directions.findIndex((direction) => direction.name === name)];
      made?.element.scrollIntoView({ block: "nearest" });
      made?.focus();
    },
  });
  const element = el(
    "section",
    { class: "directions", "aria-label": "Directions", style: `--cells: ${ALONG.length}` },
    el("h2", { text: "Directions" }),
    maker.element,
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
        fact: factOf(stage.entry.id, direction),
        onRemove() {
          commands.setDirections(store.get().directions.filter((other) => other !== direction));
          /** @type {HTMLElement | null} */ (element.querySelector(".direction input, button, select"))?.focus();
        },
      }),
    );
    list.replaceChildren(...rows.map((row) => row.element));
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
    fill: maker.fill,
  };
}
