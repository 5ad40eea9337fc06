/** Sends a picture and its infotext to a tab of the host, through the host's own paste buttons. */

import { ApiError } from "../data/api.js";
import { errorWords } from "../data/problems.js";
import { prepareFor } from "../host/host_page.js";
import { isOfThisHost } from "./instance_check.js";

/** @typedef {import("../types.js").Context} Context */

const PREFIX = "civitai_shortcut_door";
const PATIENCE = 120_000; // ms: a large file may have to be fetched first
const LOOK = 50; // ms between two looks at the answer: a field's value changes without an event

/**
 * @param {Context} context
 * @param {string} tab  one of `hello.host.send_to`
 * @param {number | null} id  null: of no picture, the text alone
 * @param {string | null} text  edited, or null for the picture's own
 */
export async function send(context, tab, id, text) {
  const { store, acts, toast, words, signal } = context;
  const at = store.get().hello?.host.send_to.indexOf(tab) ?? -1;
  try {
    if (!(await isOfThisHost(context))) throw new ApiError("door", words("door_changed"), 0);
    toast(words("sending", { tab }));
    await fill(id, text, context);
    const paste = part("send")?.querySelectorAll("button")[at];
    if (!paste) throw missing(context);
    // an open dialog would block the page from behind a tab that is not seen
    acts.panel("");
    acts.close();
    await prepareFor(tab, part("image")?.querySelector("img")?.src ?? "");
    paste.click();
  } catch (error) {
    if (!signal.aborted) toast(errorWords(error, words), "bad");
  }
}

/**
 * The host's hidden fields hold the picture and its text when this settles.
 *
 * @param {number | null} id
 * @param {string | null} text
 * @param {Context} context
 */
async function fill(id, text, context) {
  const ask = fieldIn(part("ask"));
  const press = buttonIn(part("button"));
  if (!ask || !press) throw missing(context);
  const nonce = crypto.getRandomValues(new Uint32Array(3)).join("-");
  ask.value = JSON.stringify({ id, text, nonce });
  ask.dispatchEvent(new Event("input", { bubbles: true }));
  await nextFrame(); // gradio passes a field's value on with its next drawing
  press.click();
  const error = await answer(nonce, context);
  if (error) throw new ApiError("door", error, 0);
  await nextFrame();
}

/**
 * @param {string} nonce  ours: an answer to another press is not it
 * @param {Context} context
 * @returns {Promise<string>} what went wrong, or ""
 */
function answer(nonce, context) {
  const { signal, words } = context;
  const end = performance.now() + PATIENCE;
  return new Promise((resolve, reject) => {
    const look = setInterval(() => {
      const told = read(nonce);
      const isLate = performance.now() > end;
      if (told === null && !isLate && !signal.aborted) return;
      clearInterval(look);
      if (told !== null) resolve(told);
      else if (isLate) resolve(words("door_silent"));
      else reject(signal.reason);
    }, LOOK);
  });
}

/**
 * @param {string} nonce
 * @returns {string | null} null: not answered yet
 */
function read(nonce) {
  const holder = part("nonce");
  const text = (fieldIn(holder)?.value ?? holder?.textContent ?? "").trim();
  if (text === nonce) return "";
  if (!text.startsWith("{")) return null;
  try {
    const told = JSON.parse(text);
    return told.nonce === nonce ? String(told.error ?? "") : null;
  } catch {
    return null; // half drawn
  }
}

/** @param {string} name */
function part(name) {
  return document.getElementById(`${PREFIX}_${name}`);
}

/** @param {HTMLElement | null} holder */
function fieldIn(holder) {
  const field = holder?.querySelector("textarea, input");
  return field instanceof HTMLTextAreaElement || field instanceof HTMLInputElement ? field : null;
}

/** The id is the button's own on some of gradio's versions, its wrapper's on others. @param {HTMLElement | null} holder */
function buttonIn(holder) {
  return holder instanceof HTMLButtonElement ? holder : holder?.querySelector("button");
}

/** @returns {Promise<number>} */
function nextFrame() {
  return new Promise((resolve) => requestAnimationFrame(resolve));
}

/** @param {Context} context */
function missing({ words }) {
  return new ApiError("door", words("door_missing"), 0);
}
