// All that a page needs, in one module: bundled, it is the one file that a page fetches.

export { host as distributions } from "./distributions/streamlit.js";
export { startEngine } from "./engine/session.js";
export { openEarly } from "./host/early.js";
export { host as everywhere } from "./host/everywhere.js";
export { host as head } from "./host/head.js";
export { showInNotebook } from "./host/notebook.js";
export { host as released } from "./host/released.js";
export {
  showClinic,
  showCodes,
  showDistributions,
  showInstrument,
  showLadder,
  showLessons,
  showTraining,
} from "./host/static.js";
export { host as instrument } from "./host/streamlit.js";
export { speakForTheServer } from "./host/unreachable.js";
export { host as ladder } from "./ladder/streamlit.js";
export { host as lessons } from "./lesson/streamlit.js";
export { hold } from "./shelf/held.js";
export { host as training } from "./train/streamlit.js";
