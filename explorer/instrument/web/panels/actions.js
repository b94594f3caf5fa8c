import { createActions } from "../page/actions.js";

/** @type {import("../stage.js").Panel} */
export default { name: "actions", compare: "once", place: "picture", fits: () => true, create: createActions };
