/** Sends an image and its infotext to a tab of the host: the image through a hidden button, the
 * infotext through the host's own button that reads one from the prompt. */

import { ApiError } from "../data/api.js";
import { getErrorMessage } from "../data/problems.js";
import { pasteInfotext, prepareTab, showTab, waitForFrame } from "../host/host_page.js";
import { isSameInstance } from "./instance_check.js";

/** @import { Context } from "../types.js" */

const BUTTONS = "civitai_shortcut_send"; // and the tab's name
const SCRIPT = "civitaiShortcutSend"; // gradio calls it for the input of a button's event
const PATIENCE = 60_000; // ms
const LOOK = 50; // ms between two looks at the button: its label changes without an event

/** Send an image with its infotext, or only an infotext, to a tab of the host.
 * @param {Context} context
 * @param {string} tab  one of `bootstrap.host.send_to`
 * @param {number | null} id  null to send only the text
 * @param {string | null} text  the edited infotext, null for the image's own */
export async function sendToTab(context, tab, id, text) {
  const { actions, api, toast, words, signal } = context;
  try {
    if (!(await isSameInstance(context))) throw new ApiError("not_sent", words("send_changed"), 0);
    toast(words("sending", { tab }));
    const { infotext, has_image } =
      id === null
        ? { infotext: text ?? "", has_image: false }
        : await api.post(`images/${id}/send`, { tab, text }, { signal });
    if (has_image) await placeImage(tab, id, context);
    // an open dialog would block the page from behind a tab that is not seen
    actions.panel("");
    actions.close();
    showTab(tab); // from here some hosts have removed our own tab
    await prepareTab(tab, has_image && id !== null ? api.file(id) : "");
    if (infotext && !(await pasteInfotext(tab, infotext))) throw makeMissingError(context);
    showTab(tab); // the host's button has shown the first page of the tab
  } catch (error) {
    if (!signal.aborted) toast(getErrorMessage(error, words), "bad");
  }
}

/** Put an image into the fields of a tab by a press of a hidden gradio button, whose function runs
 * on the server.
 * @param {string} tab
 * @param {number | null} id
 * @param {Context} context */
async function placeImage(tab, id, context) {
  const holder = document.getElementById(`${BUTTONS}_${tab}`);
  // In some versions of gradio the button has the id, in others its wrapper.
  const button = holder instanceof HTMLButtonElement ? holder : holder?.querySelector("button");
  if (!button) throw makeMissingError(context);
  const nonce = crypto.getRandomValues(new Uint32Array(3)).join("-");
  Reflect.set(window, SCRIPT, () => JSON.stringify({ id, nonce }));
  button.click();
  await waitForLabel(button, nonce, context);
  await waitForFrame();
}

/** Wait until gradio has given a button this label. Throw an error after a minute.
 * @param {HTMLElement} button
 * @param {string} label
 * @param {Context} context
 * @returns {Promise<void>} */
function waitForLabel(button, label, { signal, words }) {
  const end = performance.now() + PATIENCE;
  return new Promise((resolve, reject) => {
    const look = setInterval(() => {
      const isThere = button.textContent?.trim() === label;
      const isLate = performance.now() > end;
      if (!isThere && !isLate && !signal.aborted) return;
      clearInterval(look);
      if (isThere) resolve();
      else if (isLate) reject(new ApiError("not_sent", words("send_silent"), 0));
      else reject(signal.reason);
    }, LOOK);
  });
}

/** Return the error for a field that is missing in the host's page. @param {Context} context */
function makeMissingError({ words }) {
  return new ApiError("not_sent", words("send_missing"), 0);
}
