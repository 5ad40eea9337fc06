/** Sends an image and its infotext to a tab of the host: the image's file through the tab's own
 * field, the infotext through the host's own button that reads it from the prompt. */

import { ApiError } from "../data/api";
import { getErrorMessage } from "../data/problems";
import type { Context } from "../types";
import { showHostMessage } from "./host_message";
import {
  fillSize,
  getTabName,
  pasteInfotext,
  scrollToFields,
  showTab,
  waitForFrame,
} from "./host_page";
import { fillImageField, findTabImageField } from "./image_field";
import { isSameInstance } from "./instance_check";

/** Send an image with its infotext, or only an infotext, to a tab of the host. Errors are shown to
 * the user.
 * @param tab one of `bootstrap.host.send_to`
 * @param id null to send only the text
 * @param text the edited infotext, null for the image's own */
export async function sendToTab(
  context: Context,
  tab: string,
  id: number | null,
  text: string | null,
) {
  const { actions, api, toast, translate, signal } = context;
  try {
    if (!(await isSameInstance(context)))
      throw new ApiError("not_sent", translate("send_changed"), 0);
    toast(translate("sending", { tab: getTabName(tab) }));
    const { infotext, has_image } =
      id === null
        ? { infotext: text ?? "", has_image: false }
        : await api.post(`images/${id}/send`, { tab, text }, { signal });
    const file = has_image && id !== null ? await api.fetchFile(id, { signal }) : null;
    // an open dialog would block the page from behind a tab that is not seen
    actions.panel("");
    actions.close();
    showTab(tab); // from here some hosts have removed our own tab
    await waitForFrame(); // the host draws the tab
    const field = file ? await findTabImageField(tab) : null;
    scrollToFields(tab, field);
    if (file && !field) throw makeMissingError(context);
    const isPasted = !infotext || (await pasteInfotext(tab, infotext));
    if (file && field) {
      fillImageField(field, file);
      await fillSize(tab, file); // the infotext has another size if the image was upscaled
    }
    if (!isPasted) throw makeMissingError(context);
  } catch (error) {
    if (!signal.aborted) reportError(error, context);
  }
}

/** Put an image into the field of the host on which the user has dropped it. Errors are shown to
 * the user. */
export async function dropIntoField(context: Context, id: number, field: HTMLElement) {
  const { api, translate } = context;
  try {
    showHostMessage(translate("fetching_image"));
    const file = await api.fetchFile(id);
    fillImageField(field, file);
    showHostMessage("");
  } catch (error) {
    showHostMessage(getErrorMessage(error, translate));
  }
}

/** Show an error to the user, in our tab if it is open, else over the host's page. */
function reportError(error: unknown, { root, toast, translate }: Context) {
  const text = getErrorMessage(error, translate);
  if (root.host.getClientRects().length) toast(text, "bad");
  else showHostMessage(text);
}

/** Return the error for a field that is missing in the host's page. */
function makeMissingError({ translate }: Context) {
  return new ApiError("not_sent", translate("send_missing"), 0);
}
