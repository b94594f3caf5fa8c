import { el, spell } from "../dom.js";
import { sigmoid } from "./math.js";
import { createBars, createDial, section } from "./widgets.js";

const INPUTS = 3;

/** One conditional, p(y = 1 | x), as a table of 2^k rows and as a unit of k + 1 numbers. */
export function table() {
  const weights = [1.5, -2, 1, 0];
  const names = Array.from({ length: 2 ** INPUTS }, (_, row) => row.toString(2).padStart(INPUTS, "0"));
  const bars = createBars(names.map((bits) => `x = ${[...bits].join(" ")}`));
  const size = el("p", { class: "hint" });
  const labels = [...Array.from({ length: INPUTS }, (_, at) => `weight of x${"₁₂₃"[at]}`), "bias"];
  const dials = labels.map((label, at) =>
    createDial({
      label,
      min: -5,
      max: 5,
      value: weights[at],
      onInput(value) {
        weights[at] = value;
        show();
      },
    }),
  );
  const many = createDial({ label: "inputs k", min: 1, max: 784, step: 1, value: 20, decimals: 0, onInput: count });

  function show() {
    bars.show(
      names.map((bits) =>
        sigmoid([...bits].reduce((sum, bit, at) => sum + Number(bit) * weights[at], weights[INPUTS])),
      ),
    );
  }

  /** @param {number} k */
  function count(k) {
    const rows = k < 40 ? (2 ** k).toLocaleString("en") : `about 10^${spell(k * Math.log10(2), 0)}`;
    size.textContent = `With ${k} inputs the table has ${rows} rows, this unit ${k + 1} numbers, and one with 100 hidden units ${(
      100 * (k + 2) + 1
    ).toLocaleString("en")}.`;
  }

  show();
  count(20);
  return section(
    {
      id: "table",
      title: "A table, or a small network",
      lead: "The chance that y is 1 for each setting of three bits: eight rows. Here four numbers make all eight.",
      try: "Make x = 1 1 1 and x = 0 0 0 likely and all the others unlikely. Can you?",
      why:
        "A table can hold anything, but its rows double with every input: an image of 784 bits would need 10^236. A single unit " +
        "has few numbers and can only tilt; hidden units between add what it lacks.",
    },
    el("div", { class: "small-dials" }, ...dials.map(({ element }) => element)),
    bars.element,
    many.element,
    size,
  );
}
