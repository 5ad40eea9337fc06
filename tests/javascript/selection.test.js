import assert from "node:assert/strict";
import { test } from "node:test";
import {
  addMarks,
  extendRange,
  invertMarks,
  markRange,
  toggleMark,
} from "../../javascript/gallery/state/selection";

const ORDER = [10, 20, 30, 40, 50];
const none = { marks: new Set(), anchor: null, range: null };
const all = (selection) => [...selection.marks].sort((a, b) => a - b);

test("a mark is set and taken away, and the anchor follows", () => {
  const one = toggleMark(none, 20);
  assert.deepEqual(all(one), [20]);
  assert.equal(one.anchor, 20);
  assert.deepEqual(all(toggleMark(one, 20)), []);
  assert.deepEqual(all(toggleMark(one, 20, true)), [20]);
});

test("the selection that was is not changed", () => {
  const one = toggleMark(none, 20);
  toggleMark(one, 30);
  addMarks(one, ORDER);
  invertMarks(one, ORDER);
  assert.deepEqual(all(one), [20]);
});

test("a range goes from the anchor, in both directions, and keeps what is elsewhere", () => {
  const one = { marks: new Set([10, 40]), anchor: 40 };
  assert.deepEqual(all(markRange(one, ORDER, 20)), [10, 20, 30, 40]);
  assert.deepEqual(all(markRange(one, ORDER, 50)), [10, 40, 50]);
  assert.equal(markRange(one, ORDER, 20).anchor, 40);
});

test("without an anchor that is shown a range is the one picture", () => {
  assert.deepEqual(all(markRange(none, ORDER, 30)), [30]);
  assert.deepEqual(all(markRange({ marks: new Set([99]), anchor: 99 }, ORDER, 30)), [30, 99]);
});

test("a picture that is not shown cannot be the end of a range", () => {
  const one = { marks: new Set([10]), anchor: 10 };
  assert.deepEqual(all(markRange(one, ORDER, 77)), [10]);
});

test("a range by keys grows and shrinks with the focus", () => {
  let selection = extendRange(none, ORDER, 20, 30);
  assert.deepEqual(all(selection), [20, 30]);
  selection = extendRange(selection, ORDER, 30, 50);
  assert.deepEqual(all(selection), [20, 30, 40, 50]);
  selection = extendRange(selection, ORDER, 50, 30);
  assert.deepEqual(all(selection), [20, 30]);
  selection = extendRange(selection, ORDER, 30, 10);
  assert.deepEqual(all(selection), [10, 20]);
});

test("a range by keys is added to what is marked, also where it passes over it and comes back", () => {
  const clicked = [10, 20].reduce((selection, id) => toggleMark(selection, id), none);
  let selection = extendRange(clicked, ORDER, 40, 50); // the focus was moved on without a mark
  assert.deepEqual(all(selection), [10, 20, 40, 50]);
  selection = extendRange(selection, ORDER, 50, 20);
  assert.deepEqual(all(selection), [10, 20, 30, 40]);
  selection = extendRange(selection, ORDER, 20, 40);
  assert.deepEqual(all(selection), [10, 20, 40]);
});

test("a mark after a range ends it: the next one takes nothing of it away", () => {
  const ranged = extendRange(none, ORDER, 10, 30);
  const selection = extendRange(toggleMark(ranged, 50), ORDER, 30, 20);
  assert.deepEqual(all(selection), [10, 20, 30, 50]);
  const short = extendRange(none, ORDER, 10, 20);
  assert.deepEqual(all(extendRange(short, ORDER, 40, 50)), [10, 20, 40, 50]); // the focus was moved
});

test("all and the other way round keep the marks on what is not shown", () => {
  const one = { marks: new Set([20, 99]), anchor: 20 };
  assert.deepEqual(all(addMarks(one, ORDER)), [...ORDER, 99]);
  assert.deepEqual(all(invertMarks(one, ORDER)), [10, 30, 40, 50, 99]);
});
