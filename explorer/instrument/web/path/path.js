import { el, latentName, spell } from "../dom.js";
import { newestWins } from "../engine/scheduler.js";
import { hasOther } from "../latents/films.js";
import { present } from "../present.js";
import { codeAt, isPath, isSum, onPath, placeOf, STATIONS, sumOf } from "./course.js";
import { distance } from "./interpolate.js";
import { createPins, NAMES } from "./pins.js";
import { createWalk } from "./walk.js";

const NAMED = 3;
const FIRST = "Pin what you see as A, go to another image and pin it as B: then walk from one to the other.";
const THIRD = "Pin a third as C: A − B + C adds the difference between A and B to it.";

/**
 * The path between two pinned codes, and their arithmetic with a third.
 *
 * @param {import("../stage.js").Stage} stage
 * @returns {import("../stage.js").Part}
 */
export function createPath(stage) {
  const { model, commands, store, messages, gone } = stage;
  /** Where the path is now, and where on it z is. */
  const pathNow = () => onPath(model, store.get());
  /** Where on the path z is, or was when it left. */
  let t = 0;
  /** The z at `t`, to tell it from what others do: also when z comes back to it from where it was only looked at. @type {number[] | null} */
  let own = null;
  const isOwn = (/** @type {number[]} */ z) => own?.every((value, latent) => value === z[latent]) ?? false;

  const pins = createPins({ shape: present(model.shape), commands, onSum: goToSum });
  const walk = createWalk({
    model,
    onScrub(to, time) {
      t = to;
      commands.moveTo(codeAt(pathNow(), t), time);
      own = model.z(store.get());
      walk.place(t, false);
    },
    onSettle: commands.settle,
    onPlay() {
      const from = placeOf(pathNow()) ?? t;
      commands.playPath({
        from,
        steps: STATIONS,
        zAt(value) {
          t = value;
          return codeAt(pathNow(), t);
        },
      });
    },
    onKind(slerp) {
      const { playing } = store.get();
      const there = placeOf(pathNow());
      commands.setSlerp(slerp);
      // Another kind of path is shown at the same place along it.
      if (there === null || playing === "path") return;
      commands.moveTo(codeAt(pathNow(), there));
      commands.settle();
    },
  });
  const hint = el("p", { class: "hint" });
  const element = el(
    "section",
    { class: "path", "aria-label": "Between two images" },
    el("h2", { text: "Between two images" }),
    pins.element,
    walk.element,
    hint,
  );

  function goToSum() {
    const state = pathNow();
    if (!isSum(state)) return messages.tell("A − B + C needs three images: pin A, B and C first.");
    const z = sumOf(state);
    commands.go(z, { example: null, own: null });
    messages.tell(
      `z is now A − B + C: C moved by the difference between A and B, ‖A − B‖ = ${spell(distance(state.pins.a, state.pins.b))}.` +
        (state.locked.length ? ` Locked, and so unchanged: ${lockedNames(state.locked)}.` : ""),
    );
  }

  const draw = newestWins(async (/** @type {import("./course.js").State} */ state) => {
    /** @type {{name: string, codes: ArrayLike<number>[]}[]} */
    const wanted = NAMES.flatMap((name) => (state.pins[name] ? { name, codes: [state.pins[name]] } : []));
    if (isSum(state)) wanted.push({ name: "sum", codes: [sumOf(state)] });
    if (isPath(state)) wanted.push({ name: "walk", codes: STATIONS.map((at) => codeAt(state, at)) });
    if (!wanted.length) return;
    const sheet = await stage.decodeLatents(
      wanted.flatMap(({ codes }) => codes),
      1,
    );
    if (!sheet || gone.aborted) return;
    let line = 0;
    for (const { name, codes } of wanted) {
      if (name === "walk") walk.draw(sheet, line);
      else pins.draw(/** @type {any} */ (name), sheet, line);
      line += codes.length;
    }
  }, console.error);

  /** @param {import("../store.js").State} now */
  function place(now) {
    const state = onPath(model, now);
    if (!isPath(state)) return;
    const found = isOwn(state.z) ? t : placeOf(state);
    if (found !== null) [t, own] = [found, state.z];
    walk.place(t, found === null);
  }

  store.onCommit(place);

  return {
    element,
    show(now, before) {
      const state = onPath(model, now);
      const old = before && model.z(before);
      const moved = state.z !== old;
      const isOther = before !== null && hasOther(model, now.codes, before.codes);
      const { locked } = state;
      const anew = state.pins !== before?.pins || state.slerp !== before?.slerp || locked !== before?.locked;
      if (state.playing === "path") own = state.z;
      if (anew) arrange(now);
      else if (moved && isOwn(state.z)) walk.place(t, false);
      // Another hand has moved z: where it came to rest is looked up when it does.
      else if (moved && isPath(state)) walk.place(t, true);
      if (anew || isOther || (moved && locked.some((latent) => state.z[latent] !== old?.[latent]))) draw.request(state);
      if (state.playing !== before?.playing) walk.setPlaying(state.playing === "path");
    },
  };

  /** @param {import("../store.js").State} state */
  function arrange(state) {
    const { slerp, locked } = state;
    // What was on the path that was is not on the one that is.
    if (state.playing !== "path") own = null;
    pins.show(state.pins);
    walk.element.hidden = !isPath(state);
    hint.hidden = isSum(state);
    hint.textContent = isPath(state) ? THIRD : FIRST;
    if (!isPath(state)) return;
    walk.setKind(slerp);
    walk.setApart(distance(state.pins.a, state.pins.b));
    walk.setLocks(locked.length ? `Locked, and so fixed along the path: ${lockedNames(locked)}.` : "");
    place(state);
  }
}

/** @param {number[]} locked @returns {string} */
function lockedNames(locked) {
  if (locked.length > NAMED) return `${locked.length} latents`;
  return locked
    .map(latentName)
    .join(", ")
    .replace(/, ([^,]*)$/, " and $1");
}
