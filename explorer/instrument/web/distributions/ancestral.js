import { el, spell } from "../dom.js";
import { seeded } from "../engine/seeded.js";
import { svg } from "../svg.js";
import { marginal, ancestral as sample } from "./math.js";
import { action, createDial, section } from "./widgets.js";

const NAMES = ["rain", "sprinkler", "wet grass"];
const PLACES = [
  [100, 28],
  [32, 92],
  [150, 128],
];

/** Three variables, each drawn after its parents. */
export function ancestral() {
  /** @type {{parents: number[], table: number[]}[]} */
  const nodes = [
    { parents: [], table: [0.3] },
    { parents: [0], table: [0.5, 0.05] },
    { parents: [0, 1], table: [0.02, 0.9, 0.85, 0.99] },
  ];
  const random = seeded(3);
  let draws = 0;
  let wet = 0;
  const circles = PLACES.map(([cx, cy], at) =>
    svg(
      "g",
      {},
      svg("circle", { cx, cy, r: 22 }),
      svg("text", { x: cx, y: cy + 4, "text-anchor": "middle", text: NAMES[at] }),
    ),
  );
  const arrows = nodes.flatMap(({ parents }, child) =>
    parents.map((parent) => {
      const [[x1, y1], [x2, y2]] = [PLACES[parent], PLACES[child]];
      const length = Math.hypot(x2 - x1, y2 - y1);
      const [right, down] = [(22 * (x2 - x1)) / length, (22 * (y2 - y1)) / length];
      return svg("line", { x1: x1 + right, y1: y1 + down, x2: x2 - 1.25 * right, y2: y2 - 1.25 * down });
    }),
  );
  const graph = svg(
    "svg",
    { viewBox: "0 0 190 156", class: "small-graph", role: "img", "aria-label": "rain → sprinkler, both → wet grass" },
    svg(
      "defs",
      {},
      svg(
        "marker",
        { id: "small-arrow", viewBox: "0 0 8 8", refX: 6, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" },
        svg("path", { d: "M0 0 8 4 0 8z" }),
      ),
    ),
    ...arrows,
    ...circles,
  );
  const facts = el("p", { class: "hint" });
  const labels = [
    ["p(rain)"],
    ["p(sprinkler | dry)", "p(sprinkler | rain)"],
    ["p(wet | neither)", "p(wet | sprinkler alone)", "p(wet | rain alone)", "p(wet | both)"],
  ];
  const dials = nodes.flatMap(({ table }, node) =>
    table.map((value, row) =>
      createDial({
        label: labels[node][row],
        min: 0,
        max: 1,
        value,
        onInput(to) {
          table[row] = to;
          draws = wet = 0;
          show();
        },
      }),
    ),
  );

  function show() {
    const exact = `Summed over all eight cases, the grass is wet with chance ${spell(marginal(nodes, 2), 3)}.`;
    const counted =
      draws === 1
        ? `In this draw it is ${wet ? "wet" : "dry"}.`
        : `Of ${draws} draws, ${spell(wet / draws, 3)} were wet.`;
    facts.textContent = draws ? `${exact} ${counted}` : exact;
  }

  /** @param {number} count */
  function draw(count) {
    let values = [0, 0, 0];
    for (let i = 0; i < count; i++) {
      values = sample(nodes, random);
      draws++;
      wet += values[2];
    }
    circles.forEach((circle, at) => {
      circle.classList.toggle("is-one", values[at] === 1);
    });
    show();
  }

  show();
  return section(
    {
      id: "ancestral",
      title: "A directed graph, and ancestral sampling",
      lead: "An arrow says what a variable depends on. Each variable has a table: its chance of being true, for every state of its parents.",
      try: "Draw once: what is true lights up, parents first. Then draw 1,000 and compare with the exact sum.",
      why:
        "The joint distribution is the product of the tables. Drawing parents before children gives a sample of it. A VAE is " +
        "such a graph with two nodes, z → x, whose second table is a network.",
    },
    graph,
    el("div", { class: "small-dials" }, ...dials.map(({ element }) => element)),
    el(
      "div",
      { class: "small-actions" },
      action("Draw once", () => draw(1)),
      action("Draw 1,000", () => draw(1000)),
    ),
    facts,
  );
}
