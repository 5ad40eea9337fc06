import assert from "node:assert/strict";
import { test } from "node:test";
import {
  findMonth,
  hasMonths,
  makeMonthSearch,
  sortMonths,
} from "../../javascript/gallery/grid/scrubber";
import { makeInitialState } from "../../javascript/gallery/state/state";

const MONTHS = ["2026-02", "2025-12", "2025-03"].map((month) => ({ month, count: 1 }));
const where = { ...makeInitialState().where, model: 1, sort: "Newest" };
const state = (change) => ({
  ...makeInitialState(),
  images: [{ id: 1 }],
  where: { ...where, ...change },
});

test("months are offered where images are in the order of dates, and nowhere else", () => {
  for (const change of [{}, { sort: "Oldest" }, { search: "" }, { search: "before:2025-04" }])
    assert.equal(hasMonths(state(change)), true);
  for (const change of [{ sort: "Random" }, { search: "fox" }, { search: "fox before:2025" }])
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

test("a gallery begins at a month and goes on in its own order", () => {
  assert.equal(makeMonthSearch(where, MONTHS, 1), "before:2026-01");
  assert.equal(makeMonthSearch(where, MONTHS, 2), "before:2025-04");
  const oldest = { ...where, sort: "Oldest" };
  assert.equal(makeMonthSearch(oldest, sortMonths(MONTHS, "Oldest"), 1), "after:2025-12");
});

test("the first month is the gallery itself, or the whole library", () => {
  assert.equal(makeMonthSearch(where, MONTHS, 0), null);
  assert.equal(makeMonthSearch({ ...where, model: null, user: "anna" }, MONTHS, 0), null);
  assert.equal(makeMonthSearch({ ...where, model: null, search: "before:2025-01" }, MONTHS, 0), "");
});

test("a date belongs to its month, or to the next one of which something was read", () => {
  const find = (date) => findMonth(MONTHS, "Newest", date);
  assert.deepEqual(
    ["2026-03-01", "2026-02-28T10", "2026-01-01", "2020-01-01"].map(find),
    [0, 0, 1, 2],
  );
  const oldest = sortMonths(MONTHS, "Oldest");
  assert.equal(findMonth(oldest, "Oldest", "2025-11-30"), 1);
  assert.equal(findMonth([], "Newest", "2025-11-30"), -1);
});
