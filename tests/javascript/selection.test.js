import assert from "node:assert/strict";
import { test } from "node:test";
import {
  extended,
  inverted,
  marked,
  markedAll,
  markedTo,
} from "../../javascript/gallery/state/selection.js";

const ORDER = [10, 20, 30, 40, 50];
const none = { marks: new Set(), anchor: null, range: null };
const all = (selection) => [...selection.marks].sort((a, b) => a - b);

test("a mark is set and taken away, and the anchor follows", () => {
  const one = marked(none, 20);
  assert.deepEqual(all(one), [20]);
  assert.equal(one.anchor, 20);
  assert.deepEqual(all(marked(one, 20)), []);
  assert.deepEqual(all(marked(one, 20, true)), [20]);
});

test("the selection that was is not changed", () => {
  const one = marked(none, 20);
  marked(one, 30);
  markedAll(one, ORDER);
  inverted(one, ORDER);
  assert.deepEqual(all(one), [20]);
});

test("a range goes from the anchor, in both directions, and keeps what is elsewhere", () => {
  const one = { marks: new Set([10, 40]), anchor: 40 };
  assert.deepEqual(all(markedTo(one, ORDER, 20)), [10, 20, 30, 40]);
  assert.deepEqual(all(markedTo(one, ORDER, 50)), [10, 40, 50]);
  assert.equal(markedTo(one, ORDER, 20).anchor, 40);
});

test("without an anchor that is shown a range is the one picture", () => {
  assert.deepEqual(all(markedTo(none, ORDER, 30)), [30]);
  assert.deepEqual(all(markedTo({ marks: new Set([99]), anchor: 99 }, ORDER, 30)), [30, 99]);
});

test("a picture that is not shown cannot be the end of a range", () => {
  const one = { marks: new Set([10]), anchor: 10 };
  assert.deepEqual(all(markedTo(one, ORDER, 77)), [10]);
});

test("a range by keys grows and shrinks with the focus", () => {
  let selection = extended(none, ORDER, 20, 30);
  assert.deepEqual(all(selection), [20, 30]);
  selection = extended(selection, ORDER, 30, 50);
  assert.deepEqual(all(selection), [20, 30, 40, 50]);
  selection = extended(selection, ORDER, 50, 30);
  assert.deepEqual(all(selection), [20, 30]);
  selection = extended(selection, ORDER, 30, 10);
  assert.deepEqual(all(selection), [10, 20]);
});

test("a range by keys is added to what is marked, also where it passes over it and comes back", () => {
  const clicked = [10, 20].reduce((selection, id) => marked(selection, id), none);
  let selection = extended(clicked, ORDER, 40, 50); // the focus was moved on without a mark
  assert.deepEqual(all(selection), [10, 20, 40, 50]);
  selection = extended(selection, ORDER, 50, 20);
  assert.deepEqual(all(selection), [10, 20, 30, 40]);
  selection = extended(selection, ORDER, 20, 40);
  assert.deepEqual(all(selection), [10, 20, 40]);
});

test("a mark after a range ends it: the next one takes nothing of it away", () => {
  const ranged = extended(none, ORDER, 10, 30);
  const selection = extended(marked(ranged, 50), ORDER, 30, 20);
  assert.deepEqual(all(selection), [10, 20, 30, 50]);
});

test("all and the other way round keep the marks on what is not shown", () => {
  const one = { marks: new Set([20, 99]), anchor: 20 };
  assert.deepEqual(all(markedAll(one, ORDER)), [...ORDER, 99]);
  assert.deepEqual(all(inverted(one, ORDER)), [10, 30, 40, 50, 99]);
});
