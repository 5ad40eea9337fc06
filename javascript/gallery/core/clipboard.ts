/** Copies texts, also where the browser has no clipboard of its own. */

import { el } from "./dom";

/** Copy a text to the clipboard. Return whether that succeeded; throw the error of a rejected
 * promise.
 * @param root where a hidden field is added if the browser's clipboard API is not available */
export async function copyText(text: string | Promise<string>, root: ShadowRoot): Promise<boolean> {
  try {
    if (typeof text === "string") await navigator.clipboard.writeText(text);
    else {
      // in Safari this must begin while a press is handled
      const type = "text/plain";
      const blob = text.then((ready) => new Blob([ready], { type }));
      blob.catch(() => {}); // a clipboard that refuses does not wait for it
      await navigator.clipboard.write([new ClipboardItem({ [type]: blob })]);
    }
    return true;
  } catch {
    // `navigator.clipboard` does not exist over plain HTTP from another machine
    return copyByHand(await text, root);
  }
}

function copyByHand(text: string, root: ShadowRoot) {
  const focused = root.activeElement;
  const field = el("textarea", { class: "visually-hidden", readonly: true, tabindex: -1 });
  field.value = text;
  // what lies outside an open dialog cannot be selected
  (focused?.closest("dialog") ?? root).append(field);
  field.select();
  const isDone = document.execCommand("copy");
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return isDone;
}
