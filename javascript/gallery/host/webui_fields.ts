/** The differences between the pages of hosts: their tabs, and how they take an infotext. */

/** Return the element that `find` returns at some change of the page; null if aborted. */
export function waitFor<T extends Element>(
  find: () => T | null,
  signal: AbortSignal,
): Promise<T | null> {
  const element = find();
  if (element || signal.aborted) return Promise.resolve(element);
  return new Promise((resolve) => {
    const end = (element: T | null) => {
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

interface HostPage {
  ourTab: () => HTMLElement | null; // the button that brings our tab to the front
  whenReady: () => unknown; // resolves when the host's buttons work
  findButton: (tab: string) => HTMLElement | null; // the button of a tab of the host
  show: (tab: string) => void; // brings a tab of the host to the front
}

const NAME = "Civitai Shortcut"; // our tab's
const OURS = "tab_civitai_shortcut";
const NO_TEXT = ["extras", "pnginfo"]; // tabs without a field for an infotext
/** The tab around a target that is only a part of it. */
const AROUND: Record<string, string> = { control_input: "control", inpaint: "img2img" };
/** Ids of a tab's content, if they are not the usual one. */
const CONTENTS: Record<string, string[]> = {
  extras: ["tab_extras", "tab_process"],
  inpaint: ["img2img_inpaint_tab"],
};
// SD.Next's name for the image field of "control": Modern has a heading, Standard has a tab.
const INPUT_NAME = "#panel-control-input, #control-tab-input button";
const PATIENCE = 10_000; // ms

/** A1111, Forge, Forge Neo, and other hosts with gradio's own tabs. */
const USUAL: HostPage = {
  ourTab: () =>
    findTab(OURS) ?? findOurButton(document.querySelectorAll("#tabs > * [role=tablist] > button")),
  whenReady: () => undefined,
  findButton(tab) {
    const ids = CONTENTS[tab] ?? [`tab_${getTabAround(tab)}`];
    return ids.map(findTab).find(Boolean) ?? null;
  },
  show(tab) {
    const show = getHostFunction(`switch_to_${tab === "inpaint" ? tab : getTabAround(tab)}`);
    if (show) show();
    else USUAL.findButton(tab)?.click();
  },
};

/** SD.Next's Modern UI, which shows its own page over gradio's. */
const MODERN: HostPage = {
  ourTab: () => document.querySelector(`button[tabitemid*="#${OURS}_tabitem"]`),
  whenReady: () => getHostFunction("waitForUiReady")?.(),
  findButton: (tab) => document.getElementById(`${getTabAround(tab)}_nav`),
  // SD.Next's own function looks for a name that does not exist.
  show: (tab) => MODERN.findButton(tab)?.click(),
};

function getHostPage(): HostPage {
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

/** Bring a tab of the host to the front. */
export function showTab(tab: string) {
  getHostPage().show(tab);
}

/** Fill a tab's fields from an infotext: put the text into the prompt, press the host's button for
 * pasting and wait until the host has done it. Return "missing" if the tab has no such button,
 * "unread" if the host does not answer.
 * @param infotext not "", because the host would read its last infotext instead */
export async function pasteInfotext(
  tab: string,
  infotext: string,
): Promise<"" | "missing" | "unread"> {
  if (NO_TEXT.includes(tab)) return "";
  const around = getTabAround(tab);
  const end = AbortSignal.timeout(PATIENCE);
  const find = () => findElement(`#${around}_tools #paste, #${around}_paste`);
  const paste = await waitFor(find, end); // some hosts put a tab into the page once it is shown
  const prompt = findElement(`#${around}_prompt textarea`);
  if (!(paste instanceof HTMLButtonElement && prompt)) return "missing";
  if (paste.disabled) {
    // Forge Neo has a setting that guards a negative prompt against this button.
    fillField(findElement(`#${around}_neg_prompt textarea`), "");
    await waitFor(() => (paste.disabled ? null : paste), end);
  }
  // A host removes the line end, so that its answer differs even from a text that is only a prompt.
  const text = `${infotext}\n`.replace(/\r\n?/g, "\n"); // as a text area has it
  const isUnchanged = () => Reflect.get(prompt, "value") === text;
  do {
    fillField(prompt, text);
    // gradio passes a field's value on with its next drawing; while it builds a tab, it sets its own
    await waitForFrame();
  } while (!isUnchanged() && !end.aborted);
  paste.click();
  const late = AbortSignal.timeout(2 * PATIENCE);
  while (isUnchanged() && !late.aborted) await waitForFrame(); // no event tells of a script's value
  // The host's button shows the first page of img2img. The user may have left the tab meanwhile.
  if (tab === "inpaint" && prompt.getClientRects().length) showTab(tab);
  return isUnchanged() ? "unread" : "";
}

/** Press a tab's button *Generate*, once its fields have the values of an infotext that was pasted:
 * before, a host would send the old ones. Return false if they do not get them within ten seconds, or
 * if the tab has no such button. */
export async function pressGenerate(tab: string, infotext: string) {
  const seed = /\bSeed: (\d+)/.exec(infotext)?.[1];
  const end = AbortSignal.timeout(PATIENCE);
  const hasSeed = () => {
    const field = findElement(`#${tab}_seed input`);
    return !seed || (field instanceof HTMLInputElement && field.value === seed);
  };
  while (!hasSeed() && !end.aborted) await waitForFrame(); // no event tells of a script's value
  const press = await waitFor(() => findElement(`#${tab}_generate`), end);
  if (!hasSeed() || !(press instanceof HTMLButtonElement)) return false;
  await waitForFrame(); // gradio passes a field's value on with its next drawing
  press.click();
  return true;
}

/** Return whether a tab has a button *Generate*. */
export function canGenerate(tab: string) {
  return findElement(`#${tab}_generate`) !== null;
}

/** Return the loaded checkpoint, such as "dream.safetensors [abc]"; "" if unknown. */
export function getLoadedCheckpoint() {
  const field = findElement("#setting_sd_model_checkpoint input");
  const shown = field instanceof HTMLInputElement ? field.value : "";
  return shown || String(Reflect.get(window, "opts")?.sd_model_checkpoint ?? "");
}

/** Scroll to a tab's prompt or image field: the host keeps another tab's position. */
export function scrollToFields(tab: string, field: HTMLElement | null) {
  const prompt = findElement(`#${getTabAround(tab)}_prompt textarea`);
  (prompt ?? field)?.scrollIntoView({ block: "center", behavior: "instant" });
}

/** Wait for the browser's next frame. */
export function waitForFrame(): Promise<number> {
  return new Promise((resolve) => requestAnimationFrame(resolve));
}

/** Set the width and height in a tab to those of its image, unless the user has switched this off
 * in the host's settings. Do nothing for a tab without these fields. */
export async function fillSize(tab: string, file: File) {
  const isShown = findElement("#setting_send_size:not(.hidden)") !== null; // SD.Next hides it
  if (isShown && Reflect.get(window, "opts")?.send_size === false) return;
  const around = tab === "control_input" ? "control_before_resize" : getTabAround(tab);
  const image = await createImageBitmap(file).catch(() => null); // of a type the browser cannot read
  for (const side of ["width", "height"] as const) {
    const field = findElement(`#${around}_${side} input[type=number]`);
    if (image) fillField(field, String(image[side]));
  }
  image?.close();
}

/** Return the host's own name for a tab, in the language of its page. */
export function getTabName(tab: string) {
  const name = getHostPage().findButton(tab)?.textContent?.trim();
  if (tab === "pnginfo") return name || "PNG Info";
  if (tab !== "control_input") return name || tab;
  const input = findElement(INPUT_NAME)?.textContent?.trim();
  return `${name || "control"} · ${input || "input"}`;
}

function getTabAround(target: string) {
  return AROUND[target] ?? target;
}

/** Return whether the host's page has a function that chooses a checkpoint by name. */
export function canChooseCheckpoint() {
  return (
    getHostFunction("selectCheckpoint") !== undefined &&
    document.getElementById("change_checkpoint") !== null
  );
}

/** Let the host load a checkpoint by its file's name without extension. */
export function chooseCheckpoint(name: string) {
  getHostFunction("selectCheckpoint")?.(name);
}

function findTab(id: string) {
  const page = document.getElementById(id);
  const pages = [...(page?.parentElement?.children ?? [])].filter((one) =>
    one.matches(".tabitem, [role=tabpanel]"),
  );
  const tabs = page?.parentElement?.querySelectorAll(
    ":scope > .tab-nav > button, [role=tablist] > button",
  );
  const tab = document.getElementById(`${id}-button`) ?? tabs?.[page ? pages.indexOf(page) : -1];
  return tab instanceof HTMLElement ? tab : null;
}

function findOurButton(buttons: Iterable<Element>) {
  const button = [...buttons].find((one) => one.textContent?.trim() === NAME);
  return button instanceof HTMLElement ? button : null;
}

function getHostFunction(name: string): ((...given: unknown[]) => unknown) | undefined {
  const value = Reflect.get(window, name);
  return typeof value === "function" ? value : undefined;
}

/** Set a field's value as if the user had typed it. */
function fillField(field: HTMLElement | null, value: string) {
  if (!(field instanceof HTMLTextAreaElement || field instanceof HTMLInputElement)) return;
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function findElement(selector: string) {
  const element = document.querySelector(selector);
  return element instanceof HTMLElement ? element : null;
}

/** Delete our run history in the browser, where older versions left the API key. */
export function clearRunHistory() {
  try {
    for (const storage of [localStorage, sessionStorage]) {
      for (const name of Object.keys(storage)) {
        if (!name.startsWith("gradio:run-history:")) continue;
        if (storage.getItem(name)?.includes("civitai_shortcut_")) storage.removeItem(name);
      }
    }
  } catch {
    // Without storage there is no history.
  }
}
