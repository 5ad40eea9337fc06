import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../../javascript/gallery/data/api";
import {
  Connection,
  pollWhileVisible,
  retryPeriodically,
} from "../../javascript/gallery/data/connection";
import { isOffline, makeInitialState, Store } from "../../javascript/gallery/state/state";

const DATA = { settings: [], choices: { sort: [], period: [], level: [] } };
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

test("images that fail while Civitai comes back are loaded again, broken ones not for ever", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let now = 0;
  t.mock.method(performance, "now", () => now);
  const { setTimeout, clearTimeout } = globalThis;
  globalThis.window = { setInterval() {}, addEventListener() {}, setTimeout, clearTimeout };
  globalThis.document = { hidden: false, addEventListener() {} };
  const store = new Store(makeInitialState());
  let failure = new ApiError("network", "away", 502);
  const got = [];
  const get = async (path) => got.push(path) && DATA;
  const findFailure = async (url) => got.push(url) && failure;
  const { signal } = new AbortController();
  const api = { get, findFailure };
  const connection = new Connection({ store, api, translate: (key) => key, signal }, () => {});
  const take = () => got.splice(0);
  await connection.check("a.png");
  assert.deepEqual([take(), store.get().away], [["a.png"], true]);
  await connection.report("b.png", failure);
  failure = null;
  await connection.report("b.png", null);
  assert.deepEqual([take(), store.get().away], [["bootstrap"], false]);
  await connection.check("late.png");
  assert.deepEqual(take(), [], "a moment after the last check");
  now = 2000;
  t.mock.timers.tick(2000);
  await new Promise(setImmediate);
  assert.deepEqual(take(), ["late.png", "bootstrap"]);
  now = 60_000;
  await connection.check("broken.png");
  assert.deepEqual(take(), ["broken.png"]);
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
