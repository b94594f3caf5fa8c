import { remembered } from "../host/remembered.js";

/**
 * How far one is with each patient, in this browser alone.
 *
 * @typedef {{found?: boolean, cured?: boolean}} Progress
 */

export function createClinicProgress(store = remembered("clinic")) {
  /** @returns {Record<string, Progress>} */
  function all() {
    try {
      const found = JSON.parse(store.get() || "{}");
      return found && typeof found === "object" ? found : {};
    } catch {
      return {}; // somebody else wrote there
    }
  }
  return {
    /** @param {number} patient @returns {Progress} */
    of: (patient) => all()[patient] ?? {},
    /** @param {number} patient @param {Progress} change */
    note(patient, change) {
      const now = all();
      store.set(JSON.stringify({ ...now, [patient]: { ...now[patient], ...change } }));
    },
  };
}
