import assert from "node:assert/strict";
import { test } from "node:test";
import { createHistory } from "../../explorer/instrument/web/stage/history.js";

test("history forgets what was undone when something new is done", () => {
  const history = createHistory(0, (a, b) => a === b);
  history.push(1);
  history.push(1);
  history.push(2);
  assert.deepEqual([history.undo(), history.undo(), history.undo()], [1, 0, null]);
  assert.equal(history.redo(), 1);
  history.push(5);
  assert.deepEqual([history.redo(), history.undo(), history.canRedo()], [null, 1, true]);
});
