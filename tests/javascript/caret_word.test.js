import assert from "node:assert/strict";
import { test } from "node:test";
import { getWordAt, replaceWord, splitWords } from "../../javascript/gallery/state/query";

for (const [text, caret, word] of [
  ["", 0, ""],
  ["golden", 6, "golden"],
  ["golden hour", 3, "gol"],
  ["golden ", 7, ""],
  ["-lora:de steps", 8, "-lora:de"],
  ['a base:"SDXL 1', 14, 'base:"SDXL 1'],
  ['a "b c" d', 9, "d"],
  ["a “b c", 6, "“b c"],
]) {
  test(`the word at ${caret} of "${text}" is "${word}"`, () => {
    assert.equal(getWordAt(text, caret), word);
  });
}

test("a key that is taken waits for its value, a value is followed by a blank", () => {
  assert.deepEqual(replaceWord("a lo", 4, "lora:"), { text: "a lora:", caret: 7 });
  assert.deepEqual(replaceWord("a st", 4, "steps>"), { text: "a steps>", caret: 8 });
  assert.deepEqual(replaceWord("lora:de", 7, "lora:add_detail"), {
    text: "lora:add_detail ",
    caret: 16,
  });
});

test("what stands behind the word stays, the rest of the word goes", () => {
  assert.deepEqual(replaceWord("lora:detail blue", 7, 'lora:"x y"'), {
    text: 'lora:"x y" blue',
    caret: 11,
  });
});

test("what stands between quotes is one of a search's words", () => {
  assert.deepEqual(splitWords(' sea  lora:"x y" -"golden hour" steps>20 '), [
    "sea",
    'lora:"x y"',
    '-"golden hour"',
    "steps>20",
  ]);
  assert.deepEqual(splitWords('a "not closed'), ["a", '"not closed']);
  assert.deepEqual(splitWords(" "), []);
});
