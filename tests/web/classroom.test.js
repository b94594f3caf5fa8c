import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOn, pageIn, placeOn, searchIn } from "../../explorer/instrument/web/classroom/pages.js";
import { followLink, leadLink, roleIn, spelled, tidy } from "../../explorer/instrument/web/classroom/role.js";
import { eventsOf, listen } from "../../explorer/instrument/web/classroom/stream.js";
import { binned } from "../../explorer/instrument/web/classroom/tally.js";
import { InstrumentError } from "../../explorer/instrument/web/errors.js";

const CODE = "k7wq4m2xpn";

/** @param {string[]} pieces */
async function* inPieces(pieces) {
  yield* pieces;
}

test("an event is heard whole, wherever its text was cut", async () => {
  const text = 'data: {"place": "z=1"}\n\n: still here\n\ndata: {"ended": true}\n\ndata: {"pla';
  for (let at = 1; at < text.length; at++) {
    const heard = [];
    for await (const event of eventsOf(inPieces([text.slice(0, at), text.slice(at)]))) heard.push(event);
    assert.deepEqual(heard, [{ place: "z=1" }, null, { ended: true }]);
  }
});

test("a connection that breaks is made again, until the server says that there is no class", async () => {
  const answers = [
    async () => new Response('data: {"place": "z=1"}\n\n'),
    async () => {
      throw new TypeError("network error");
    },
    async () => new Response('data: {"place": "z=2"}\n\n'),
    async () => {
      throw new InstrumentError("This class has ended.");
    },
  ];
  /** @type {string[]} */
  const heard = [];
  const wait = globalThis.setTimeout;
  globalThis.setTimeout = /** @type {any} */ ((/** @type {() => void} */ run) => wait(run, 0));
  try {
    await listen(() => /** @type {() => Promise<Response>} */ (answers.shift())(), {
      onEvent: ({ place }) => heard.push(String(place)),
      onBroken: () => heard.push("broken"),
      onRefused: (sentence) => heard.push(sentence),
      signal: new AbortController().signal,
    });
  } finally {
    globalThis.setTimeout = wait;
  }
  assert.deepEqual(heard, ["z=1", "broken", "broken", "z=2", "broken", "This class has ended."]);
});

test("a code is read whatever is typed around it, and a link says who follows and who leads", () => {
  assert.equal(tidy(" K7WQ4-m2xpn "), CODE);
  assert.equal(spelled(CODE), "k7wq4-m2xpn");
  const page = "https://school.example/room/3/?model=digits&z=1#top";
  const follow = new URL(followLink(page, CODE));
  assert.equal(follow.href, `https://school.example/room/3/?follow=${CODE}`);
  assert.deepEqual(roleIn(follow), { code: CODE, key: null });
  assert.deepEqual(roleIn({ search: "?follow=K7WQ4-M2XPN", hash: "" }), { code: CODE, key: null });
  const lead = new URL(leadLink(page, { code: CODE, key: "a_secret-1" }));
  // What stands behind # is sent to no server, and so stands in no log.
  assert.equal(lead.search, "");
  assert.deepEqual(roleIn(lead), { code: CODE, key: "a_secret-1" });
  assert.equal(roleIn({ search: "?model=digits", hash: "" }), null);
});

test("a class goes to the pages beside the instrument, and to no other", () => {
  const base = "https://school.example/room/3/lessons";
  const place = placeOn("beta", "?table=sprites&seed=0");
  assert.equal(pageIn(place), "beta");
  assert.equal(searchIn(place), "table=sprites&seed=0");
  assert.equal(addressOn(place, base), "https://school.example/room/3/beta?table=sprites&seed=0");
  assert.equal(addressOn(placeOn("results", ""), base), "https://school.example/room/3/results");
  assert.equal(addressOn("model=digits&z=0,1", base), "https://school.example/room/3/?model=digits&z=0,1");
  for (const page of ["//evil.example", "javascript:alert(1)", "../admin"]) {
    assert.equal(pageIn(`page=${page}`), "");
    assert.ok(addressOn(`page=${page}`, base).startsWith("https://school.example/room/3/?"));
  }
});

test("predictions are counted where they lie on the axis, and nonsense nowhere", () => {
  const bins = binned({ 0: 2, 60: 1, 120: 3, 121: 5, "<b>": 7 }, (value) => value / 120);
  assert.equal(bins.length, 20);
  assert.deepEqual([bins[0], bins[10], bins[19]], [2, 1, 3]);
  assert.equal(
    bins.reduce((sum, count) => sum + count, 0),
    6,
  );
});
