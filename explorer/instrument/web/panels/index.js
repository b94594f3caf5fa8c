import actions from "./actions.js";
import controls from "./controls.js";
import directions from "./directions.js";
import map from "./map.js";
import output from "./output.js";
import path from "./path.js";
import source from "./source.js";
import start from "./start.js";
import traversals from "./traversals.js";
import whereabouts from "./whereabouts.js";

/**
 * Every panel there is. Those of one place stand in this order; the first to be here is the first to hear of a move.
 *
 * @type {import("../stage.js").Panel[]}
 */
export const PANELS = [output, source, controls, actions, traversals, directions, map, whereabouts, path, start];
