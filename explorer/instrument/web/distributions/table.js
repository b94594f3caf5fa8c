import { el, spell } from "../dom.js";
import { bitsOf, fitHidden, fitUnit, HIDDEN, logitsOfUnit, meanKl } from "./conditional.js";
import { sigmoid } from "./math.js";
import { action, createBars, createDial, section } from "./widgets.js";

const INPUTS = 3;
/** All bits alike, or not: what no single unit can say. */
const START = [0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.9];
/** Of a row: a chance of 0 or 1 would need infinite weights. */
const LEAST = 0.01;
const OF_HIDDEN = HIDDEN * (INPUTS + 2) + 1;

/** One conditional, p(y = 1 | x), as a table of 2^k rows and as a network: a unit of k + 1 numbers, or some between. */
export function table() {
  const rows = [...START];
  const unit = [1.5, -2, 1, 0];
  /** @type {number[] | null} logits that hidden units have learned, where they are shown */
  let hidden = null;
  const names = rows.map((_, row) => `x = ${bitsOf(row, INPUTS).join(" ")}`);
  const ofTable = names.map((name, row) =>
    createDial({
      label: `table, ${name}`,
      min: LEAST,
      max: 1 - LEAST,
      value: rows[row],
      onInput(to) {
        rows[row] = to;
        show();
      },
    }),
  );
  const bars = createBars(names);
  const found = el("p", { class: "hint", role: "status" });
  const size = el("p", { class: "hint" });
  const labels = [...Array.from({ length: INPUTS }, (_, at) => `weight of x${"₁₂₃"[at]}`), "bias"];
  const dials = labels.map((label, at) =>
    createDial({
      label,
      min: -10,
      max: 10,
      value: unit[at],
      onInput(value) {
        unit[at] = value;
        hidden = null;
        show();
      },
    }),
  );
  const many = createDial({ label: "inputs k", min: 1, max: 784, step: 1, value: 20, decimals: 0, onInput: count });

  function show() {
    const made = hidden ?? logitsOfUnit(unit);
    bars.show(made.map(sigmoid), rows);
    const what = hidden ? `The network with ${HIDDEN} hidden units` : "The unit";
    found.textContent =
      `${what} has ${hidden ? OF_HIDDEN : INPUTS + 1} numbers, the table ${rows.length}. Mean KL(table ‖ network) over the rows: ` +
      `${spell(meanKl(rows, made))} nats.`;
  }

  /** @param {number} k */
  function count(k) {
    const rows = k < 40 ? spell(2 ** k, 0) : `about 10^${spell(k * Math.log10(2), 0)}`;
    size.textContent = `With ${k} inputs the table has ${rows} rows, this unit ${k + 1} numbers, and one with 100 hidden units ${spell(100 * (k + 2) + 1, 0)}.`;
  }

  show();
  count(20);
  return section(
    {
      id: "table",
      title: "A table, or a small network",
      lead: "The chance that y is 1 for each setting of three bits. A table has a number for each of the eight rows; a network makes all eight.",
      try: "Set the table, and let a unit learn it. The marks are the table's rows, the bars the network's. Which tables can a single unit not learn?",
      why:
        "A table can hold anything, but its rows double with every input: an image of 784 bits would need 10^236. A single unit " +
        "has few numbers and can only tilt: where y is likely for 0 0 0 and 1 1 1 alone, its best is the same chance for all. " +
        "Hidden units add what it lacks. With three inputs they have more numbers than the table, with twenty far fewer.",
    },
    el("div", { class: "small-dials" }, ...ofTable.map(({ element }) => element)),
    el("div", { class: "small-dials" }, ...dials.map(({ element }) => element)),
    el(
      "div",
      { class: "small-actions" },
      action("Fit the unit", () => {
        fitUnit(rows).forEach((value, at) => {
          unit[at] = value;
          dials[at].set(value);
        });
        hidden = null;
        show();
      }),
      action(`Fit ${HIDDEN} hidden units`, () => {
        hidden = fitHidden(rows);
        show();
      }),
    ),
    bars.element,
    found,
    many.element,
    size,
  );
}
