/** The differences between the pages of hosts: their tabs, and how they take an infotext. */

import { waitFor } from "./wait_for.js";

/**
 * @typedef {object} HostPage
 * @property {() => HTMLElement | null} ourTab  the button that brings our tab to the front
 * @property {() => unknown} whenReady  resolves when the host's buttons work
 * @property {(tab: string) => void} show  brings a tab of the host to the front
 */

const NAME = "Civitai Shortcut"; // our tab's
const OURS = "tab_civitai_shortcut";
const NO_TEXT = ["extras", "pnginfo"]; // tabs without a field for an infotext
const PATIENCE = 10_000; // ms
const PASTE_PATIENCE = 3000; // ms

/** A1111, Forge, Forge Neo, and other hosts with gradio's own tabs. @type {HostPage} */
const USUAL = {
  ourTab: () =>
    findTab(OURS) ?? findOurButton(document.querySelectorAll("#tabs > * [role=tablist] > button")),
  whenReady: () => undefined,
  show(tab) {
    const show = getHostFunction(`switch_to_${tab}`);
    if (show) show();
    else findTab(`tab_${tab}`)?.click();
  },
};

/** SD.Next's Modern UI, which shows its own page over gradio's. @type {HostPage} */
const MODERN = {
  ourTab: () => document.querySelector(`button[tabitemid*="#${OURS}_tabitem"]`),
  whenReady: () => getHostFunction("waitForUiReady")?.(),
  // SD.Next's own function looks for a name that does not exist.
  show: (tab) => document.getElementById(`${tab}_nav`)?.click(),
};

/** Return how to operate the page of the WebUI that runs: its tabs and buttons. @returns {HostPage} */
function getHostPage() {
  return document.getElementById("tab_sdnext_uiux_core") ? MODERN : USUAL;
}

/** Open our tab as soon as the host's page shows it, unless the user does something first. */
export async function bringTabToFront() {
  const user = new AbortController();
  const { signal } = user;
  for (const type of ["pointerdown", "keydown"]) {
    window.addEventListener(type, () => user.abort(), { capture: true, once: true, signal });
  }
  if (!(await waitFor(() => getHostPage().ourTab(), signal))) return;
  await getHostPage().whenReady();
  if (!signal.aborted) getHostPage().ourTab()?.click();
  user.abort();
}

/** Bring a tab of the host to the front. @param {string} tab */
export function showTab(tab) {
  getHostPage().show(tab);
}

/** Fill a tab's fields from an infotext: put the text into the prompt and press the host's button
 * for pasting. Return false if the tab has no such button.
 * @param {string} tab
 * @param {string} infotext  not "", because the host would read its last infotext instead */
export async function pasteInfotext(tab, infotext) {
  const page = tab === "inpaint" ? "img2img" : tab;
  if (NO_TEXT.includes(page)) return true;
  const end = AbortSignal.timeout(PATIENCE);
  const find = () => findElement(`#${page}_tools #paste, #${page}_paste`);
  const paste = await waitFor(find, end); // some hosts put a tab into the page once it is shown
  const prompt = findElement(`#${page}_prompt textarea`);
  if (!(paste instanceof HTMLButtonElement && prompt)) return false;
  if (paste.disabled) {
    // Forge Neo has a setting that guards a negative prompt against this button.
    fillField(findElement(`#${page}_neg_prompt textarea`), "");
    await waitFor(() => (paste.disabled ? null : paste), end);
  }
  fillField(prompt, infotext);
  await waitForFrame(); // gradio passes a field's value on with its next drawing
  paste.click();
  if (tab === "inpaint") {
    await waitForPaste(prompt);
    // The host's button shows the first page of img2img. The user may have left the tab meanwhile.
    if (prompt.getClientRects().length) showTab(tab);
  }
  return true;
}

/** Wait until the host has put the prompt in place of an infotext, at most for three seconds.
 * @param {HTMLElement} field */
async function waitForPaste(field) {
  const infotext = Reflect.get(field, "value");
  const late = AbortSignal.timeout(PASTE_PATIENCE);
  // no event tells of a value that a script sets
  while (Reflect.get(field, "value") === infotext && !late.aborted) await waitForFrame();
}

/** Wait for the browser's next frame. @returns {Promise<number>} */
export function waitForFrame() {
  return new Promise((resolve) => requestAnimationFrame(resolve));
}

/** Set the width and height of the img2img tab to those of an image, unless the user has switched
 * this off in the host's settings. Do nothing for other tabs.
 * @param {string} tab
 * @param {File} file */
export async function fillSize(tab, file) {
  if (Reflect.get(window, "opts")?.send_size === false || tab !== "img2img") return;
  const image = await createImageBitmap(file).catch(() => null); // of a type the browser cannot read
  for (const side of /** @type {const} */ (["width", "height"])) {
    const field = findElement(`#${tab}_${side} input[type=number]`);
    if (image) fillField(field, String(image[side]));
  }
  image?.close();
}

/** Return the name that the host shows for a tab. @param {string} tab */
export function getTabName(tab) {
  return tab === "pnginfo" ? "PNG Info" : tab;
}

/** Return whether the host's page has a function that chooses a checkpoint by name. */
export function canChooseCheckpoint() {
  return (
    getHostFunction("selectCheckpoint") !== undefined &&
    document.getElementById("change_checkpoint") !== null
  );
}

/** Let the host load a checkpoint, as a click on its card does.
 * @param {string} name  the file's name without extension */
export function chooseCheckpoint(name) {
  getHostFunction("selectCheckpoint")?.(name);
}

/** Return the button of a gradio tab, null if there is none.
 * @param {string} id  id of the tab's content */
function findTab(id) {
  const page = document.getElementById(id);
  const pages = [...(page?.parentElement?.children ?? [])].filter((one) =>
    one.id.startsWith("tab_"),
  );
  const tabs = page?.parentElement?.querySelectorAll(
    ":scope > .tab-nav > button, [role=tablist] > button",
  );
  const tab = document.getElementById(`${id}-button`) ?? tabs?.[page ? pages.indexOf(page) : -1];
  return tab instanceof HTMLElement ? tab : null;
}

/** Return the button of our tab, which has the text "Civitai Shortcut"; null if there is none.
 * @param {Iterable<Element>} buttons */
function findOurButton(buttons) {
  const button = [...buttons].find((one) => one.textContent?.trim() === NAME);
  return button instanceof HTMLElement ? button : null;
}

/** Return a global function of the host's scripts, undefined if it does not exist.
 * @param {string} name
 * @returns {((...given: unknown[]) => unknown) | undefined} */
function getHostFunction(name) {
  const value = Reflect.get(window, name);
  return typeof value === "function" ? value : undefined;
}

/** Set a field's value as if the user had typed it. @param {HTMLElement | null} field
 * @param {string} value */
function fillField(field, value) {
  if (!(field instanceof HTMLTextAreaElement || field instanceof HTMLInputElement)) return;
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Return the first element in the host's page that matches a selector. @param {string} selector */
function findElement(selector) {
  const element = document.querySelector(selector);
  return element instanceof HTMLElement ? element : null;
}
