/**
 * What is open: one model, several on one cursor, or the small distributions, which need none.
 *
 * @typedef {object} View
 * @property {HTMLElement} element
 * @property {string[]} ids of the models; the first is the one that Python is given
 * @property {import("./stage.js").Stage[]} stages theirs
 * @property {(focus: Element | null) => import("./stage.js").Stage | null} stageAt the one that keys and tools are about
 * @property {() => string} link to exactly this
 * @property {() => string} tab that is shown, where there are any
 * @property {(query: string) => void} goTo where another screen has the same models
 * @property {() => void} destroy
 *
 * What every view is made of.
 *
 * @typedef {object} Setting
 * @property {string} query what the link says
 * @property {string} opening where to be, if the link does not say it
 * @property {import("./store.js").Source | null} source the person's own image, which is in no link
 * @property {AbortSignal} signal something else is opened
 * @property {import("./model/worker.js").DecodingWorker} worker
 * @property {string} assets
 * @property {ReturnType<typeof import("./page/frame.js").createFrame>} frame
 * @property {() => void} onReady its first image is on screen
 * @property {() => void} onCommit a move has ended
 */

/** A lesson about distributions so small that they need no model. @param {HTMLElement} element @returns {View} */
export const smallView = (element) => ({
  element,
  ids: [],
  stages: [],
  stageAt: () => null,
  link: () => "",
  tab: () => "",
  goTo() {},
  destroy() {},
});
