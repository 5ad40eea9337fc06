/** Returns the name of the open gallery, for the header and the search field. Pure. */

/** @import { State, Translate } from "../types.js" */

/** Return the name of the open gallery, "…" while it is unknown.
 * @param {Pick<State, "where" | "model" | "title">} state
 * @param {Translate} translate */
export function getGalleryName({ where, model, title }, translate) {
  const { user, post, search } = where;
  if (where.model !== null) return model?.name ?? "…";
  if (title) return title;
  if (user) return translate("pictures_by", { user });
  if (post !== null) return translate("post_number", { id: post });
  return search === null ? "…" : translate("library_title");
}
