import assert from "node:assert/strict";
import { test } from "node:test";
import { blendColours, readColour } from "../../javascript/gallery/host/theme";

test("colours are read in each form that a computed style has", () => {
  assert.deepEqual(readColour("rgb(1, 2, 3)"), [1, 2, 3, 1]);
  assert.deepEqual(readColour("rgba(0, 0, 0, 0)"), [0, 0, 0, 0]);
  assert.deepEqual(readColour("color(srgb 1 0.2 0 / 0.5)"), [255, 51, 0, 0.5]);
  assert.deepEqual(readColour("oklch(0.5 0.1 200)"), [0, 0, 0, 0]); // as if it were not there
});

test("what shines through counts by its share", () => {
  assert.deepEqual(blendColours([200, 100, 0, 0.5], [0, 100, 50, 1]), [100, 100, 25, 1]);
});
