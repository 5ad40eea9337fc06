/** The images of a gallery grouped by post. */

import type { ImageView } from "../contract";
import type { State } from "../types";

interface Groups {
  leads: readonly ImageView[]; // the first image of each post
  order: readonly ImageView[]; // all images, those of a post one after another
  members: ReadonlyMap<number, readonly number[]>; // the ids of an image's post, by its id
}

const groupsByImages = new WeakMap<readonly ImageView[], Groups>();

/** Group the images by post, one without a post alone. Cached for the array. */
export function groupByPost(images: readonly ImageView[]): Groups {
  const known = groupsByImages.get(images);
  if (known) return known;
  const posts = new Map<number | string, ImageView[]>();
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

/** Put the images of a post into another order, at the places that they have together.
 * @param ids of its first images in this order; the others keep theirs */
export function sortPost(images: readonly ImageView[], post: number, ids: readonly number[]) {
  const places = new Map(ids.map((id, at) => [id, at]));
  const getPlace = ({ id }: ImageView) => places.get(id) ?? ids.length;
  const members = images.filter((view) => view.post_id === post);
  const sorted = [...members].sort((one, other) => getPlace(one) - getPlace(other));
  if (sorted.every((view, at) => view === members[at])) return images;
  return images.map((view) => (view.post_id === post ? (sorted.shift() ?? view) : view));
}

/** Return whether each post is one tile, which in a post's own gallery is never so. */
export function isGrouped({ groupsPosts, where }: Pick<State, "groupsPosts" | "where">) {
  return groupsPosts && where.post === null;
}
