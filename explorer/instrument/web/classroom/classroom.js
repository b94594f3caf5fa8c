import { el } from "../dom.js";
import { newestWins } from "../engine/scheduler.js";
import { InstrumentError } from "../errors.js";
import { named } from "../link.js";
import { remembered } from "../remembered.js";
import { createApi } from "./api.js";
import { createBar } from "./bar.js";
import { createDialog } from "./dialog.js";
import { forget, keep, recall } from "./role.js";
import { listen } from "./stream.js";

/** Of a drag that is streamed: twenty moves a second, the newest wins. */
const MOVE_MS = 50;
/** A follower's link, and what is measured at rest, wait until the teacher does. */
const REST_MS = 200;
const TALLY_MS = 1000;
/** What a place of the class holds beside the link of the instrument: the open tab, and whether the answer is shown. */
const [VIEW, REVEALED] = ["view", "revealed"];
const ARROWS = /** @type {Record<string, number>} */ ({ ArrowLeft: -1, ArrowRight: 1, PageUp: -1, PageDown: 1 });
const OWN_ARROWS = "input, select, textarea, dialog, [role=tab], .place";
/** A touch of these may move the screen; a prediction is made without leaving the class. */
const MOVING = ".place, .bar, .lesson-head, .lesson-steps, .lesson-foot";

/**
 * What a class is to a prediction.
 *
 * @typedef {object} Audience
 * @property {() => "leader" | "follower" | null} role nothing, also for who has let go
 * @property {(lesson: string) => boolean} isRevealed
 * @property {() => void} reveal to everybody
 * @property {(lesson: string, guess: string) => void} guess
 *
 * What a class moves on this screen.
 *
 * @typedef {object} Screen
 * @property {() => string} place the link of what is on it; empty while a model opens
 * @property {() => string} view the tab that is open
 * @property {(query: string, isFirst: boolean) => Promise<void>} goTo
 * @property {() => void} rest ends a move
 * @property {() => string | null} predicting the lesson whose prediction is on screen
 * @property {(tally: import("./api.js").Tally) => void} count
 * @property {() => void} refresh the role has changed, or the answer is shown
 * @property {(by: number) => boolean} step goes a card on or back, where there is a lesson
 */

/**
 * @typedef {object} Classroom
 * @property {HTMLElement | null} bar
 * @property {Audience} audience
 * @property {{read(): string, write(query: string): void}} link
 * @property {() => boolean} isFollower
 * @property {() => void} moved a move that is not in the link yet
 * @property {(() => void) | null} open the dialog, where there are classes
 * @property {() => Promise<void>} opening before anything opens: then the address says where the class is, where that is to be shown
 * @property {(screen: Screen) => void} attach what a class moves from now on
 * @property {() => void} stands a model has opened: the class may be further on by now
 * @property {() => void} destroy
 */

/**
 * A teacher's screen that others follow, or one of those that follow it.
 *
 * @param {{assets: string, link: {read(): string, write(query: string): void},
 *   frame: ReturnType<typeof import("../frame.js").createFrame>}} options
 * @returns {Classroom}
 */
