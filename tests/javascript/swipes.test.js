import assert from "node:assert/strict";
import { test } from "node:test";
import { getSwipeDirection, isDismissed } from "../../javascript/gallery/viewer/swipes";

for (const [name, by, speed, expected] of [
  ["far to the left: the next", -250, 0, 1],
  ["far to the right: the one before", 250, 0, -1],
  ["a short slow one: back", -100, -0.1, 0],
  ["a short quick one: the next", -60, -0.9, 1],
  ["a quick one that turns back: back", -60, 0.9, 0],
  ["a tremble: back", -9, -2, 0],
]) {
  test(`a swipe ${name}`, () => assert.equal(getSwipeDirection(by, speed, 390), expected));
}

test("a picture is let go by a far or a quick swipe down, never by one up", () => {
  assert.ok(isDismissed(300, 0, 844));
  assert.ok(isDismissed(60, 0.9, 844));
  assert.ok(!isDismissed(60, 0.1, 844));
  assert.ok(!isDismissed(-400, -2, 844));
});
