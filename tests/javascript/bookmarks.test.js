import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { ApiError } from "../../javascript/gallery/data/api";
import { Bookmarks } from "../../javascript/gallery/data/bookmarks";
import { Records } from "../../javascript/gallery/data/records";
import { makeInitialState, Store } from "../../javascript/gallery/state/state";

const listeners = new Map();

beforeEach(() => {
  listeners.clear();
  globalThis.window = {
    setInterval: () => assert.fail("a clock asks, although nothing is expected"),
    addEventListener: (type, run) => listeners.set(type, run),
  };
  globalThis.document = { hidden: false, addEventListener() {} };
  globalThis.BroadcastChannel = class {
    addEventListener(_, run) {
      listeners.set("message", run);
    }
    postMessage() {}
    close() {}
  };
});

function makeBookmarks(api, state = {}) {
  const root = { host: { getClientRects: () => [1] } };
  const store = new Store({ ...makeInitialState(), ...state });
  const { signal } = new AbortController();
  const toast = () => null;
  const context = { api: { getUrl: () => "", ...api }, root, store, signal, toast };
  context.translate = (key) => key;
  context.records = new Records(context);
  return { store, bookmarks: new Bookmarks(context) };
}

/** Return an api whose POSTs wait in `posted` until a test answers them. */
function makeSlowApi() {
  const posted = [];
  const post = (path, body) =>
    new Promise((answer, fail) => posted.push({ path, body, answer, fail }));
  return { posted, post };
}

const PLAIN = { favourite: false, stars: 0, note: "", tags: [], collections: [] };
const LOVED = { ...PLAIN, favourite: true };
const makeAnswer = (after, before, revision) => ({
  annotations: { 7: after },
  previous: { 7: before },
  revision,
});
const settle = () => new Promise(setImmediate);

test("a page that nobody uses sends no request; one that is used asks at most every 15 s", async (t) => {
  let now = 0;
  t.mock.method(performance, "now", () => now);
  const asked = [];
  const get = async (path) => {
    asked.push(path);
    return { bookmarks_revision: 0 };
  };
  makeBookmarks({ get });
  assert.deepEqual(asked, []);
  for (now of [0, 1000, 14_999, 15_000, 16_000, 29_999, 30_000]) {
    listeners.get("keydown")();
    await settle();
  }
  assert.deepEqual(asked, ["instance", "instance"]);
  listeners.get("focus")();
  assert.equal(asked.length, 3);
});

test("rapid presses on a heart never show an older one again", async () => {
  const api = makeSlowApi();
  const { store, bookmarks } = makeBookmarks(api, { images: [{ id: 7, ...PLAIN }] });
  const shown = [];
  store.on(["images"], (now) => shown.push(now.images[0].favourite));
  for (let n = 0; n < 3; n++) void bookmarks.toggleFavourite([7]);
  const [first, second, third] = api.posted;
  first.answer(makeAnswer(LOVED, PLAIN, 1));
  await settle();
  third.answer(makeAnswer(LOVED, PLAIN, 3)); // overtakes the second
  await settle();
  second.answer(makeAnswer(PLAIN, LOVED, 2));
  await settle();
  assert.deepEqual(shown, [true, false, true]);
});

test("a heart makes favourites of all, unless all of them are", () => {
  for (const first of [PLAIN, LOVED]) {
    const api = makeSlowApi();
    const images = [first, LOVED].map((one, at) => ({ id: 7 + at, ...one }));
    void makeBookmarks(api, { images }).bookmarks.toggleFavourite([7, 8]);
    assert.equal(api.posted[0].body.favourite, !first.favourite);
  }
});

