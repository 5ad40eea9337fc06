import assert from "node:assert/strict";
import { test } from "node:test";
import { nameModelType } from "../../javascript/gallery/state/model_types.js";

const words = (key) => `<${key}>`;

test("a type is named as Civitai, an infotext or the host's folders write it", () => {
  for (const type of ["TextualInversion", "embed"])
    assert.equal(nameModelType(type, words), "<type_embed>");
  assert.equal(nameModelType("Upscaler", words), "<type_upscaler>");
  assert.equal(nameModelType("Text Encoder", words), "<type_text_encoder>");
});

test("an unknown type is shown as it is", () => {
  assert.equal(nameModelType("LoCon", words), "LoCon");
  assert.equal(nameModelType("constructor", words), "constructor");
});
