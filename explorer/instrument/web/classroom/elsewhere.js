import { createFrame } from "../page/frame.js";
import { createApi } from "./api.js";
import { createBar } from "./bar.js";
import { createDialog } from "./dialog.js";
import { follow } from "./follower.js";
import { lead } from "./leader.js";
import { addressOn, pageIn, placeOn, searchIn } from "./pages.js";
import { forget, noted, recall } from "./role.js";

/** Where the page can go to another link of its own without being loaded anew. @type {((query: string) => void) | null} */
let turn = null;

/** @param {((query: string) => void) | null} page goes to a query of its own; nothing when it is gone */
export function turnsBy(page) {
  turn = page;
}

/** @param {string} place of the class, on another page than this one or with another link; this screen loads it */
export function goTo(place) {
  noted({ at: place });
  location.assign(addressOn(place, document.baseURI));
}

/**
 * A class on a page beside the instrument: its teacher's page is sent to those who follow, and a screen that follows goes
 * where the class is. There the instrument attends by itself.
 *
 * @param {HTMLElement} root
 * @param {{page: string, assets: string, onShown(isShown: boolean): void}} options `page`: the end of its address, empty for the
 *   instrument; `onShown`: whether there is anything to see of the class
 * @returns {{destroy(): void}}
 */
export function attendElsewhere(root, { page: here, assets, onShown }) {
  const { role } = here ? recall() : { role: null };
  if (!role) return { destroy() {} };
  const stop = new AbortController();
  const { signal } = stop;
  const api = createApi(assets);
  const frame = createFrame(root, { assets, name: "class-elsewhere" });
  const leading = /** @type {import("./api.js").Leading} */ (role);
  const dialog = createDialog({
    page: new URL("./", document.baseURI).href,
    onBegin: async () => {},
    onJoin() {},
    onEnd: end,
  });
  /** @type {ReturnType<typeof follow> | null} */
  let follower = null;
  const bar = createBar({
    large: null,
    onLink: () => dialog.open(leading),
    onEnd: end,
    onLetGo: () => follower?.letGo(),
    onFollow: () => follower?.followAgain(),
    onLeave() {
      over("You have left the class.");
    },
  });
  frame.element.append(bar.element, dialog.element);
  onShown(true);

  /** @param {string} sentence why there is no class any more */
  function over(sentence) {
    forget();
    stop.abort();
    bar.hide();
    frame.messages.tell(sentence);
  }

  async function end() {
    over("The class has ended.");
    await api.end(leading).catch((error) => console.error(error));
  }

  if (role.key !== null) {
    bar.lead(role.code, 0, false);
    const leader = lead({
      api,
      leading,
      signal,
      place: () => placeOn(here, location.search),
      predicting: () => "",
      onTally({ followers }) {
        bar.lead(role.code, followers, false);
        // A page changes its link without an event.
        leader.send();
      },
      onSent() {},
      onBroken: () => bar.lead(role.code, 0, true),
      onOver: over,
    });
    leader.send();
  } else {
    // Whoever came to another page than that of the class came by hand.
    const isFree = role.free || (role.at !== undefined && pageIn(role.at) !== here);
    if (isFree) bar.letGo();
    else bar.follow(false);
    follower = follow({
      api,
      code: role.code,
      signal,
      isFree,
      canGo: () => true,
      async goTo(place) {
        if (place === noted().at) return;
        const query = searchIn(place);
        if (pageIn(place) !== here || (!turn && query !== location.search.slice(1))) return goTo(place);
        noted({ at: place });
        if (query !== location.search.slice(1)) turn?.(query);
      },
      rest() {},
      onHeard: () => follower?.isFree() || bar.follow(false),
      onBroken: () => bar.follow(true),
      onTurn() {
        if (follower?.isFree()) bar.letGo();
        else bar.follow(false);
      },
      onOver: over,
    });
  }

  return {
    destroy() {
      stop.abort();
      frame.destroy();
      onShown(false);
    },
  };
}
