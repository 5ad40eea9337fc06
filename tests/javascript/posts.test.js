import assert from "node:assert/strict";
import { test } from "node:test";
import { groupByPost, sortPost } from "../../javascript/gallery/state/posts";
import { extendRange, markRange, toggleMark } from "../../javascript/gallery/state/selection";
import {
  getShown,
  getTiles,
  listTileIds,
  makeInitialState,
} from "../../javascript/gallery/state/state";

const view = (id, post_id) => ({ id, post_id });
const images = [view(1, 7), view(2, 8), view(3, 7), view(4, null), view(5, null), view(6, 8)];
const grouped = { ...makeInitialState(), images, groupsPosts: true };
const idsOf = (views) => views.map(({ id }) => id);

test("a post has one tile, and its images come one after another", () => {
  assert.deepEqual(idsOf(getTiles(grouped)), [1, 2, 4, 5]);
  assert.deepEqual(idsOf(getShown(grouped)), [1, 3, 2, 6, 4, 5]);
  assert.deepEqual(listTileIds(grouped, 3), [1, 3]);
  assert.deepEqual(listTileIds(grouped, 4), [4]);
  assert.deepEqual(listTileIds(grouped, 99), [99]);
});

test("nothing is grouped unless it is wanted, nor in the gallery of one post", () => {
  const post = { ...grouped, where: { ...grouped.where, post: 7 } };
  for (const state of [{ ...grouped, groupsPosts: false }, post]) {
    assert.equal(getTiles(state), images);
    assert.equal(getShown(state), images);
    assert.deepEqual(listTileIds(state, 3), [3]);
  }
});

test("the tiles of more pages go on from those before", () => {
  const more = { ...grouped, images: [...images, view(7, 7), view(8, 9)] };
  assert.deepEqual(idsOf(getTiles(more)), [1, 2, 4, 5, 8]);
  assert.deepEqual(listTileIds(more, 1), [1, 3, 7]);
  assert.equal(getTiles(more), getTiles({ ...more }));
  assert.equal(groupByPost(images), groupByPost(images));
});

test("only images that match a filter are grouped", () => {
  const state = { ...grouped, loadedWords: "x", matches: new Set([3, 6]) };
  assert.deepEqual(idsOf(getTiles(state)), [3, 6]);
});

test("a mark on a tile is on all images of its post", () => {
  const ids = (id) => listTileIds(grouped, id);
  const none = { marks: new Set(), anchor: null, range: null };
  const one = toggleMark(none, 1, undefined, ids);
  assert.deepEqual([...one.marks], [1, 3]);
  assert.deepEqual([...toggleMark(one, 1, undefined, ids).marks], []);
  const part = { ...none, marks: new Set([3]) };
  assert.deepEqual([...toggleMark(part, 1, undefined, ids).marks], [3, 1]);
  const range = markRange(one, [1, 2, 4, 5], 4, ids);
  assert.deepEqual([...range.marks], [1, 3, 2, 6, 4]);
  const less = extendRange({ ...range, range: { ...range.range } }, [1, 2, 4, 5], 4, 2, ids);
  assert.deepEqual([...less.marks], [1, 3, 2, 6]);
});

test("the images of a post take the uploader's order, at the places that they have", () => {
  const views = [
    [1, 9],
    [2, 8],
    [3, 9],
    [4, null],
    [5, 9],
    [6, 9],
  ].map(([id, post_id]) => ({ id, post_id }));
  const ids = (images) => images.map(({ id }) => id);
  assert.deepEqual(ids(sortPost(views, 9, [6, 99, 1])), [6, 2, 1, 4, 3, 5]);
  assert.equal(sortPost(views, 9, [1, 3, 5, 6]), views);
  assert.equal(sortPost(views, 8, []), views);
});
