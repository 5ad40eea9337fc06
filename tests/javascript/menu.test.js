import assert from "node:assert/strict";
import { test } from "node:test";
import { findByLetters, placeMenu } from "../../javascript/gallery/core/menu";

const SCREEN = { width: 400, height: 800 };
const MENU = { width: 200, height: 300 };
const at = (x, y) => ({ left: x, top: y, right: x, bottom: y });

test("a menu opens below its anchor, or above it where the window ends", () => {
  const button = { left: 20, top: 100, right: 80, bottom: 140 };
  assert.deepEqual(placeMenu(button, MENU, SCREEN), { x: 20, y: 140 });
  const low = { left: 20, top: 700, right: 80, bottom: 740 };
  assert.deepEqual(placeMenu(low, MENU, SCREEN), { x: 20, y: 400 });
});

test("a menu at the right edge opens to the left", () => {
  assert.deepEqual(placeMenu(at(390, 10), MENU, SCREEN), { x: 190, y: 10 });
});

test("a menu stays inside a window in which no side has room for it", () => {
  assert.deepEqual(placeMenu(at(150, 200), MENU, { width: 220, height: 390 }), { x: 8, y: 82 });
  assert.deepEqual(placeMenu(at(5, 5), MENU, { width: 100, height: 100 }), { x: 8, y: 8 });
});

const TEXTS = ["Save", "Send to…", "Copy prompt", "Copy infotext"];

test("typed letters find an item; the same letter again finds the next", () => {
  assert.equal(findByLetters(TEXTS, "c", -1), 2);
  assert.equal(findByLetters(TEXTS, "C", 2), 3);
  assert.equal(findByLetters(TEXTS, "cc", 3), 2);
  assert.equal(findByLetters(TEXTS, "se", 0), 1);
  assert.equal(findByLetters(TEXTS, "copy i", 2), 3);
  assert.equal(findByLetters(TEXTS, "x", 0), -1);
});
