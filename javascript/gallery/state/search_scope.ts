/** Decides which wider scope to search if nothing is found in a scope. Pure. */

import type { SearchCount, SearchPreview } from "../contract";

/** The loaded images; what was read of the open gallery; the library. */
export type SearchScope = "loaded" | "gallery" | "all";

const SCOPES = ["loaded", "gallery", "all"] as const;

/** Return the narrowest scope that contains matching images, beginning with `scope`. Return `scope`
 * if no scope contains any. A scope whose count is incomplete counts as matching. */
export function widenScope(
  scope: SearchScope,
  preview: Pick<SearchPreview, "loaded" | "gallery" | "library">,
): SearchScope {
  const wider = SCOPES.slice(SCOPES.indexOf(scope));
  const hasSome = (one: SearchScope) => {
    const { count, is_more: isMore } = countFound(one, preview);
    return count > 0 || isMore;
  };
  return wider.find(hasSome) ?? scope;
}

/** Return how many images match in a scope. */
export function countFound(
  scope: SearchScope,
  { loaded, gallery, library }: Pick<SearchPreview, "loaded" | "gallery" | "library">,
): SearchCount {
  if (scope === "all") return library;
  if (scope === "gallery") return gallery ?? { count: 0, is_more: false };
  return { count: loaded, is_more: false };
}
