/** What differs between the pages of hosts: their tabs, their settings, how they take an image. */

/**
 * @typedef {object} HostPage
 * @property {() => HTMLElement | null} ourTab  the button that brings our tab to the front
 * @property {() => unknown} whenReady  resolves when the host's buttons work
 * @property {() => boolean} openSettings  returns false if there is no settings page
 * @property {() => Iterable<Element>} sections  the buttons of the settings page
 * @property {(tab: string, url: string) => Promise<void>} prepare  what its own paste button leaves
 *     out
 */

const NAME = "Civitai Shortcut"; // our tab's and our section's
const OURS = "tab_civitai_shortcut";
const PATIENCE = 10_000; // ms

/** A1111, Forge, Forge Neo, and whatever is made of gradio's own tabs. @type {HostPage} */
const USUAL = {
  ourTab: () =>
    findTab(OURS) ?? findNamed(document.querySelectorAll("#tabs > * [role=tablist] > button")),
  whenReady: () => undefined,
  openSettings() {
    const tab = findTab("tab_settings") ?? findTab("tab_system");
    tab?.click();
    return tab !== null;
  },
  sections: () => document.querySelectorAll("#settings .tab-nav > button, #settings [role=tab]"),
  prepare: async () => {},
};

/** SD.Next's Modern UI has a page of its own over gradio's. @type {HostPage} */
const MODERN = {
  ourTab: () => document.querySelector(`button[tabitemid*="#${OURS}_tabitem"]`),
  whenReady: () => getHostFunction("waitForUiReady")?.(),
  openSettings() {
    const button = document.getElementById("btn_settings");
    if (!isVisible(document.getElementById("layout-settings"))) button?.click(); // the button toggles
    return button !== null;
  },
  sections: () => document.querySelectorAll("#split-settings-left button"),
  async prepare(tab, url) {
    document.getElementById(`${tab}_nav`)?.click(); // SD.Next's own function looks for a name that does not exist
    const take = getHostFunction("loadFromURL");
    if (tab !== "control" || !url || !take) return;
    take(url);
    const image = new Image(); // loads after the host's image, whose size is known by then
    image.src = url;
    await image.decode();
  },
};

/** Return how the page of the running host works. @returns {HostPage} */
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

/** Open our section of the host's settings. Return false if there is none. */
export function openHostSettings() {
  const host = getHostPage();
  if (!host.openSettings()) return false;
  // some hosts put a tab's content into the page only now, and remove ours
  const end = AbortSignal.timeout(PATIENCE);
  void waitFor(() => findNamed(host.sections()), end).then((section) => section?.click());
  return true;
}

/** Prepare a tab for the host's paste button, which leaves something out.
 * @param {string} tab
 * @param {string} url  of the image, "" for none */
export function prepareTab(tab, url) {
  return getHostPage().prepare(tab, url);
}

/** Return whether the host's page has a way to choose a checkpoint by its name. */
export function canChooseCheckpoint() {
  return (
    getHostFunction("selectCheckpoint") !== undefined &&
    document.getElementById("change_checkpoint") !== null
  );
}

/** Let the host load a checkpoint, as a press on its card does.
 * @param {string} name  the file's, without extension */
export function chooseCheckpoint(name) {
  getHostFunction("selectCheckpoint")?.(name);
}

/** Call the listener whenever the host's settings are applied.
 * @param {() => void} listener
 * @param {AbortSignal} signal */
export function followHostSettings(listener, signal) {
  getHostFunction("onOptionsChanged")?.(() => !signal.aborted && listener());
}

/** Return the button of a gradio tab, by the id of the tab's content. @param {string} id */
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

/** Return a function that the host's scripts have put into the page, undefined if there is none.
 * @param {string} name
 * @returns {((...given: unknown[]) => unknown) | undefined} */
function getHostFunction(name) {
  const value = Reflect.get(window, name);
  return typeof value === "function" ? value : undefined;
}

/** Return whether an element is visible. @param {Element | null} element */
function isVisible(element) {
  return element !== null && element.getClientRects().length > 0;
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
    changes.observe(document.documentElement, { childList: true, subtree: true });
    signal.addEventListener("abort", () => end(null));
  });
}
