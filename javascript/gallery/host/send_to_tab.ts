/** Sends an image and its infotext to a tab of the host. */

import { ApiError, getErrorMessage, type HostConfig } from "../data/api";
import type { Context } from "../types";
import {
  fillSize,
  getTabName,
  pasteInfotext,
  pressGenerate,
  scrollToFields,
  showTab,
  waitFor,
  waitForFrame,
} from "./webui_fields";

const STYLE = `position: fixed; z-index: 99999; inset: auto 0 24px; width: fit-content;
  max-width: min(36em, 90vw); margin: 0 auto; padding: 10px 16px; border-radius: 10px;
  background: #24292f; color: #fff; font: 14px/1.45 system-ui, sans-serif;
  box-shadow: 0 4px 16px rgb(0 0 0 / 30%)`;
const TIME = 8000; // ms
const FADE = [{ opacity: 0 }, { opacity: 1, offset: 0.06 }, { opacity: 1 }];

let element: HTMLElement | null = null;

/** Show a message for some seconds in place of the one before; "" only removes that. */
function showHostMessage(text: string) {
  element?.remove();
  if (!text) return;
  const made = document.createElement("div");
  element = made;
  made.dataset.civitaiShortcut = "message";
  made.setAttribute("role", "status");
  made.style.cssText = STYLE;
  made.textContent = text;
  document.body.append(made);
  made.animate(FADE, TIME).finished.then(
    () => made.remove(),
    () => {},
  );
}

const KANVAS = "#kanvas-container"; // SD.Next's; it takes files that are dropped
const FIELD = `[data-testid=image], .forge-container, ${KANVAS}`; // gradio's, Forge's, SD.Next's
const PATIENCE = 10_000; // ms
/** The tab in which images are made. */
export const HOST_TAB = "txt2img";
/** The selector of the image field in each tab. */
const OF_TABS: Record<string, string> = {
  control_input: `${KANVAS}, #control_input_select`,
  extras: "#extras_image",
  img2img: "#img2img_image",
  inpaint: "#img2maskimg, #img2img_inpaint",
  pnginfo: "#pnginfo_image",
};

/** Return the image field that contains an element, null if there is none that takes a file. */
export function findImageField(target: EventTarget | null | undefined) {
  const field = target instanceof Element ? target.closest(FIELD) : null;
  if (!(field instanceof HTMLElement)) return null;
  return findInput(field) || field.querySelector(`${KANVAS} canvas`) ? field : null;
}

/** Return a tab's image field, null after ten seconds: some hosts build a tab when shown. */
function findTabImageField(tab: string): Promise<HTMLElement | null> {
  const find = () => {
    const element = document.querySelector(OF_TABS[tab]);
    return findImageField(element?.matches(FIELD) ? element : element?.querySelector(FIELD));
  };
  return waitFor(find, AbortSignal.timeout(PATIENCE));
}

function fillImageField(field: HTMLElement, file: File) {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(file);
  // Forge would lay the strokes that were drawn on the old image over the new one.
  const remove = field.querySelector("[id^=removeButton_]");
  if (field.querySelector(".forge-image[src^=data]") && remove instanceof HTMLElement)
    remove.click();
  const input = findInput(field);
  if (input) {
    input.files = dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    return;
  }
  const options = { bubbles: true, cancelable: true, composed: true, dataTransfer };
  (field.querySelector("canvas") ?? field).dispatchEvent(new DragEvent("drop", options));
}

function findInput(field: HTMLElement) {
  return field.querySelector("input[type=file]") as HTMLInputElement | null;
}

/** Return whether the host has the same functions, which its page calls by number. */
async function isSameInstance({ root, api, signal }: Context) {
  const { instance } = await api.get("instance", { signal });
  const element = root.host as HTMLElement;
  if (element.dataset.instance === instance) return true;
  const config = await api.getHostConfig({ signal });
  const isSame =
    describeFunctions(config) === describeFunctions(Reflect.get(window, "gradio_config"));
  if (isSame) element.dataset.instance = instance;
  return isSame;
}

function describeFunctions(config?: HostConfig) {
  const dependencies = config?.dependencies ?? [];
  return JSON.stringify(
    dependencies.map(({ targets, inputs, outputs, api_name }) => [
      targets,
      inputs,
      outputs,
      api_name,
    ]),
  );
}

/** Send an image with its infotext, or only an infotext, to a tab of the host. Return the infotext
 * that the tab has taken, null after an error, which is shown to the user.
 * @param tab one of `bootstrap.host.send_to`
 * @param id null to send only the text
 * @param text the edited infotext, null for the image's own */
export async function sendToTab(
  context: Context,
  tab: string,
  id: number | null,
  text: string | null,
): Promise<string | null> {
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
    const problem = infotext && (await pasteInfotext(tab, infotext));
    if (file && field) {
      fillImageField(field, file);
      await fillSize(tab, file); // the infotext has another size if the image was upscaled
    }
    if (problem === "missing") throw makeMissingError(context);
    if (problem) throw new ApiError("not_sent", translate("send_unread"), 0);
    return infotext;
  } catch (error) {
    if (!signal.aborted) reportError(error, context);
    return null;
  }
}

/** Paste an image's infotext and press *Generate*. Errors are shown to the user. */
export async function makeInHost(context: Context, id: number, text: string | null) {
  const { translate } = context;
  const infotext = await sendToTab(context, HOST_TAB, id, text);
  if (infotext === null || (await pressGenerate(HOST_TAB, infotext))) return;
  reportError(new ApiError("not_sent", translate("make_not_pasted"), 0), context);
}

/** Put an image into a field of the host. Errors are shown to the user. */
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

function makeMissingError({ translate }: Context) {
  return new ApiError("not_sent", translate("send_missing"), 0);
}
