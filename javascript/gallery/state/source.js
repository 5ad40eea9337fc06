/** Returns the name of the gallery of a query. Pure. */

/** @import { Where } from "../types.js" */

/** Return the name of a query's gallery, such as "model 5". The library is "kept", no gallery is
 * "".
 * @param {Where} where */
export function getSource(where) {
  if (where.model !== null) return `model ${where.model}`;
  if (where.post !== null) return `post ${where.post}`;
  if (where.user) return `user ${where.user}`;
  return where.search === null ? "" : "kept";
}
