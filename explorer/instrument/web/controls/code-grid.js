import { clamp } from "../clamp.js";
import { context2d, el, focusIn } from "../dom.js";
import { rove } from "../roving.js";
import { space, painted as withCode } from "../spaces/code-grid.js";
import { term } from "../term.js";
import { onScreen } from "./on-screen.js";
import { cellsBetween } from "./stroke.js";

/** A grid of more cells, or a codebook of more codes, has no room for a button each. */
const MOST_CELLS = 1024;
const MOST_CODES = 1024;
/** A code is drawn so large, in pixels of the canvas. */
const TILE = 32;

/**
 * A grid to paint codes on, and the codebook to take them from. A code is shown by what the model makes of a grid that
 * holds nothing else.
 *
 * @type {import("./index.js").CreateWidget}
 */
export function createCodeGrid({ control: described, stage }) {
  const control = /** @type {import("../checkpoint/contract.js").CodeGrid} */ (described);
  const { name, height, width, codes } = control;
  const element = el("section", { class: "control code-grid", "aria-label": "Codes" });
  const heading = el(
    "h2",
    {},
    "Codes ",
    term(
      `${height} × ${width} of ${codes}`,
      `The model sees an image as a grid of ${height} × ${width} cells, each one of ${codes} codes that it learned. ` +
        "The decoder is given these numbers and nothing else. Change one, and the image changes around its cell.",
    ),
  );
  element.append(heading);
  if (height * width > MOST_CELLS || codes > MOST_CODES) {
    const sentence = `This grid has ${height} × ${width} cells of ${codes} codes; up to ${MOST_CELLS} cells of ${MOST_CODES} codes can be painted here.`;
    element.append(el("p", { class: "hint", text: sentence }));
    return { element, show() {} };
  }

  /** @type {number[]} */
  let value = space.start(control);
  let brush = 0;
  let isPicking = false;
  /** The pointer that paints, and the cell that it was on last. */
  let pointer = -1;
  let last = -1;
  /** @type {HTMLCanvasElement | null} the codebook's tiles in a row, once they are decoded */
  let tiles = null;

  const canvas = el("canvas", {
    class: "codes-drawn",
    width: width * TILE,
    height: height * TILE,
    "aria-hidden": "true",
  });
  const context = context2d(canvas, { alpha: false });
  const cells = value.map((_, cell) =>
    el("button", {
      class: "code-cell",
      type: "button",
      tabindex: "-1",
      on: { click: (/** @type {MouseEvent} */ event) => press(event, cell) },
    }),
  );
  const grid = el(
    "div",
    {
      class: "codes",
      role: "group",
      "aria-label": `${height} × ${width} codes`,
      style: `--across: ${width}; --down: ${height}`,
      on: {
        pointerdown: begin,
        pointermove: follow,
        pointerup: end,
        pointercancel: end,
        contextmenu: (/** @type {MouseEvent} */ event) => {
          event.preventDefault();
          pick(cellAt(event));
        },
        keydown: keys,
      },
    },
    canvas,
    ...cells,
  );
  const reach = rove(grid, () =>
    Array.from({ length: height }, (_, row) => cells.slice(row * width, (row + 1) * width)),
  );
  const swatches = Array.from({ length: codes }, (_, code) =>
    el("button", {
      class: "swatch",
      type: "button",
      role: "radio",
      tabindex: "-1",
      "aria-checked": "false",
      "aria-label": `Code ${code}`,
      title: `Code ${code}`,
      on: { click: () => choose(code), focus: () => choose(code) },
    }),
  );
  const palette = el(
    "div",
    { class: "swatches", role: "radiogroup", "aria-label": "Codebook: the code to paint with" },
    ...swatches,
  );
  const reachSwatch = rove(palette, () => onScreen(swatches));
  const picker = el("button", {
    class: "action code-pick",
    type: "button",
    "aria-pressed": "false",
    text: "Pick from the grid",
    on: { click: () => setPicking(!isPicking) },
  });
  const fill = el("button", { class: "action", type: "button", text: "Fill the grid", on: { click: fillAll } });
  const chosenName = el("output", { class: "code-chosen number" });
  element.append(
    grid,
    el("div", { class: "code-line" }, el("span", { class: "hint" }, "Painting with code ", chosenName), picker, fill),
    palette,
    el("p", {
      class: "hint",
      text:
        "Draw on the grid with the mouse or a finger. Right-click a cell, or press I, to paint with its " +
        "code. The arrow keys move, Enter paints.",
    }),
  );
  reach(cells[0]);
  choose(0);
  stage
    .decodeSheet(
      Array.from({ length: codes }, (_, code) => ({
        ...stage.store.get().codes,
        [name]: new Array(height * width).fill(code),
      })),
      codes,
    )
    .then(furnish, console.error);

  /** @param {ImageData | null} sheet an image of each code, side by side */
  function furnish(sheet) {
    if (!sheet) return;
    const size = sheet.width / codes;
    const source = el("canvas", { width: sheet.width, height: sheet.height });
    context2d(source, { alpha: false }).putImageData(sheet, 0, 0);
    tiles = el("canvas", { width: codes * TILE, height: TILE });
    const small = context2d(tiles, { alpha: false });
    small.imageSmoothingQuality = "high";
    swatches.forEach((swatch, code) => {
      // One by one: scaled together, neighbours would run into each other.
      small.drawImage(source, code * size, 0, size, sheet.height, code * TILE, 0, TILE, TILE);
      const picture = el("canvas", { width: size, height: sheet.height, "aria-hidden": "true" });
      context2d(picture, { alpha: false }).drawImage(source, -code * size, 0);
      swatch.replaceChildren(picture);
    });
    value.forEach(drawCell);
    element.dataset.furnished = "true";
  }

  /** @param {number} code @param {number} cell */
  function drawCell(code, cell) {
    if (!tiles) return;
    const [x, y] = [(cell % width) * TILE, Math.floor(cell / width) * TILE];
    context.drawImage(tiles, code * TILE, 0, TILE, TILE, x, y, TILE, TILE);
  }

  /** @param {number} code @param {number} cell */
  function label(code, cell) {
    const text = `Row ${Math.floor(cell / width) + 1}, column ${(cell % width) + 1}: code ${code}`;
    cells[cell].setAttribute("aria-label", text);
    cells[cell].title = text;
  }

  /** @param {number} code */
  function choose(code) {
    swatches[brush].setAttribute("aria-checked", "false");
    brush = code;
    swatches[code].setAttribute("aria-checked", "true");
    reachSwatch(swatches[code]);
    chosenName.textContent = String(code);
  }

  /** @param {boolean} picking */
  function setPicking(picking) {
    isPicking = picking;
    picker.setAttribute("aria-pressed", String(picking));
    grid.classList.toggle("picking", picking);
  }

  /** @param {number} cell */
  function pick(cell) {
    choose(value[cell]);
    setPicking(false);
  }

  /** @param {{clientX: number, clientY: number}} event @returns {number} the cell there, or the nearest one */
  function cellAt({ clientX, clientY }) {
    const { left, top, right, bottom } = grid.getBoundingClientRect();
    const held = (/** @type {number} */ at, /** @type {number} */ count) => clamp(Math.floor(at), 0, count - 1);
    const column = held(((clientX - left) / (right - left)) * width, width);
    const row = held(((clientY - top) / (bottom - top)) * height, height);
    return row * width + column;
  }

  /** @param {Iterable<number>} painted @param {number} time */
  function paint(painted, time) {
    const next = withCode(value, painted, brush);
    if (next !== value) stage.commands.put(name, next, time);
  }

  /** @param {PointerEvent} event */
  function begin(event) {
    if (event.button !== 0 || pointer >= 0) return;
    const cell = cellAt(event);
    if (isPicking) return;
    pointer = event.pointerId;
    grid.setPointerCapture(pointer);
    last = cell;
    paint([cell], event.timeStamp);
  }

  /** @param {PointerEvent} event */
  function follow(event) {
    if (event.pointerId !== pointer) return;
    const seen = event.getCoalescedEvents?.() ?? [];
    const painted = new Set();
    for (const at of seen.length ? seen : [event]) {
      const cell = cellAt(at);
      for (const between of cellsBetween(last, cell, width)) painted.add(between);
      last = cell;
    }
    paint(painted, event.timeStamp);
  }

  /** @param {PointerEvent} event */
  function end(event) {
    if (event.pointerId !== pointer) return;
    pointer = -1;
    stage.commands.settle();
  }

  /** What a pointer presses is painted already: this is for the keyboard, and for picking. @param {MouseEvent} event @param {number} cell */
  function press(event, cell) {
    if (isPicking) return pick(cell);
    if (event.detail > 0) return;
    paint([cell], event.timeStamp);
    stage.commands.settle();
  }

  /** @param {KeyboardEvent} event */
  function keys(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.key.toLowerCase() !== "i") return;
    const cell = cells.indexOf(/** @type {any} */ (focusIn(grid)));
    if (cell < 0) return;
    event.preventDefault();
    event.stopPropagation();
    pick(cell);
  }

  function fillAll() {
    paint(value.keys(), performance.now());
    stage.commands.settle();
  }

  return {
    element,
    show(state, before) {
      const next = state.codes[name];
      if (before && next === value) return;
      next.forEach((/** @type {number} */ code, /** @type {number} */ cell) => {
        if (before && code === value[cell]) return;
        drawCell(code, cell);
        label(code, cell);
      });
      value = next;
    },
  };
}
