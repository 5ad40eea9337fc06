/** Copies the prompt or the infotext of an image, from memory or from the server. */

import type { Context, ImageRecord } from "../types";
import { ApiError } from "./api";

/** infotext: with the user's edits. */
type Known = { record: ImageRecord | undefined; infotext: string };

/** Copy a text of an image.
 * @param known what is known of the image without a request */
export function copyImageText(
  { actions, records, translate, signal }: Context,
  { record, infotext }: Known,
  id: number,
  name: "prompt" | "infotext",
) {
  const fetchText = async () => {
    const fetched = await records.getRecord(id, signal);
    if (!fetched[name]) throw new ApiError("no_infotext", translate("no_infotext"), 0);
    return fetched[name];
  };
  return actions.copy((name === "prompt" ? record?.prompt : infotext) || fetchText());
}
