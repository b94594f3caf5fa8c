import dial from "./dial.js";
import ends from "./ends.js";
import image from "./image.js";
import rows from "./rows.js";
import scores from "./scores.js";
import siblings from "./siblings.js";
import trade from "./trade.js";

/** Every panel of a table, in the order on screen. @type {import("./stage.js").TablePanel[]} */
export const PANELS = [dial, ends, image, rows, scores, siblings, trade];
