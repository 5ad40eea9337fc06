import assert from "node:assert/strict";
import test from "node:test";
import { moveDivider, placeEvenly } from "../../javascript/gallery/compare/dividers";

test("dividers begin at equal distances", () => {
  assert.deepEqual(placeEvenly(2, 1), [50]);
  assert.deepEqual(placeEvenly(4, 1), [25, 50, 75]);
  assert.deepEqual(placeEvenly(4, 0.5), [37.5, 50, 62.5]); // all images are seen
  assert.deepEqual(placeEvenly(1, 1), []);
});

test("a divider stays inside, and pushes those that it meets", () => {
  assert.deepEqual(moveDivider([50], 0, 120), [100]);
  assert.deepEqual(moveDivider([25, 50, 75], 0, 60), [60, 60, 75]);
  assert.deepEqual(moveDivider([25, 50, 75], 2, -5), [0, 0, 0]);
  assert.deepEqual(moveDivider([25, 50, 75], 1, 40), [25, 40, 75]);
});