export function createClassroom({ assets, link: address, frame }) {
  const api = createApi(assets);
  const { messages } = frame;
  const largeType = remembered("large-type");
  const stop = new AbortController();
  /** @type {Screen | null} */
  let screen = null;
  const { role: recalled, isAsked } = recall();
  let role = recalled;
  /** Ends with the role. */
  let mine = new AbortController();
  let followers = 0;
  let isBroken = false;
  /** The lesson whose answer is shown to the class. @type {string | null} */
  let revealed = null;

  // Of a follower.
  let newest = "";
  let isFree = false;
  let byHand = false;
  let isFirst = true;
  let resting = 0;
  /** The page opens, and waits to hear where the class is. */
  let isOpening = true;
  let found = () => {};
  /** @type {Promise<void>} */
  const known = new Promise((resolve) => (found = resolve));

  const isLeader = () => typeof role?.key === "string";
  const isFollower = () => role !== null && !isLeader() && !isFree;
  const leading = () => /** @type {import("./api.js").Leading} */ (role);

  const large = el("button", {
    class: "action class-large",
    type: "button",
    text: "Large type",
    "aria-pressed": "false",
    on: {
      click() {
        largeType.set(largeType.get() === "on" ? "" : "on");
        enlarge();
      },
    },
  });
  const dialog = createDialog({ api, onBegin: begin, onJoin: join, onEnd: end });
  const bar = createBar({
    large,
    onLink: () => dialog.open(leading()),
    onEnd: end,
    onLetGo: letGo,
    onFollow: again,
    onLeave: leave,
  });
  frame.element.append(dialog.element);

  function enlarge() {
    const isLarge = role !== null && largeType.get() === "on";
    frame.element.classList.toggle("large", isLarge);
    large.setAttribute("aria-pressed", String(isLarge));
  }

  function show() {
    enlarge();
    if (!role) bar.hide();
    else if (isLeader()) bar.lead(role.code, followers, isBroken);
    else if (isFree) bar.letGo();
    else bar.follow(isBroken);
  }

  /** @param {boolean} broken */
  function setBroken(broken) {
    isBroken = broken;
    show();
  }

  // The teacher.

  function placeNow() {
    const query = screen?.place();
    if (!query) return "";
    const lesson = named(query, "lesson");
    if (lesson !== revealed) revealed = null;
    const more = { [VIEW]: screen?.view(), [REVEALED]: revealed && "yes" };
    const extra = Object.entries(more).flatMap(([key, value]) => (value ? [`${key}=${value}`] : []));
    return [query, ...extra].join("&");
  }

  let sent = "";
  const sender = newestWins(
    async (/** @type {AbortSignal} */ signal) => {
      // Not in the event that moves a slider.
      await pause(0);
      const place = placeNow();
      if (signal.aborted || !place || place === sent) return;
      await api.move(leading(), place);
      sent = place;
      if (isBroken) setBroken(false);
      await pause(MOVE_MS);
    },
    async (error) => {
      if (!isLeader()) return;
      if (error instanceof InstrumentError) return over(error.message);
      setBroken(true);
    },
  );
  const send = () => isLeader() && sender.request(mine.signal);

  async function begin() {
    take(keep(await api.begin(placeNow())));
    dialog.open(leading());
  }

  /** Asks how many follow, and what they predict, for as long as this screen leads. @param {AbortSignal} signal */
  async function count(signal) {
    while (!signal.aborted) {
      try {
        const tally = await api.tally(leading(), screen?.predicting() ?? "");
        if (signal.aborted) return;
        followers = tally.followers;
        screen?.count(tally);
        if (isBroken) send();
        setBroken(false);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof InstrumentError) return over(error.message);
        setBroken(true);
      }
      await pause(TALLY_MS);
    }
  }

  async function end() {
    const ended = leading();
    over("The class has ended.");
    await api.end(ended).catch((error) => console.error(error));
  }

  /** A card by an arrow key, where no slider has the focus; a remote control sends PageUp and PageDown. @param {KeyboardEvent} event */
  function pressed(event) {
    const by = ARROWS[event.key];
    if (!by || !isLeader() || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const target = /** @type {HTMLElement} */ (event.composedPath()[0]);
    if (event.key.startsWith("Arrow") && target.closest?.(OWN_ARROWS)) return;
    if (!screen?.step(by)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  // Who follows.

  /** @param {AbortSignal} signal of the role */
  function follow(signal) {
    const { code } = leading();
    listen(() => api.follow(code, signal), {
      signal,
      onEvent({ place, ended }) {
        if (ended) return over("The teacher has ended the class. You move by yourself now.");
        newest = place ?? "";
        if (isBroken) setBroken(false);
        if (!isOpening) return apply();
        address.write(newest);
        found();
      },
      onBroken() {
        setBroken(true);
        found();
      },
      onRefused: over,
    });
  }

  /** Who leads from one device more begins where the class is. */
  async function arrive() {
    const { code } = leading();
    const once = new AbortController();
    await listen(() => api.follow(code, once.signal), {
      signal: once.signal,
      onEvent({ place }) {
        if (place) address.write(place);
        once.abort();
      },
      onBroken: () => once.abort(),
      onRefused: over,
    });
  }

  const goer = newestWins(
    async () => {
      if (!isFollower() || !screen || !newest) return;
      byHand = false;
      const before = revealed;
      revealed = named(newest, REVEALED) && named(newest, "lesson");
      const first = isFirst;
      isFirst = false;
      await screen.goTo(newest, first);
      if (revealed !== before) screen.refresh();
      clearTimeout(resting);
      resting = window.setTimeout(rest, REST_MS);
    },
    (error) => console.error(error),
  );
  const apply = () => goer.request(undefined);

  function rest() {
    byHand = false;
    if (isFollower()) screen?.rest();
  }

  function letGo() {
    if (!isFollower()) return;
    isFree = true;
    clearTimeout(resting);
    show();
    screen?.refresh();
  }

  function again() {
    isFree = false;
    isFirst = true;
    show();
    apply();
    screen?.refresh();
  }

  /** @param {string} code */
  function join(code) {
    take(keep({ code, key: null }));
  }

  function leave() {
    take(null);
    forget();
  }

  /** @param {string} sentence why there is no class any more */
  function over(sentence) {
    leave();
    found();
    messages.warn(sentence);
  }

  // Both.

  /** @param {typeof role} next */
  function take(next) {
    mine.abort();
    mine = new AbortController();
    role = next;
    followers = 0;
    isBroken = isFree = byHand = false;
    isFirst = true;
    newest = sent = "";
    revealed = null;
    attend();
    screen?.refresh();
  }

  function attend() {
    show();
    if (!role) return;
    if (isLeader()) count(mine.signal);
    else follow(mine.signal);
  }

  /** A move by the hand of who follows lets go. */
  function moved() {
    if (isLeader()) send();
    else if (byHand) letGo();
  }

  /** @param {Event} event */
  function touched({ target }) {
    if (/** @type {Element} */ (target).closest(MOVING)) byHand = true;
  }

  for (const type of ["pointerdown", "keydown"])
    frame.element.addEventListener(type, touched, { capture: true, signal: stop.signal });
  window.addEventListener("keydown", pressed, { capture: true, signal: stop.signal });

  /** @type {Audience} */
  const audience = {
    role: () => (isLeader() ? "leader" : isFollower() ? "follower" : null),
    isRevealed: (lesson) => revealed === lesson,
    reveal() {
      revealed = screen?.predicting() ?? null;
      send();
      screen?.refresh();
    },
    guess(lesson, guess) {
      if (!role || isLeader()) return;
      api.guess(role.code, { lesson, voter: role.voter, guess }).catch((error) => {
        console.error(error);
        messages.tell("Your prediction could not be sent to the class: check that you are connected.");
      });
    },
  };

  return {
    bar: bar.element,
    audience,
    link: {
      read: address.read,
      /** @param {string} query */
      write(query) {
        address.write(query);
        moved();
      },
    },
    isFollower,
    moved,
    open: () => dialog.open(isLeader() ? leading() : null),
    async opening() {
      attend();
      if (isLeader() && isAsked) await arrive();
      else if (role && !isLeader()) await known;
      isOpening = false;
    },
    attach(next) {
      screen = next;
    },
    stands() {
      if (isLeader()) send();
      else apply();
    },
    destroy() {
      stop.abort();
      mine.abort();
      clearTimeout(resting);
    },
  };
}

/** A page without a server has no classes. @param {{read(): string, write(query: string): void}} link @returns {Classroom} */
export const noClassroom = (link) => ({
  bar: null,
  audience: { role: () => null, isRevealed: () => false, reveal() {}, guess() {} },
  link,
  isFollower: () => false,
  moved() {},
  open: null,
  opening: async () => {},
  attach() {},
  stands() {},
  destroy() {},
});

/** @param {number} ms @returns {Promise<void>} */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
