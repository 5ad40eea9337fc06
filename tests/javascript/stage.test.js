import assert from "node:assert/strict";
import { test } from "node:test";
import { Loader, listNearbyIndices } from "../../javascript/gallery/viewer/stage";

/** A loader whose loads end when the test says so. */
function held() {
  const began = [];
  const aborted = [];
  const ends = new Map();
  const loader = new Loader((id, signal) => {
    began.push(id);
    signal.addEventListener("abort", () => aborted.push(id));
    return new Promise((resolve) => ends.set(id, resolve));
  });
  const end = async (id) => {
    ends.get(id)();
    await new Promise(setImmediate);
  };
  return { loader, began, aborted, end };
}

test("the neighbours are in the order of need", () => {
  assert.deepEqual(listNearbyIndices(5, 100, 1, 2), [5, 6, 4, 7, 3]);
  assert.deepEqual(listNearbyIndices(5, 100, -1, 2), [5, 4, 6, 3, 7]);
  assert.deepEqual(listNearbyIndices(0, 2, 1, 3), [0, 1]);
});

test("the open one is loaded first, two others at once when it is there", async () => {
  const { loader, began, end } = held();
  loader.loadImages([5, 6, 4, 7, 3]);
  assert.deepEqual(began, [5]);
  await end(5);
  assert.deepEqual(began, [5, 6, 4]);
  await end(4);
  assert.deepEqual(began, [5, 6, 4, 7]);
});

test("what is far is aborted, what is near goes on", async () => {
  const { loader, began, aborted, end } = held();
  loader.loadImages([5, 6, 4]);
  await end(5);
  loader.loadImages([6, 7, 5, 8, 4]);
  assert.deepEqual(aborted, [4]);
  assert.deepEqual(began, [5, 6, 4]);
  loader.stopAll();
  assert.deepEqual(aborted, [4, 6]);
});

test("what is there is not loaded again, unless it is asked for", async () => {
  const { loader, began, end } = held();
  loader.loadImages([5]);
  await end(5);
  loader.loadImages([5]);
  assert.deepEqual(began, [5]);
  loader.reload(5);
  assert.deepEqual(began, [5, 5]);
});

test("thirty steps in a row begin nothing for what was passed", async () => {
  const { loader, began, aborted } = held();
  for (let at = 0; at <= 30; at += 1) loader.loadImages(listNearbyIndices(at, 100, 1, 2));
  const still = began.filter((id) => !aborted.includes(id));
  assert.ok(still.includes(30));
  assert.ok(
    still.every((id) => Math.abs(id - 30) <= 1),
    String(still),
  );
});
