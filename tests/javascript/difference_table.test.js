import assert from "node:assert/strict";
import { test } from "node:test";
import { compareTexts } from "../../javascript/gallery/compare/compare_texts";
import { compareFields } from "../../javascript/gallery/compare/difference_table";

const shown = (texts) =>
  compareTexts(texts).map((parts) =>
    parts.map(({ text, differs }) => (differs ? `[${text}]` : text)).join(""),
  );

for (const [name, texts, expected] of [
  ["the same", ["a cat", "a cat"], ["a cat", "a cat"]],
  ["a word", ["a red cat", "a blue cat"], ["a [red] cat", "a [blue] cat"]],
  ["one more", ["sea, sky", "sea, sky, dawn"], ["sea, sky", "sea, sky[, dawn]"]],
  ["nothing at all", ["", "sea"], ["", "[sea]"]],
  ["a weight", ["(sea:1.2)", "(sea:1.3)"], ["(sea:[1.2])", "(sea:[1.3])"]],
  ["a tag", ["<lora:a b:1>, x", "<lora:a b:0.8>, x"], ["[<lora:a b:1>], x", "[<lora:a b:0.8>], x"]],
  ["a letter of Chinese", ["長い髪の少女", "短い髪の少女"], ["[長]い髪の少女", "[短]い髪の少女"]],
  ["an emoji", ["🔥 fire", "🌊 fire"], ["[🔥] fire", "[🌊] fire"]],
  ["case", ["Sea", "sea"], ["[Sea]", "[sea]"]],
  [
    "a full stop",
    ["limited palette.", "limited palette"],
    ["limited palette[.]", "limited palette"],
  ],
  ["several words", ["a red cat sat", "a blue dog sat"], ["a [red cat] sat", "a [blue dog] sat"]],
  ["what moved", ["a, b, c", "b, c, a"], ["[a, ]b, c", "b, c[, a]"]],
]) {
  test(`${name} differs word by word`, () => assert.deepEqual(shown(texts), expected));
}

test("of several, what not all of the others have differs", () => {
  assert.deepEqual(shown(["sea red", "sea blue", "sea red"]), [
    "sea [red]",
    "sea [blue]",
    "sea [red]",
  ]);
});

test("every letter of each text is in its parts, whatever they are", () => {
  const texts = ["<b>&amp;\n\t", "\ud800 x", "a".repeat(5000), "%s $ {1} \\", "( ( (", "👩‍🎨é"];
  for (const [at, parts] of compareTexts(texts).entries()) {
    assert.equal(parts.map(({ text }) => text).join(""), texts[at]);
  }
});

test("long prompts are compared in a moment", () => {
  const one = Array.from({ length: 30_000 }, (_, at) => `w${at}`).join(" ");
  const other = Array.from({ length: 30_000 }, (_, at) => `w${at * 2}`).join(" ");
  const [parts] = compareTexts([one, other]);
  assert.equal(parts.map(({ text }) => text).join(""), one);
});

const told = (prompt, negative, ...parameters) => ({ prompt, negative, parameters });
const NAMES = { prompt: "Prompt", negative: "Negative" };

test("fields stand in their order, those that one lacks too", () => {
  const rows = compareFields(
    [
      told("sea", "", ["Steps", "20"], ["Seed", "1"]),
      told("sea", "", ["Steps", "30"], ["Seed", "1"], ["VAE", "x"]),
    ],
    NAMES,
  );
  assert.deepEqual(
    rows.map(({ name, values, differs }) => [name, ...values, differs]),
    [
      ["Prompt", "sea", "sea", false],
      ["Steps", "20", "30", true],
      ["Seed", "1", "1", false],
      ["VAE", "", "x", true],
    ],
  );
});

test("pictures without data have no rows", () => {
  assert.deepEqual(compareFields([told("", ""), told("", "")], NAMES), []);
});
