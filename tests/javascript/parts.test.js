import assert from "node:assert/strict";
import test from "node:test";
import { splitBySize } from "../../javascript/gallery/core/text";

test("a list is split by the bytes and the number of its entries, and none is lost", () => {
  const split = (/** @type {[string[], number, number?]} */ ...given) => [...splitBySize(...given)];
  assert.deepEqual(split(["aa", "bb", "cc"], 10), [["aa", "bb"], ["cc"]]);
  assert.deepEqual(split(["海", "b"], 9), [["海"], ["b"]]);
  assert.deepEqual(split(["a", "b", "c"], 99, 2), [["a", "b"], ["c"]]);
  assert.deepEqual(split(["a", "x".repeat(50), "b"], 10), [["a"], ["x".repeat(50)], ["b"]]);
  assert.deepEqual(split([], 10), []);
});
