import { el, spell } from "../dom.js";
import { setTex } from "../lesson/formula.js";
import { followReading } from "../page/reading.js";

/**
 * ln p(x) = E[ln p(x|z)] − KL(q ‖ p(z)) + KL(q ‖ p(z|x)) of the q on screen, with what each term is worth now below it.
 *
 * @typedef {{evidence: number, fit: number, kl: number, gap: number}} Worth `fit`: E_q[ln p(x|z)]
 *
 * @param {{assets: string, gone: AbortSignal}} options
 */
export function createEquation({ assets, gone }) {
  const terms = {
    evidence: createTerm("\\ln p(x)", "how probable the model finds the image", "posterior"),
    fit: createTerm("\\mathbb{E}_q[\\ln p(x|z)]", "how well draws from q explain the image", "output"),
    kl: createTerm("\\mathrm{KL}(q\\,\\|\\,p(z))", "what it costs to say where in the prior q lies", "q"),
    gap: createTerm("\\mathrm{KL}(q\\,\\|\\,p(z|x))", "the gap: how far q is from the true posterior", "posterior"),
  };
  const signs = [0, 1, 2, 3].map(() => el("span", { class: "tex" }));
  const element = el(
    "div",
    { class: "formula equation", role: "group", "aria-label": "ln p(x) as a sum" },
    // A sign stays with what it is the sign of where the sum takes two lines.
    ...Object.values(terms).map(({ element: term }, at) => el("span", { class: "signed" }, signs[at], term)),
  );
  followReading((reading) => {
    (reading === "elbo" ? ["", "=", "−", "+"] : ["−", "= −", "+", "−"]).forEach((sign, at) => {
      signs[at].textContent = sign;
    });
  }, gone);

  /** @param {string} tex @param {string} meaning @param {string} lights */
  function createTerm(tex, meaning, lights) {
    const symbol = el("span", { class: "tex", text: tex, "aria-hidden": "true" });
    setTex(symbol, tex, assets);
    const value = el("span", { class: "term-value number", text: "–" });
    const element = el(
      "button",
      { class: "formula-term", type: "button", title: meaning, "data-lights": lights },
      symbol,
      el("span", { class: "unseen", text: `${meaning}: ` }),
      value,
      el("span", { class: "term-meaning", text: meaning.split(":")[0], "aria-hidden": "true" }),
    );
    return { element, value };
  }

  return {
    element,
    /** @param {Worth | null} worth */
    show(worth) {
      for (const name of /** @type {const} */ (["evidence", "fit", "kl", "gap"]))
        terms[name].value.textContent = worth ? spell(worth[name], 1) : "–";
    },
  };
}
