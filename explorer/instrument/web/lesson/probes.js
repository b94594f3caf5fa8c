/**
 * Tells the lesson beside the stage what is measured now.
 *
 * @param {HTMLElement} from
 * @param {Record<string, number | null>} values by the name of the probe; nothing where it is not known
 */
export const tellProbes = (from, values) =>
  void from.dispatchEvent(new CustomEvent("probes", { detail: values, bubbles: true }));
