import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ALL_WITHIN,
  firstState,
  isNarrowed,
  parameterName,
  Store,
  shownOf,
  withLive,
  withPage,
} from "../../javascript/gallery/state/state.js";

const view = (id, more = {}) => ({ id, user: "anna", saved: false, ...more });
const page = (ids, more = {}) => ({
  images: ids.map((id) => view(id)),
  cursor: "next",
  notes: [],
  read_at: "2026-01-01T00:00:00Z",
  kept: false,
  ...more,
});
const idsOf = (views) => views.map(({ id }) => id);

test("a listener hears of its own keys only, once for a change", () => {
  const store = new Store();
  const heard = [];
  store.on(["marks", "open"], (now, before) => heard.push([before.open, now.open]));
  store.set({ panel: "jobs" });
  store.set({ open: 5, marks: new Set([5]) });
  store.set({ open: 5 });
  assert.deepEqual(heard, [[null, 5]]);
});

test("a listener is called before set returns, and not after its signal", () => {
  const store = new Store();
  const life = new AbortController();
  let count = 0;
  store.on(["open"], () => (count += 1), { signal: life.signal });
  store.set({ open: 1 });
  assert.equal(count, 1);
  life.abort();
  store.set({ open: 2 });
  assert.equal(count, 1);
});

test("a listener sees what an earlier one has set", () => {
  const store = new Store();
  store.on(["open"], () => store.set({ panel: "help" }));
  let seen = "";
  store.on(["open"], (now) => (seen = now.panel));
  store.set({ open: 1 });
  assert.equal(seen, "help");
});

test("a page is added once, though Civitai sends a picture twice", () => {
  let state = { ...firstState(), ...withPage(firstState(), page([1, 2, 2])) };
  state = { ...state, ...withPage(state, page([2, 3], { cursor: null })) };
  assert.deepEqual(idsOf(state.images), [1, 2, 3]);
  assert.deepEqual(idsOf(state.shown), [1, 2, 3]);
  assert.ok(state.ended);
  assert.equal(state.cursor, null);
});

test("an empty page with a cursor is not the end", () => {
  const state = withPage(firstState(), page([]));
  assert.ok(!state.ended);
  assert.equal(state.cursor, "next");
});

test("the first page after a filter changed takes the place of what was", () => {
  const before = { ...firstState(), images: [view(1), view(2)], stale: true };
  const now = withPage(before, page([2, 9]));
  assert.deepEqual(idsOf(now.images), [2, 9]);
  assert.ok(!now.stale);
});

test("a note is said once, in its latest words", () => {
  const before = { ...firstState(), notes: [{ code: "a", message: "1" }] };
  const notes = [
    { code: "a", message: "2" },
    { code: "b", message: "3" },
  ];
  assert.deepEqual(withPage(before, page([1], { notes })).notes, notes);
});

test("what was kept has its date, and a live answer takes it away", () => {
  const kept = withPage(firstState(), page([1], { kept: true }));
  assert.equal(kept.kept, "2026-01-01T00:00:00Z");
  assert.equal(withPage({ ...firstState(), ...kept }, page([2])).kept, "");
});

test("a page that comes does not hide what is wrong elsewhere", () => {
  const problem = { of: "find", code: "busy", message: "" };
  assert.equal(withPage({ ...firstState(), problem }, page([1])).problem, problem);
});

test("a search narrows what is shown once it is answered", () => {
  const images = [view(1), view(2), view(3)];
  const within = { words: "fox" };
  assert.deepEqual(idsOf(shownOf(images, within, new Set([3]))), [3]);
  assert.equal(shownOf(images, within, null), images);
  assert.ok(isNarrowed(within));
});

test("nothing narrowed is the very same array", () => {
  const images = [view(1)];
  assert.equal(shownOf(images, ALL_WITHIN, null), images);
  assert.ok(!isNarrowed(ALL_WITHIN));
});

test("Civitai that is back replaces what was kept at the top, and moves nothing further down", () => {
  const kept = { ...firstState(), ...withPage(firstState(), page([1, 2, 3], { kept: true })) };
  const live = page([9, 1], { images: [view(9), view(1, { reactions: 5 })] });
  const top = withLive(kept, live, true);
  assert.deepEqual([idsOf(top.images), top.kept], [[9, 1], ""]);
  const below = withLive(kept, live, false);
  assert.deepEqual([idsOf(below.images), below.kept], [[1, 2, 3], ""]);
  assert.equal(below.images[0].reactions, 5);
});

test("a field of an infotext that has no other name keeps its own, whatever that is", () => {
  const hello = { parameters: { Steps: "步數" } };
  assert.equal(parameterName(hello, "Steps"), "步數");
  assert.equal(parameterName(hello, "constructor"), "constructor");
});
