import assert from "node:assert/strict";
import test from "node:test";
import { splitBySize } from "../../javascript/gallery/core/parts.js";
import { splitExport } from "../../javascript/gallery/panels/import_parts.js";

const EMPTY = { pictures: [], sets: [], reproductions: [] };

test("a list is split by the bytes and the number of its entries, and none is lost", () => {
  const split = (/** @type {[string[], number, number?]} */ ...given) => [...splitBySize(...given)];
  assert.deepEqual(split(["aa", "bb", "cc"], 10), [["aa", "bb"], ["cc"]]);
  assert.deepEqual(split(["海", "b"], 9), [["海"], ["b"]]);
  assert.deepEqual(split(["a", "b", "c"], 99, 2), [["a", "b"], ["c"]]);
  assert.deepEqual(split(["a", "x".repeat(50), "b"], 10), [["a"], ["x".repeat(50)], ["b"]]);
  assert.deepEqual(split([], 10), []);
});

test("an export of many reproductions is imported in parts that the server accepts", () => {
  const thumbnail = "A".repeat(60_000);
  const reproductions = Array.from({ length: 300 }, (_, at) => ({ image_id: at, thumbnail }));
  const pictures = Array.from({ length: 700 }, (_, id) => ({ id }));
  const sets = [{ name: "Sea", ids: [1] }];
  const parts = [...splitExport({ civitai_shortcut: 1, pictures, sets, reproductions })];
  for (const part of parts) {
    assert.ok(JSON.stringify(part).length < 8 * 1024 * 1024);
    assert.equal(part.civitai_shortcut, 1);
  }
  const all = (/** @type {string} */ key) => parts.flatMap((part) => part[key]);
  assert.deepEqual(all("reproductions"), reproductions);
  assert.deepEqual(all("pictures"), pictures);
  assert.deepEqual(all("sets"), sets);
});

test("a file that is no export is sent as it is, for the server to refuse", () => {
  assert.deepEqual([...splitExport([1])], [{ 0: 1, ...EMPTY, sets: undefined }]);
  assert.deepEqual([...splitExport(null)], [{ ...EMPTY, sets: undefined }]);
});
