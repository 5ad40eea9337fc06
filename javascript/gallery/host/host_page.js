/** What differs between the pages of hosts: their tabs, and how they take an image or an infotext. */

/**
 * @typedef {object} HostPage
 * @property {() => HTMLElement | null} ourTab  the button that brings our tab to the front
 * @property {() => unknown} whenReady  resolves when the host's buttons work
 * @property {(tab: string) => void} show  brings a tab of the host to the front
 * @property {(tab: string, url: string) => Promise<void>} prepare  what its own paste button leaves
 *     out
 */

const NAME = "Civitai Shortcut"; // our tab's
const OURS = "tab_civitai_shortcut";
const PATIENCE = 10_000; // ms

/** A1111, Forge, Forge Neo, and whatever is made of gradio's own tabs. @type {HostPage} */
const USUAL = {
  ourTab: () =>
    findTab(OURS) ?? findNamed(document.querySelectorAll("#tabs > * [role=tablist] > button")),
  whenReady: () => undefined,
  show: (tab) => void getHostFunction(`switch_to_${tab}`)?.(),
  prepare: async () => {},
};

/** SD.Next's Modern UI has a page of its own over gradio's. @type {HostPage} */
const MODERN = {
  ourTab: () => document.querySelector(`button[tabitemid*="#${OURS}_tabitem"]`),
  whenReady: () => getHostFunction("waitForUiReady")?.(),
  // SD.Next's own function looks for a name that does not exist.
  show: (tab) => document.getElementById(`${tab}_nav`)?.click(),
  async prepare(tab, url) {
    const take = getHostFunction("loadFromURL");
    if (tab !== "control" || !url || !take) return;
    take(url);
    const image = new Image(); // loads after the host's image, whose size is known by then
    image.src = url;
    await image.decode();
  },
};

/** Return the functions for the running host's page. @returns {HostPage} */
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
  if (page === "extras") return true; // which has no field for a text
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
  await waitForFrame();
  return true;
}

/** Wait for the browser's next frame. @returns {Promise<number>} */
export function waitForFrame() {
  return new Promise((resolve) => requestAnimationFrame(resolve));
}

/** Load an image into a tab whose own paste button leaves the image out. Do nothing in other tabs.
 * @param {string} tab
 * @param {string} url  of the image, "" for none */
export function prepareTab(tab, url) {
  return getHostPage().prepare(tab, url);
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

/** Return the button of a gradio tab. @param {string} id  id of the tab's content */
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

/** Return the button with the text "Civitai Shortcut", null if there is none.
 * @param {Iterable<Element>} buttons */
function findNamed(buttons) {
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
  if (!(field instanceof HTMLTextAreaElement)) return;
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Return the first element in the host's page that matches a selector. @param {string} selector */
function findElement(selector) {
  const element = document.querySelector(selector);
  return element instanceof HTMLElement ? element : null;
}

/** Return an element as soon as `find` finds it, null if `signal` is aborted first.
 * @param {() => HTMLElement | null} find
 * @param {AbortSignal} signal
 * @returns {Promise<HTMLElement | null>} */
function waitFor(find, signal) {
  const element = find();
  if (element || signal.aborted) return Promise.resolve(element);
  return new Promise((resolve) => {
    const end = (/** @type {HTMLElement | null} */ element) => {
      changes.disconnect();
      resolve(element);
    };
    const changes = new MutationObserver(() => {
      const element = find();
      if (element) end(element);
    });
    changes.observe(document.documentElement, { attributes: true, childList: true, subtree: true });
    signal.addEventListener("abort", () => end(null));
  });
}
