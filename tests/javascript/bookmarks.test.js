import assert from "node:assert/strict";
import { test } from "node:test";
import { BookmarkSync } from "../../javascript/gallery/data/bookmarks";
import { makeInitialState, Store } from "../../javascript/gallery/state/state";

test("a page that nobody uses sends no request; one that is used asks at most every 15 s", async (t) => {
  const listeners = new Map();
  globalThis.window = {
    setInterval: () => assert.fail("a clock asks, although nothing is expected"),
    addEventListener: (type, run) => listeners.set(type, run),
  };
  globalThis.document = { hidden: false, addEventListener() {} };
  globalThis.BroadcastChannel = class {
    addEventListener() {}
    close() {}
  };
  let now = 0;
  t.mock.method(performance, "now", () => now);
  const asked = [];
  const get = async (path) => {
    asked.push(path);
    return { bookmarks_revision: 0 };
  };
  const root = { host: { getClientRects: () => [1] } };
  const store = new Store(makeInitialState());
  const { signal } = new AbortController();
  new BookmarkSync({ api: { get, getUrl: () => "" }, root, store, signal });
  assert.deepEqual(asked, []);
  for (now of [0, 1000, 14_999, 15_000, 16_000, 29_999, 30_000]) {
    listeners.get("keydown")();
    await new Promise(setImmediate);
  }
  assert.deepEqual(asked, ["instance", "instance"]);
  listeners.get("focus")();
  assert.equal(asked.length, 3);
});
