import assert from "node:assert/strict";
import { test } from "node:test";
import { getScrollSpeed } from "../../javascript/gallery/grid/drag_selection";
import { Arrangement } from "../../javascript/gallery/grid/layout";
import { listChosen } from "../../javascript/gallery/state/selection";

/** Three columns of 100 pixels with gaps of 10: ids 1 2 3, then 4 5 6. */
function makeArrangement() {
  const arrangement = new Arrangement(10);
  const views = [1, 2, 3, 4, 5, 6].map((id) => ({ id, width: 100, height: 100 }));
  arrangement.layOut(views, 320, 100);
  return arrangement;
}

test("a rubber band takes the images that it touches, in order", () => {
  const arrangement = makeArrangement();
  const inside = (left, top, right, bottom) => arrangement.listInside({ left, top, right, bottom });
  assert.deepEqual(inside(105, 50, 215, 150), [2, 5]);
  assert.deepEqual(inside(-50, -50, 500, 5), [1, 2, 3]);
  assert.deepEqual(inside(101, 0, 109, 300), []);
});

test("a point in a gap belongs to an image beside it", () => {
  const arrangement = makeArrangement();
  assert.equal(arrangement.findAt({ x: 104, y: 50 }), 1);
  assert.equal(arrangement.findAt({ x: 50, y: 107 }), 4);
  assert.equal(arrangement.findAt({ x: 50, y: 900 }), null);
});

test("a range goes both ways and keeps to what is shown", () => {
  const arrangement = makeArrangement();
  assert.deepEqual(arrangement.listRange(5, 3), [3, 4, 5]);
  assert.deepEqual(arrangement.listRange(2, 9), []);
});

test("the page scrolls at the window's edges only, and faster nearer to them", () => {
  assert.equal(getScrollSpeed(500, 1000), 0);
  assert.ok(getScrollSpeed(10, 1000) < getScrollSpeed(60, 1000));
  assert.ok(getScrollSpeed(60, 1000) < 0);
  assert.ok(getScrollSpeed(1200, 1000) === getScrollSpeed(1000, 1000));
  assert.ok(getScrollSpeed(1000, 1000) > 0);
});

test("an action on a marked image is for all marked ones", () => {
  assert.deepEqual(listChosen([1, 2], 2), [1, 2]);
  assert.deepEqual(listChosen([1, 2], 3), [3]);
});
