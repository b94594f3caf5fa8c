// The page loads this before Streamlit has started: until Streamlit asks for the instrument, the engine
// compiles. `startEngine` keeps what it started; should it fail, the instrument tries again and says so.

import { startEngine } from "./engine/session.js";

startEngine(new URL("./", import.meta.url).href).catch(() => {});
