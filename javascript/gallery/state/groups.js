/** Groups the images of a post: one tile in the grid, side by side in the viewer. Pure. */

/** @import { State, View } from "../types.js" */

/**
 * @typedef {object} Groups
 * @property {readonly View[]} leads  the first image of each post
 * @property {readonly View[]} order  all images, those of a post one after another
 * @property {ReadonlyMap<number, readonly number[]>} members  the ids of an image's post, by its id
 */

/** @type {WeakMap<readonly View[], Groups>} */
const groupsByImages = new WeakMap();

/** Group the images by post. An image without a post is a group of its own. The result is cached
 * for the array.
 * @param {readonly View[]} images
 * @returns {Groups} */
export function groupByPost(images) {
  const known = groupsByImages.get(images);
  if (known) return known;
  /** @type {Map<number | string, View[]>} */
  const posts = new Map();
  for (const view of images) {
    const key = view.post_id ?? `image ${view.id}`;
    const post = posts.get(key);
    if (post) post.push(view);
    else posts.set(key, [view]);
  }
  const all = [...posts.values()];
  const members = new Map(
    all.flatMap((post) => {
      const ids = post.map((view) => view.id);
      return ids.map((id) => /** @type {const} */ ([id, ids]));
    }),
  );
  const groups = { leads: all.map(([lead]) => lead), order: all.flat(), members };
  groupsByImages.set(images, groups);
  return groups;
}

/** Return whether the gallery shows each post as one tile. In the gallery of a post, this is always
 * false.
 * @param {Pick<State, "groupsPosts" | "where">} state */
export function isGrouped({ groupsPosts, where }) {
  return groupsPosts && where.post === null;
}
