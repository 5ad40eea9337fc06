/** Copies the prompt or the infotext of an image, from memory or from the server. */

import { ApiError } from "./api.js";

/** @import { Context, ImageRecord } from "../types.js" */
/** @typedef {{record: ImageRecord | undefined, infotext: string}} Known  infotext: with the user's edits */

/** Copy a text of an image.
 * @param {Context} context
 * @param {Known} known  what is known of the image without a request
 * @param {number} id
 * @param {"prompt" | "infotext"} name */
export function copyImageText(
  { actions, records, translate, signal },
  { record, infotext },
  id,
  name,
) {
  const fetchText = async () => {
    const fetched = await records.getRecord(id, signal);
    if (!fetched[name]) throw new ApiError("no_infotext", translate("no_infotext"), 0);
    return fetched[name];
  };
  return actions.copy((name === "prompt" ? record?.prompt : infotext) || fetchText());
}
