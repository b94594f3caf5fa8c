import { el, latentName, spell } from "../dom.js";
import { newestWins } from "../engine/scheduler.js";
import { orderLatents } from "../model/latents.js";
import { greedyAll } from "../model/writing.js";
import { present } from "../present.js";
import { rove } from "../roving.js";
import { spelled } from "../spaces/tokens.js";
import { term } from "../term.js";

/** Of the steps of a latent: five words of ten letters have room beside each other. */
const COLUMNS = [0, 2, 5, 8, 10];

/**
 * What each slider would write from here: a row of words for each latent, all others as they are.
 *
 * @param {import("../stage.js").Stage} stage
 * @returns {import("../stage.js").Part}
 */
function create(stage) {
  const { model, commands, gone } = stage;
  const writer = present(model.writer);
  const { active, inactive } = orderLatents(model.card);
  const { alphabet } = /** @type {import("../checkpoint/contract.js").Characters} */ (model.card.output);
  const lines = (active.length ? active : inactive).map((latent) => {
    const steps = COLUMNS.map((column) => model.latents[latent].steps[column]);
    const cells = steps.map((step) =>
      el("button", {
        class: "word-cell",
        type: "button",
        tabindex: "-1",
        "aria-label": `${latentName(latent)} at ${spell(step, 1)}`,
        on: { click: () => commands.goTo(latent, step) },
      }),
    );
    return { latent, steps, cells };
  });
  const table = el(
    "div",
    { class: "word-table", style: `--columns: ${COLUMNS.length}` },
    el("span", {}),
    ...lines[0].steps.map((step) => el("span", { class: "hint", text: spell(step, 1) })),
    ...lines.flatMap(({ latent, cells }) => [el("span", { class: "number", text: latentName(latent) }), ...cells]),
  );
  const makeCurrent = rove(table, () => lines.map(({ cells }) => cells));
  makeCurrent(lines[0].cells[0]);
  const element = el(
    "section",
    { class: "word-rows", "aria-label": "What each slider would write" },
    el(
      "h2",
      {},
      "What each slider would write ",
      term(
        "from here",
        "One row for each latent: the word at each of its values, while all others stay as they are. Where the word never " +
          "changes, the decoder ignores the latent.",
      ),
    ),
    el("div", { class: "word-table-scroll" }, table),
  );

  const queue = newestWins(async (/** @type {import("../store.js").State} */ state, overtaken) => {
    const stepper = await writer.open();
    for (const { latent, steps, cells } of lines) {
      const codes = steps.map((step) => {
        const z = [...model.z(state)];
        z[latent] = step;
        return model.withZ(state, z).codes;
      });
      const words = await greedyAll(stepper, codes.length, writer.values(codes));
      // A pointer that moves comes first.
      await new Promise((resolve) => setTimeout(resolve));
      if (overtaken() || gone.aborted) return;
      words.forEach((tokens, at) => {
        cells[at].textContent = spelled(tokens, alphabet) || "(empty)";
      });
    }
    element.dataset.drawn = JSON.stringify(model.z(state));
  }, console.error);

  return {
    element,
    show(state, before) {
      if (!before || model.z(state) !== model.z(before)) queue.request(state);
    },
  };
}

/** @type {import("../stage.js").Panel} */
export default {
  name: "word-rows",
  place: "tabs",
  title: "Traversals",
  fits: ({ card, continuous, writer }) => (card.output.kind === "characters" && continuous && writer ? true : ""),
  create,
};
