import { el } from "../dom.js";
import { remembered } from "../host/remembered.js";
import { named } from "../link.js";
import { createApi } from "./api.js";
import { createBar } from "./bar.js";
import { createDialog } from "./dialog.js";
import { goTo as goElsewhere } from "./elsewhere.js";
import { follow, placeOf } from "./follower.js";
import { lead, stepByKey } from "./leader.js";
import { pageIn } from "./pages.js";
import { forget, keep, noted, recall } from "./role.js";

/** What a place of the class holds beside the link of the instrument: the open tab, and whether the answer is shown. */
const [VIEW, REVEALED] = ["view", "revealed"];

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
 *   frame: ReturnType<typeof import("../page/frame.js").createFrame>}} options
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
  let revealed = role?.revealed ?? null;
  /** @type {ReturnType<typeof lead> | null} */
  let leader = null;
  /** @type {ReturnType<typeof follow> | null} */
  let follower = null;
  /** The page opens, and waits for the place of the class. */
  let isOpening = true;
  let found = () => {};
  /** @type {Promise<void>} */
  const known = new Promise((resolve) => (found = resolve));

  const isLeader = () => typeof role?.key === "string";
  const isFollower = () => role !== null && !isLeader() && !follower?.isFree();
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
  const dialog = createDialog({ onBegin: begin, onJoin: join, onEnd: end });
  const bar = createBar({
    large,
    onLink: () => dialog.open(leading()),
    onEnd: end,
    onLetGo: () => follower?.letGo(),
    onFollow: () => follower?.followAgain(),
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
    else if (follower?.isFree()) bar.letGo();
    else bar.follow(isBroken);
  }

  /** @param {boolean} broken */
  function setBroken(broken) {
    isBroken = broken;
    show();
  }

  /** @returns {string} where a teacher has the class */
  function placeNow() {
    const query = screen?.place();
    if (!query) return "";
    const lesson = named(query, "lesson");
    if (lesson !== revealed) noted({ revealed: (revealed = null) });
    const more = { [VIEW]: screen?.view(), [REVEALED]: revealed && "yes" };
    const extra = Object.entries(more).flatMap(([key, value]) => (value ? [`${key}=${value}`] : []));
    return [query, ...extra].join("&");
  }

  async function begin() {
    take(keep(await api.begin(placeNow())));
    dialog.open(leading());
  }

  async function end() {
    const ended = leading();
    over("The class has ended.");
    await api.end(ended).catch((error) => console.error(error));
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

  /** @param {typeof role} next */
  function take(next) {
    mine.abort();
    mine = new AbortController();
    role = next;
    leader = follower = null;
    followers = 0;
    isBroken = false;
    revealed = null;
    attend();
    screen?.refresh();
  }

  function attend() {
    if (isLeader()) leader = asLeader();
    else if (role) follower = asFollower();
    show();
  }

  const asLeader = () =>
    lead({
      api,
      leading: leading(),
      signal: mine.signal,
      place: placeNow,
      predicting: () => screen?.predicting() ?? "",
      onTally(tally) {
        followers = tally.followers;
        screen?.count(tally);
        if (isBroken) leader?.send();
        setBroken(false);
      },
      onSent: () => isBroken && setBroken(false),
      onBroken: () => setBroken(true),
      onOver: over,
    });

  const asFollower = () =>
    follow({
      api,
      code: leading().code,
      signal: mine.signal,
      // Whoever came back from another page where the class was came by hand.
      isFree: role?.free || pageIn(role?.at ?? "") !== "",
      canGo: () => !isOpening && screen !== null,
      async goTo(place, isFirst) {
        if (pageIn(place)) return goElsewhere(place);
        noted({ at: "" });
        const before = revealed;
        revealed = named(place, REVEALED) && named(place, "lesson");
        await screen?.goTo(place, isFirst);
        if (revealed !== before) screen?.refresh();
      },
      rest: () => screen?.rest(),
      onHeard(place) {
        if (isBroken) setBroken(false);
        if (!isOpening) return;
        if (!follower?.isFree()) {
          if (pageIn(place)) return goElsewhere(place);
          address.write(place);
        }
        found();
      },
      onBroken() {
        setBroken(true);
        found();
      },
      onTurn() {
        show();
        screen?.refresh();
      },
      onOver: over,
    });

  function moved() {
    leader?.send();
    follower?.moved();
  }

  for (const type of ["pointerdown", "keydown"])
    frame.element.addEventListener(type, (event) => follower?.touched(event), { capture: true, signal: stop.signal });
  window.addEventListener(
    "keydown",
    (event) => {
      if (isLeader()) stepByKey(event, (by) => screen?.step(by) ?? false);
    },
    { capture: true, signal: stop.signal },
  );

  /** @type {Audience} */
  const audience = {
    role: () => (isLeader() ? "leader" : isFollower() ? "follower" : null),
    isRevealed: (lesson) => revealed === lesson,
    reveal() {
      revealed = screen?.predicting() ?? null;
      noted({ revealed });
      leader?.send();
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
      if (isLeader() && isAsked) {
        // A teacher who leads from a second device begins where the class is.
        const place = await placeOf(api, leading().code, over);
        if (place) address.write(place);
        noted({ revealed: (revealed = named(place, REVEALED) && named(place, "lesson")) });
      } else if (role && !isLeader()) await known;
      isOpening = false;
    },
    attach(next) {
      screen = next;
    },
    stands() {
      leader?.send();
      follower?.catchUp();
    },
    destroy() {
      stop.abort();
      mine.abort();
    },
  };
}
