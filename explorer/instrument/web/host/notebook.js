// The instrument in a frame of a notebook: its host sets where it is, and receives where it went.

import { mount } from "../instrument.js";
import { fetchFile } from "../shelf/held.js";

/**
 * What goes between the frame and its host. `z`: of the continuous controls, one after the other; `label`: of the first
 * categorical control, null without one; `selection`: the examples that are drawn around on the map.
 *
 * @typedef {{z: number[], label: number | null, selection: number[]}} Place
 */

/** @param {HTMLElement} root @param {string} assets @param {string} model the one that is shown */
export async function showInNotebook(root, assets, model) {
  const answer = await fetchFile(new URL("../catalogue.json", assets));
  let query = `?${new URLSearchParams({ model })}`;
  /** @type {import("../stage.js").Stage | null} */
  let stage = null;
  /** @type {Partial<Place>} what was asked for before there was anything to move */
  let waiting = {};

  const label = () => stage?.model.controls.find(({ kind }) => kind === "categorical") ?? null;

  function tell() {
    if (!stage) return;
    const state = stage.store.get();
    const control = label();
    /** @type {Place} */
    const place = {
      z: [...stage.model.z(state)],
      label: control && state.codes[control.name],
      selection: [...stage.marking.get().marked],
    };
    parent.postMessage(place, "*");
  }

  /** @param {Partial<Place>} wanted */
  function move({ z, label: value, selection }) {
    if (!stage) return;
    const state = stage.store.get();
    const control = label();
    if (control && value != null && value !== state.codes[control.name]) stage.commands.set(control.name, value);
    const now = stage.model.z(state);
    if (z?.length === now.length && z.some((number, at) => number !== now[at]))
      stage.commands.go(z, { example: null, own: null });
    const { marked } = stage.marking.get();
    if (selection && String(selection) !== String([...marked]))
      stage.marking.set({ marked: Int32Array.from(selection) });
  }

  window.addEventListener("message", ({ source, data }) => {
    if (source !== parent || typeof data !== "object" || data === null) return;
    if (stage) move(data);
    else waiting = { ...waiting, ...data };
  });
  mount(root, {
    catalogue: await answer.json(),
    assets,
    link: { read: () => query, write: (next) => void (query = `?${next}`) },
    hasServer: false,
    onRelease: tell,
    onStage(next) {
      stage = next;
      stage.marking.onChange(({ marked }, before) => marked !== before.marked && tell());
      move(waiting);
      waiting = {};
      tell();
    },
  });
}
