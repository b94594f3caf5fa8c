import { readFileSync } from "node:fs";

/** What other programs make of the same questions; `answers.py` asks them, and says which they are. */
export default JSON.parse(readFileSync(new URL("answers.json", import.meta.url), "utf8"));
