import assert from "node:assert/strict";
import { test } from "node:test";
import { widenScope } from "../../javascript/gallery/state/query";

const count = (n) => ({ count: n, is_more: false });
const preview = (loaded, gallery, library) => ({
  loaded,
  gallery: count(gallery),
  library: count(library),
});

test("a search stays where something is found", () => {
  assert.equal(widenScope("loaded", preview(1, 9, 99)), "loaded");
  assert.equal(widenScope("gallery", preview(0, 1, 99)), "gallery");
});

test("a search that finds nothing looks in the next place where something is", () => {
  assert.equal(widenScope("loaded", preview(0, 7, 99)), "gallery");
  assert.equal(widenScope("loaded", preview(0, 0, 99)), "all");
  assert.equal(widenScope("gallery", preview(5, 0, 99)), "all");
});

test("a place that was not searched to its end counts as one in which something may be", () => {
  const unknown = { ...preview(0, 0, 99), gallery: { count: 0, is_more: true } };
  assert.equal(widenScope("loaded", unknown), "gallery");
});

test("a search that finds nothing anywhere stays where it was", () => {
  assert.equal(widenScope("loaded", preview(0, 0, 0)), "loaded");
});
