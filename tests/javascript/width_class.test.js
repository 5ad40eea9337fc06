import assert from "node:assert/strict";
import { test } from "node:test";
import { getWidthClass } from "../../javascript/gallery/host/width_class.js";

test("a room is told by its own width", () => {
  assert.deepEqual([284, 721, 1160, 1161].map(getWidthClass), [
    "narrow",
    "middling",
    "middling",
    "wide",
  ]);
});
