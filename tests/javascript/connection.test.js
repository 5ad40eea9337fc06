import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../../javascript/gallery/data/api";
import {
  Connection,
  pollWhileVisible,
  retryPeriodically,
} from "../../javascript/gallery/data/connection";
import { isOffline, makeInitialState, Store } from "../../javascript/gallery/state/state";

const OFFLINE = { code: "offline", message: "does not answer" };

for (const code of ["outdated", "login"])
  test(`a server that is back and says "${code}" is no longer called away`, async () => {
    let poll = () => {};
    const setInterval = (run) => {
      poll = run;
    };
    globalThis.window = { setInterval, addEventListener() {} };
    globalThis.document = { hidden: false, addEventListener() {} };
    const state = makeInitialState();
    const store = new Store({
      ...state,
      lost: true,
      problems: { ...state.problems, images: OFFLINE },
    });
    const get = () => Promise.reject(new ApiError(code, "reload", 409));
    const { signal } = new AbortController();
    new Connection({ store, api: { get }, translate: (key) => key, signal }, () => {});
    await poll();
    assert.equal(isOffline(store.get()), false);
    assert.equal(store.get().problems.images.code, code);
    assert.equal(store.get().problems.bootstrap.code, code);
  });

test("a call waits for the end of the last one, and for the page to be seen", async () => {
  let tick = () => {};
  let end = () => {};
  let count = 0;
  const setInterval = (run) => {
    tick = run;
  };
  globalThis.window = { setInterval, addEventListener() {} };
  globalThis.document = { hidden: false, addEventListener() {} };
  const run = () => {
    count += 1;
    return new Promise((resolve) => {
      end = resolve;
    });
  };
  pollWhileVisible(1000, run, new AbortController().signal);
  for (let at = 0; at < 3; at += 1) tick();
  assert.equal(count, 1);
  end();
  await new Promise(setImmediate);
  document.hidden = true;
  tick();
  assert.equal(count, 1);
  document.hidden = false;
  tick();
  assert.equal(count, 2);
});

for (const isElsewhere of [false, true])
  test(`live images ${isElsewhere ? "of a gallery that was left are not shown" : "come"}`, async () => {
    let tick = () => {};
    let answer = () => {};
    globalThis.window = { setInterval: (run) => (tick = run), addEventListener() {} };
    globalThis.document = { hidden: false, addEventListener() {} };
    const store = new Store({ ...makeInitialState(), libraryDate: "2026-01-01" });
    const get = () => new Promise((resolve) => (answer = resolve));
    const { signal } = new AbortController();
    retryPeriodically({ store, api: { get }, actions: {}, signal }, () => true);
    tick();
    if (isElsewhere) store.set({ where: { ...store.get().where, model: 7 } });
    answer({ images: [{ id: 5 }], notes: [], missing: [], cursor: null });
    await new Promise(setImmediate);
    assert.equal(store.get().images.length, isElsewhere ? 0 : 1);
  });
