/** Returns the name of the open gallery, for the header and the search field. Pure. */

/** @import { State, Words } from "../types.js" */

/** Return the name of the open gallery, "…" while it is unknown.
 * @param {Pick<State, "where" | "model" | "title">} state
 * @param {Words} words */
export function getGalleryName({ where, model, title }, words) {
  const { user, post, search } = where;
  if (where.model !== null) return model?.name ?? "…";
  if (title) return title;
  if (user) return words("pictures_by", { user });
  if (post !== null) return words("post_number", { id: post });
  return search === null ? "…" : words("library_title");
}
