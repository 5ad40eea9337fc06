import assert from "node:assert/strict";
import test from "node:test";
import { chooseSheetSize } from "../../javascript/gallery/viewer/sheet";

const HEIGHT = 800;
const [FULL, HALF] = [56, 288]; // pixels from the top

test("a sheet that is let go takes the size that the drag led to", () => {
  assert.equal(chooseSheetSize("half", HALF - 20, -20, HEIGHT), "half");
  assert.equal(chooseSheetSize("half", HALF - 60, -60, HEIGHT), "full");
  assert.equal(chooseSheetSize("half", HALF + 60, 60, HEIGHT), "half");
  assert.equal(chooseSheetSize("half", HALF + 120, 120, HEIGHT), "closed");
  assert.equal(chooseSheetSize("full", FULL + 20, 20, HEIGHT), "full");
  assert.equal(chooseSheetSize("full", FULL + 200, 200, HEIGHT), "half");
  assert.equal(chooseSheetSize("full", FULL + 500, 500, HEIGHT), "closed");
});
