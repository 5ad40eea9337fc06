import assert from "node:assert/strict";
import { test } from "node:test";
import { splitText } from "../../javascript/gallery/core/widgets";

for (const [name, text] of Object.entries({
  words: "a prompt of some words, ".repeat(1000),
  "without a space": "x".repeat(20_001),
  emoji: "😀".repeat(5000),
  short: "short",
})) {
  test(`the pieces of ${name} are the whole text again`, () => {
    const found = splitText(text, 999);
    assert.equal(found.join(""), text);
    assert.ok(found.every((piece) => piece && [...piece].length <= 999));
  });
}

test("no letter is torn in two", () => {
  for (const piece of splitText(`x${"😀".repeat(3000)}`, 1000)) assert.ok(piece.isWellFormed());
});

test("words are cut between, not within", () => {
  assert.deepEqual(splitText("one two three four", 9), ["one two ", "three ", "four"]);
});

test("an empty text has no pieces", () => {
  assert.deepEqual(splitText(""), []);
});
