/** Returns the name of the open gallery, for the header and the search field. Pure. */

import type { State, Translate } from "../types";

/** Return the name of the open gallery, "…" while it is unknown. */
export function getGalleryName(
  { where, model, title }: Pick<State, "where" | "model" | "title">,
  translate: Translate,
) {
  const { user, post, search } = where;
  if (where.model !== null) return model?.name ?? "…";
  if (title) return title;
  if (user) return translate("pictures_by", { user });
  if (post !== null) return translate("post_number", { id: post });
  return search === null ? "…" : translate("library_title");
}
