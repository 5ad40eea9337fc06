/** Groups the images of a post: one tile in the grid, side by side in the viewer. Pure. */

import type { State, View } from "../types";

interface Groups {
  leads: readonly View[]; // the first image of each post
  order: readonly View[]; // all images, those of a post one after another
  members: ReadonlyMap<number, readonly number[]>; // the ids of an image's post, by its id
}

const groupsByImages: WeakMap<readonly View[], Groups> = new WeakMap();

/** Group the images by post. An image without a post is a group of its own. The result is cached
 * for the array. */
export function groupByPost(images: readonly View[]): Groups {
  const known = groupsByImages.get(images);
  if (known) return known;
  const posts: Map<number | string, View[]> = new Map();
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
      return ids.map((id) => [id, ids] as const);
    }),
  );
  const groups = { leads: all.map(([lead]) => lead), order: all.flat(), members };
  groupsByImages.set(images, groups);
  return groups;
}

/** Return whether the gallery shows each post as one tile. In the gallery of a post, this is always
 * false. */
export function isGrouped({ groupsPosts, where }: Pick<State, "groupsPosts" | "where">) {
  return groupsPosts && where.post === null;
}
