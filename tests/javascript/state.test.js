import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import {
  addPage,
  getFailedParts,
  getParameterLabel,
  getShown,
  hideImages,
  listCompared,
  makeInitialState,
  replaceLibraryPage,
  restoreImages,
  Store,
} from "../../javascript/gallery/state/state";

const view = (id, more = {}) => ({ id, user: "anna", saved: false, ...more });
const page = (ids, more = {}) => ({
  images: ids.map((id) => view(id)),
  cursor: "next",
  notes: [],
  read_at: "2026-01-01T00:00:00Z",
  from_library: false,
  hidden_count: 0,
  missing: [],
  total: null,
  ...more,
});
const idsOf = (views) => views.map(({ id }) => id);

test("a listener hears of its own keys only, once for a change, and not after its signal", () => {
  const store = new Store();
  const life = new AbortController();
  const heard = [];
  const listen = (now, before) => heard.push([before.open, now.open]);
  store.on(["marks", "open"], listen, { signal: life.signal });
  store.set({ panel: "jobs" });
  store.set({ open: 5, marks: new Set([5]) });
  store.set({ open: 5 });
  assert.deepEqual(heard, [[null, 5]]);
  life.abort();
  store.set({ open: 2 });
  assert.equal(heard.length, 1);
});

test("a listener of a selector hears when what it selects changes", () => {
  const images = [view(1), view(2)];
  const store = new Store({ ...makeInitialState(), images });
  let count = 0;
  store.on([getShown], () => (count += 1));
  store.set({ matches: new Set([1]) });
  assert.equal(count, 0);
  store.set({ loadedWords: "fox" });
  assert.equal(count, 1);
  store.set({ panel: "help" });
  assert.equal(count, 1);
});

test("what is compared is marked and shown, in the gallery's order, or open", () => {
  const where = { ...makeInitialState().where, model: 5 };
  const images = [view(1), view(2), view(3)];
  const state = { ...makeInitialState(), where, images, marks: new Set([9, 3, 8, 1]) };
  assert.deepEqual(listCompared(state), [1, 3]);
  assert.deepEqual(listCompared({ ...state, open: 9 }), [1, 3, 9]);
  assert.deepEqual(listCompared({ ...state, open: 3 }), [1, 3]);
  assert.deepEqual(listCompared({ ...state, results: { models: [] } }), []); // they hide it
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
  let state = { ...makeInitialState(), ...addPage(makeInitialState(), page([1, 2, 2])) };
  state = { ...state, ...addPage(state, page([2, 3], { cursor: null })) };
  assert.deepEqual(idsOf(getShown(state)), [1, 2, 3]);
  assert.deepEqual([state.ended, state.cursor], [true, null]);
  const { ended, cursor } = addPage(makeInitialState(), page([]));
  assert.deepEqual([ended, cursor], [false, "next"]); // an empty page is not the end
});

test("the first page after a filter changed takes the place of what was", () => {
  const before = { ...makeInitialState(), images: [view(1), view(2)], stale: true };
  const now = addPage(before, page([2, 9]));
  assert.deepEqual(idsOf(now.images), [2, 9]);
  assert.ok(!now.stale);
});

test("a note is said once, in its latest words", () => {
  const before = { ...makeInitialState(), notes: [{ code: "a", message: "1" }] };
  const notes = [
    { code: "a", message: "2" },
    { code: "b", message: "3" },
  ];
  assert.deepEqual(addPage(before, page([1], { notes })).notes, notes);
});

test("what was kept has its date, and a live answer takes it away", () => {
  const cached = addPage(makeInitialState(), page([1], { from_library: true }));
  assert.equal(cached.libraryDate, "2026-01-01T00:00:00Z");
  assert.equal(addPage({ ...makeInitialState(), ...cached }, page([2])).libraryDate, "");
});

test("a page that comes does not hide what is wrong elsewhere", () => {
  const lookup = { code: "busy", message: "" };
  const images = { code: "network", message: "" };
  const before = makeInitialState();
  const now = addPage({ ...before, problems: { ...before.problems, lookup, images } }, page([1]));
  assert.deepEqual(getFailedParts(now), ["lookup"]);
});

test("a search narrows what is shown once it is answered", () => {
  const images = [view(1), view(2), view(3)];
  const loadedWords = "fox";
  const matches = new Set([3]);
  const shown = getShown({ images, loadedWords, matches });
  assert.deepEqual(idsOf(shown), [3]);
  assert.equal(getShown({ images, loadedWords, matches }), shown);
  assert.equal(getShown({ images, loadedWords, matches: null }), images);
  assert.equal(getShown({ images, loadedWords: "", matches }), images);
});

test("Civitai that is back replaces what was kept at the top, and moves nothing further down", () => {
  const cached = {
    ...makeInitialState(),
    ...addPage(makeInitialState(), page([1, 2, 3], { from_library: true })),
  };
  const live = page([9, 1], { images: [view(9), view(1, { reactions: 5 })] });
  const top = replaceLibraryPage(cached, live, true);
  assert.deepEqual([idsOf(top.images), top.libraryDate], [[9, 1], ""]);
  const below = replaceLibraryPage(cached, live, false);
  assert.deepEqual([idsOf(below.images), below.libraryDate], [[1, 2, 3], ""]);
  assert.equal(below.images[0].reactions, 5);
});