test("a press that fails shows what the server has said last, not the press before", async () => {
  const api = makeSlowApi();
  const { store, bookmarks } = makeBookmarks(api, { images: [{ id: 7, ...PLAIN }] });
  void bookmarks.toggleFavourite([7]);
  void bookmarks.toggleFavourite([7]);
  for (const { fail } of api.posted) fail(new ApiError("disk", "The disk is full.", 500));
  await settle();
  assert.equal(store.get().images[0].favourite, false);
  void bookmarks.rate([7], 3);
  void bookmarks.rate([7], 5);
  api.posted[2].answer(makeAnswer({ ...PLAIN, stars: 3 }, PLAIN, 1));
  api.posted[3].fail(new ApiError("disk", "The disk is full.", 500));
  await settle();
  assert.equal(store.get().images[0].stars, 3);
});

test("a reading that arrives during a change does not hide the change", async () => {
  const api = makeSlowApi();
  const { store, bookmarks } = makeBookmarks(api, { images: [{ id: 7, ...PLAIN }] });
  listeners.get("message")({ data: "changed" }); // another tab has changed something
  void bookmarks.toggleFavourite([7]);
  const [reading, change] = api.posted;
  reading.answer({ annotations: {}, revision: 4 });
  await settle();
  assert.equal(store.get().images[0].favourite, true);
  change.answer(makeAnswer(LOVED, PLAIN, 5));
  await settle();
  assert.equal(store.get().images[0].favourite, true);
});

test("the most liked images at home are read again too", async () => {
  const api = makeSlowApi();
  const { store } = makeBookmarks(api, { popular: [{ id: 7, ...PLAIN }] });
  listeners.get("message")({ data: "changed" });
  const [{ body, answer }] = api.posted;
  assert.deepEqual(body.ids, [7]);
  answer({ annotations: { 7: LOVED }, revision: 1 });
  await settle();
  assert.equal(store.get().popular[0].favourite, true);
});

test("a heart says nothing of texts that the page does not know", async () => {
  const api = makeSlowApi();
  const { store, bookmarks } = makeBookmarks(api, { images: [{ id: 7, ...PLAIN }] });
  void bookmarks.toggleFavourite([7]);
  assert.deepEqual(store.get().annotated, { 7: { favourite: true } });
});

test("each press on the heart of an image that is not read yet turns it round", async () => {
  const api = makeSlowApi();
  const { bookmarks } = makeBookmarks(api, { open: 7 });
  for (const favourite of [true, false, true]) {
    void bookmarks.toggleFavourite([7]);
    assert.equal(api.posted.at(-1).body.favourite, favourite);
  }
  for (const { fail } of api.posted) fail(new ApiError("disk", "The disk is full.", 500));
  await settle();
  void bookmarks.toggleFavourite([7]);
  assert.equal(api.posted.at(-1).body.favourite, true); // none was saved
});

test("a note and tags that could not be saved are kept, and saved once the server responds", async () => {
  const posted = [];
  let failure = new ApiError("busy", "away", 503);
  const post = async (path, body) => {
    if (path === "annotations") posted.push(body);
    if (failure) throw failure;
    return makeAnswer(PLAIN, PLAIN, 1);
  };
  const { store, bookmarks } = makeBookmarks({ post });
  await bookmarks.saveChange([7], { note: "first" });
  await bookmarks.saveChange([7], { note: "last" });
  await bookmarks.saveChange([7], { add_tags: ["sea"], remove_tags: ["sky"] });
  await bookmarks.saveChange([7], { stars: 3 });
  const change = { note: "last", add_tags: ["sea"], remove_tags: ["sky"] };
  assert.deepEqual(bookmarks.findUnsaved(7), change);
  assert.deepEqual(bookmarks.findUnsaved(8), {});
  failure = null;
  posted.length = 0;
  store.set({ bootstrap: { bookmarks_revision: 0 } });
  await settle();
  const { note, ...tags } = change;
  assert.deepEqual(posted, [
    { ids: [7], note },
    { ids: [7], ...tags },
  ]);
  assert.deepEqual(bookmarks.findUnsaved(7), {});
  store.set({ bootstrap: { bookmarks_revision: 0 } });
  await settle();
  assert.equal(posted.length, 2);
});
