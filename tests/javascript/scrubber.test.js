import assert from "node:assert/strict";
import { test } from "node:test";
import {
  findImageAt,
  findPosition,
  hasMonths,
  sortMonths,
} from "../../javascript/gallery/grid/scrubber";
import { makeInitialState } from "../../javascript/gallery/state/state";

const MONTHS = ["2026-02", "2025-12", "2025-03"].map((month) => ({ month, count: 4 }));
const where = { ...makeInitialState().where, model: 1, sort: "Newest" };
const state = (change) => ({
  ...makeInitialState(),
  images: [{ id: 1 }],
  where: { ...where, ...change },
});
const makeImages = (...months) => months.map((month) => ({ date: `${month}-07` }));
const LOADED = makeImages("2026-02", "2026-02", "2026-02", "2026-02", "2025-12", "2025-12");

test("months are offered where images are in the order of dates, and nowhere else", () => {
  for (const change of [{}, { sort: "Oldest" }, { search: "" }])
    assert.equal(hasMonths(state(change)), true);
  for (const change of [{ sort: "Random" }, { search: "fox" }, { search: "before:2025-04" }])
    assert.equal(hasMonths(state(change)), false);
  assert.equal(hasMonths(state({ post: 3, model: null })), false);
  assert.equal(hasMonths({ ...state({}), images: [] }), false);
  const noMatch = { loadedWords: "fox", matches: new Set() };
  assert.equal(hasMonths({ ...state({}), ...noMatch }), false);
  assert.equal(
    hasMonths({ ...state({}), results: { query: "", models: [], cursor: null } }),
    false,
  );
});

test("a position leads to an image of its month, or to none while that is not loaded", () => {
  const find = (position, ended = false) =>
    findImageAt({ images: LOADED, ended, sort: "Newest" }, MONTHS, position);
  assert.deepEqual(
    [0, 0.5, 1, 1.25].map((position) => find(position)),
    [0, 2, 4, 5],
  );
  assert.deepEqual(
    [1.5, 2].map((position) => find(position)),
    [null, null],
  );
  assert.deepEqual(
    [1.5, 2].map((position) => find(position, true)),
    [5, 5],
  );
});

test("a single image out of order begins no month", () => {
  const images = makeImages("2026-02", "2025-03", "2026-02", "2026-02", "2025-12", "2025-12");
  assert.equal(findImageAt({ images, ended: true, sort: "Newest" }, MONTHS, 1), 4);
});

test("the handle is at the month of an image, or at the next one of which something was read", () => {
  const find = (images, at, sort = "Newest") =>
    findPosition(images, sort === "Oldest" ? sortMonths(MONTHS, sort) : MONTHS, sort, at);
  assert.deepEqual(
    [0, 2, 4, 5].map((at) => find(LOADED, at)),
    [0, 0.5, 1, 1.25],
  );
  assert.equal(find(makeImages("2026-01"), 0), 1);
  assert.equal(find(makeImages("2020-01"), 0), 2);
  assert.equal(find(makeImages("2025-11"), 0, "Oldest"), 1);
  assert.equal(findPosition(LOADED, [], "Newest", 0), 0);
});
