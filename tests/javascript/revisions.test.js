import assert from "node:assert/strict";
import test from "node:test";
import { mergeChange } from "../../javascript/gallery/state/marks.js";
import { Revisions } from "../../javascript/gallery/state/revisions.js";

test("an answer that is overtaken by a newer one about the same image is left out", () => {
  const revisions = new Revisions();
  assert.equal(revisions.accept(1, 5), true);
  assert.equal(revisions.accept(1, 4), false);
  assert.equal(revisions.accept(2, 4), true); // about another image nothing newer is known
  assert.equal(revisions.accept(1, 5), true);
});

test("answers that are older than a reading of all images are left out", () => {
  const revisions = new Revisions();
  revisions.accept(1, 9);
  revisions.setRead(7);
  assert.equal(revisions.accept(2, 6), false);
  assert.equal(revisions.accept(2, 8), true);
  assert.equal(revisions.accept(1, 8), false);
});

test("marks that another tab has stored stay when this one stores its change", () => {
  const [before, now] = [new Set([1, 2]), new Set([2, 3])];
  assert.deepEqual(mergeChange(new Set([1, 2, 9]), before, now), new Set([2, 9, 3]));
});
