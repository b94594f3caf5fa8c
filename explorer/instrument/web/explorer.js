// All that a page needs, in one module: bundled, it is the one file that a page fetches.

export { host as distributions } from "./distributions/streamlit.js";
export { openEarly } from "./early.js";
export { startEngine } from "./engine/session.js";
export { host as ladder } from "./ladder/streamlit.js";
export { host as lessons } from "./lesson/streamlit.js";
export { showInNotebook } from "./notebook.js";
export { host as released } from "./released.js";
export { hold } from "./shelf/held.js";
export { showClinic, showDistributions, showInstrument, showLadder, showLessons, showTraining } from "./static.js";
export { host as instrument } from "./streamlit.js";
export { host as training } from "./train/streamlit.js";