test("a field of an infotext that has no other name keeps its own, whatever that is", () => {
  const bootstrap = { parameter_labels: { Steps: "步數" } };
  assert.equal(getParameterLabel(bootstrap, "Steps"), "步數");
  assert.equal(getParameterLabel(bootstrap, "constructor"), "constructor");
});

test("what failed is told by part and by code", () => {
  const { problems } = makeInitialState();
  const busy = { code: "busy", message: "" };
  const offline = { code: "offline", message: "" };
  const state = { problems: { ...problems, images: offline, lookup: busy } };
  assert.deepEqual(getFailedParts(state), ["lookup", "images"]);
  assert.deepEqual(getFailedParts(state, "offline"), ["images"]);
});

test("only actions and what asks the server set the store", () => {
  const root = "../../javascript/gallery"; // from here, where npm runs the tests
  const isSetter = (name) => /\bstore\.set\(/.test(readFileSync(`${root}/${name}`, "utf-8"));
  const setters = readdirSync(root, { recursive: true })
    .filter((name) => name.endsWith(".ts") && isSetter(name))
    .filter((name) => !name.endsWith("actions.ts") && !name.startsWith("data"));
  assert.deepEqual(setters, []);
});

test("what all pages tell is told together, and nothing of the gallery before", () => {
  const add = (state, ids, more) => ({ ...state, ...addPage(state, page(ids, more)) });
  const notes = [{ code: "a", message: "1" }];
  const first = add(makeInitialState(), [1], { hidden_count: 2, missing: [7], notes });
  const second = add(first, [2], { hidden_count: 3, missing: [8] });
  assert.deepEqual([second.hiddenCount, second.missing, second.notes], [5, [7, 8], notes]);
  const other = add({ ...second, stale: true }, [9], { hidden_count: 1 });
  assert.deepEqual([other.hiddenCount, other.missing, other.notes], [1, [], []]);
});

test("an open image that is hidden gives its place to the next one, or to the last", () => {
  const images = [1, 2, 3, 4, 5].map((id) => view(id));
  const state = { ...makeInitialState(), images, open: 2, focus: 4, marks: new Set([1, 3]) };
  const hidden = hideImages(state, new Set([2, 3]));
  assert.deepEqual(idsOf(hidden.images), [1, 4, 5]);
  assert.deepEqual([hidden.open, hidden.focus, hidden.hiddenCount], [4, 4, 2]);
  assert.deepEqual([...hidden.marks], [1]);
  assert.equal(hideImages({ ...state, open: 5 }, new Set([3, 5])).open, 4);
  assert.equal(hideImages(state, new Set([1, 2, 3, 4, 5])).open, null);
  assert.deepEqual(hideImages({ ...state, showsHidden: true }, new Set([2])), {});
});

test("images of any selection that is hidden come back as they were, before what came since", () => {
  const numbers = [1, 2, 3, 4, 5];
  const before = { ...makeInitialState(), images: numbers.map((id) => view(id)) };
  before.marks = new Set([2, 4]);
  for (let chosen = 1; chosen < 32; chosen += 1) {
    const ids = new Set(numbers.filter((id) => chosen & (1 << (id - 1))));
    const after = { ...before, ...hideImages(before, ids) };
    const more = { ...after, ...addPage(after, page([6, 7])), marks: new Set([...after.marks, 6]) };
    const back = restoreImages(more, before, after);
    assert.deepEqual([idsOf(back.images), back.hiddenCount], [[...numbers, 6, 7], 0]);
    assert.deepEqual([...back.marks].sort(), [2, 4, 6]);
    const others = [{ where: { ...after.where } }, { hiddenCount: 9 }, { images: [view(8)] }];
    for (const other of after.images.length ? others : others.slice(0, 2))
      assert.equal(restoreImages({ ...more, ...other }, before, after), null);
  }
});

test("no answer and no undo brings back what the user has changed since", () => {
  const annotated = { 1: { favourite: true }, 2: { stars: 4 } };
  const old = [1, 2, 3].map((id) => view(id, { favourite: false, stars: 0 }));
  const late = page([], { images: old });
  const empty = { ...makeInitialState(), annotated };
  const hidden = { ...empty, images: [old[2]], hiddenCount: 2 };
  const told = [
    addPage(empty, late),
    replaceLibraryPage({ ...empty, images: old }, late, true),
    replaceLibraryPage({ ...empty, images: old }, late, false),
    restoreImages(hidden, { ...makeInitialState(), images: old }, hidden),
  ];
  for (const { images } of told) {
    const shown = images.map(({ favourite, stars }) => [favourite, stars]);
    assert.deepEqual(shown, [
      [true, 0],
      [false, 4],
      [false, 0],
    ]);
  }
});
