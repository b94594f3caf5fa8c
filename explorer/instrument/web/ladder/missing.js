import { el, withCode } from "../dom.js";
import { missingWords } from "./words.js";

/** What was planned and not trained here, and the command that makes it. @type {import("./stage.js").TablePanel} */
export default {
  name: "missing",
  place: "top",
  fits: (table) => missingWords(table) !== null || "",
  create: ({ table }) => ({
    element: el("p", { class: "hint missing-words" }, ...withCode(missingWords(table) ?? "")),
  }),
};
