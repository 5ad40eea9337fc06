/** Decides which wider scope to search if nothing is found in a scope. Pure. */

/** @import { SearchPreview } from "../contract" */
/** @typedef {"loaded" | "gallery" | "all"} SearchScope  the loaded images; what was read of the open gallery; the library */

const SCOPES = /** @type {const} */ (["loaded", "gallery", "all"]);

/** Return the narrowest scope that contains matching images, beginning with `scope`. Return `scope`
 * if no scope contains any. A scope whose count is incomplete counts as matching.
 * @param {SearchScope} scope
 * @param {Pick<SearchPreview, "loaded" | "gallery" | "library">} preview
 * @returns {SearchScope} */
export function widenScope(scope, preview) {
  const wider = SCOPES.slice(SCOPES.indexOf(scope));
  const hasSome = (/** @type {SearchScope} */ one) => {
    const { count, is_more: isMore } = countFound(one, preview);
    return count > 0 || isMore;
  };
  return wider.find(hasSome) ?? scope;
}

/** Return how many images match in a scope.
 * @param {SearchScope} scope
 * @param {Pick<SearchPreview, "loaded" | "gallery" | "library">} preview
 * @returns {import("../contract").SearchCount} */
export function countFound(scope, { loaded, gallery, library }) {
  if (scope === "all") return library;
  if (scope === "gallery") return gallery ?? { count: 0, is_more: false };
  return { count: loaded, is_more: false };
}
