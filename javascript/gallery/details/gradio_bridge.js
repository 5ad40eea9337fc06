/** Sends an image and its infotext to a tab of the host, through the host's own paste buttons. */

import { ApiError } from "../data/api.js";
import { getErrorMessage } from "../data/problems.js";
import { prepareTab } from "../host/host_page.js";
import { isSameInstance } from "./instance_check.js";

/** @import { Context } from "../types.js" */

const PREFIX = "civitai_shortcut_door";
const PATIENCE = 120_000; // ms: a large file may have to be fetched first
const LOOK = 50; // ms between two looks at the answer: a field's value changes without an event

/** Send an image with its infotext, or only an infotext, to a tab of the host.
 * @param {Context} context
 * @param {string} tab  one of `bootstrap.host.send_to`
 * @param {number | null} id  null to send only the text
 * @param {string | null} text  the edited infotext, null for the image's own */
export async function sendToTab(context, tab, id, text) {
  const { store, actions, api, toast, words, signal } = context;
  const index = store.get().bootstrap?.host.send_to.indexOf(tab) ?? -1;
  try {
    if (!(await isSameInstance(context))) throw new ApiError("not_sent", words("send_changed"), 0);
    toast(words("sending", { tab }));
    await fillHostFields({ tab, id, text }, context);
    const paste = findPart("send")?.querySelectorAll("button")[index];
    if (!paste) throw makeMissingError(context);
    // an open dialog would block the page from behind a tab that is not seen
    actions.panel("");
    actions.close();
    const hasImage = id !== null && findField(findPart("image"))?.value === String(id);
    await prepareTab(tab, hasImage ? api.file(id) : "");
    paste.click();
  } catch (error) {
    if (!signal.aborted) toast(getErrorMessage(error, words), "bad");
  }
}

/** Let gradio put the image and the infotext into our hidden components.
 * @param {{tab: string, id: number | null, text: string | null}} send
 * @param {Context} context */
async function fillHostFields(send, context) {
  const request = findField(findPart("ask"));
  const press = findButton(findPart("button"));
  if (!request || !press) throw makeMissingError(context);
  const nonce = crypto.getRandomValues(new Uint32Array(3)).join("-");
  request.value = JSON.stringify({ ...send, nonce });
  request.dispatchEvent(new Event("input", { bubbles: true }));
  await waitForFrame(); // gradio passes a field's value on with its next drawing
  press.click();
  const error = await waitForReply(nonce, context);
  if (error) throw new ApiError("not_sent", error, 0);
  await waitForFrame();
}

/** Wait until gradio has answered our click. Return the error message, "" for success.
 * @param {string} nonce  identifies our click
 * @param {Context} context
 * @returns {Promise<string>} what went wrong, or "" */
function waitForReply(nonce, context) {
  const { signal, words } = context;
  const end = performance.now() + PATIENCE;
  return new Promise((resolve, reject) => {
    const look = setInterval(() => {
      const reply = readReply(nonce);
      const isLate = performance.now() > end;
      if (reply === null && !isLate && !signal.aborted) return;
      clearInterval(look);
      if (reply !== null) resolve(reply);
      else if (isLate) resolve(words("send_silent"));
      else reject(signal.reason);
    }, LOOK);
  });
}

/** Return the error in gradio's answer to our click: "" for success, null for no answer yet.
 * @param {string} nonce
 * @returns {string | null} null: not answered yet */
function readReply(nonce) {
  const holder = findPart("nonce");
  const text = (findField(holder)?.value ?? holder?.textContent ?? "").trim();
  if (text === nonce) return "";
  if (!text.startsWith("{")) return null;
  try {
    const reply = JSON.parse(text);
    return reply.nonce === nonce ? String(reply.error ?? "") : null;
  } catch {
    return null; // half drawn
  }
}

/** Return one of our hidden components in the host's page, null if it is missing.
 * @param {string} name */
function findPart(name) {
  return document.getElementById(`${PREFIX}_${name}`);
}

/** Return the input of a component, null if it has none. @param {HTMLElement | null} holder */
function findField(holder) {
  const field = holder?.querySelector("textarea, input");
  return field instanceof HTMLTextAreaElement || field instanceof HTMLInputElement ? field : null;
}

/** Return the button of a component. In some versions of gradio the button has the id, in others
 * its wrapper.
 * @param {HTMLElement | null} holder */
function findButton(holder) {
  return holder instanceof HTMLButtonElement ? holder : holder?.querySelector("button");
}

/** Wait for the browser's next frame. @returns {Promise<number>} */
function waitForFrame() {
  return new Promise((resolve) => requestAnimationFrame(resolve));
}

/** Return the error for a component that is missing in the host's page. @param {Context} context */
function makeMissingError({ words }) {
  return new ApiError("not_sent", words("send_missing"), 0);
}
