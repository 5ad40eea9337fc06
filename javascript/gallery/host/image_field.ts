/** Puts an image file into a field of the host's page, as when the user uploads the file. */

import { waitFor } from "./wait_for";

const KANVAS = "#kanvas-container"; // SD.Next's; it takes files that are dropped
const FIELD = `[data-testid=image], .forge-container, ${KANVAS}`; // gradio's, Forge's, SD.Next's
const PATIENCE = 10_000; // ms
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

/** Wait for the image field of a tab and return it, null if it does not appear within ten seconds.
 * Some hosts put a tab into the page only when it is shown. */
export function findTabImageField(tab: string): Promise<HTMLElement | null> {
  const find = () => {
    const element = document.querySelector(OF_TABS[tab]);
    return findImageField(element?.matches(FIELD) ? element : element?.querySelector(FIELD));
  };
  return waitFor(find, AbortSignal.timeout(PATIENCE));
}

/** Put a file into an image field, in place of the image that the field contains. */
export function fillImageField(field: HTMLElement, file: File) {
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

/** Return a field's input for files, null if it has none. */
function findInput(field: HTMLElement) {
  return field.querySelector("input[type=file]") as HTMLInputElement | null;
}
