import assert from "node:assert/strict";
import { test } from "node:test";
import { getModelTypeName } from "../../javascript/gallery/state/model_files";

const translate = (key) => `<${key}>`;

test("a type is named as Civitai, an infotext or the host's folders write it", () => {
  for (const type of ["TextualInversion", "embed"])
    assert.equal(getModelTypeName(type, translate), "<type_embed>");
  assert.equal(getModelTypeName("Upscaler", translate), "<type_upscaler>");
  assert.equal(getModelTypeName("Text Encoder", translate), "<type_text_encoder>");
});

test("an unknown type is shown as it is", () => {
  assert.equal(getModelTypeName("LoCon", translate), "LoCon");
  assert.equal(getModelTypeName("constructor", translate), "constructor");
});
