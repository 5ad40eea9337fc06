/** Lets the image fields of the host take one of our images that is dragged over the page, and opens
 * the tabs of the host under the pointer. */

import { findImageField } from "./image_field";

const DWELL = 600; // ms that the pointer rests on a tab until the tab opens
const TAB = "[role=tab], .tab-nav > button, button[tabitemid]";

/** Watch a drag over the host's page until it ends. While the pointer is over an image field, the
 * host does not receive the events of the drag.
 * @param onDrop called if the image is dropped on an image field; false for a video, which image
 *     fields do not take
 * @returns aborted when the drag ends */
export function watchDrag(onDrop: false | ((field: HTMLElement) => void)): AbortSignal {
  const drag = new AbortController();
  const { signal } = drag;
  const tab = makeTabOpener();
  const frame = makeFieldFrame();
  const onMove = (event: DragEvent) => {
    const target = event.composedPath()[0];
    const field = onDrop ? findImageField(target) : null;
    tab.pointAt(target instanceof Element ? target.closest(TAB) : null);
    frame.show(field);
    if (!field || !onDrop) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
    if (event.type !== "drop") return;
    drag.abort();
    onDrop(field);
  };
  const onLeave = (event: DragEvent) => {
    if (onDrop && findImageField(event.composedPath()[0])) event.stopPropagation();
    if (event.relatedTarget) return;
    tab.pointAt(null); // the pointer has left the window
    frame.show(null);
  };
  const options = { capture: true, signal };
  for (const type of ["dragenter", "dragover", "drop"] as const)
    window.addEventListener(type, onMove, options);
  window.addEventListener("dragleave", onLeave, options);
  // A host may have removed what is dragged: then no "dragend" tells of the end, but the pointer.
  for (const type of ["dragend", "pointermove"])
    window.addEventListener(type, () => drag.abort(), options);
  signal.addEventListener("abort", () => {
    tab.pointAt(null);
    frame.show(null);
  });
  return signal;
}

/** Return an object that opens a tab when the pointer has rested on its button for a moment. */
function makeTabOpener() {
  let now: Element | null = null;
  let timer = undefined as ReturnType<typeof setTimeout> | undefined;
  return {
    /** Report that the pointer is over a tab's button, null for elsewhere. */
    pointAt(button: Element | null) {
      if (button === now) return;
      now = button;
      clearTimeout(timer);
      if (!(button instanceof HTMLElement) || isSelected(button)) return;
      timer = setTimeout(() => button.click(), DWELL);
    },
  };
}

/** Return an object whose method `show` draws a frame around a field, and removes the last frame. */
function makeFieldFrame() {
  let now: HTMLElement | null = null;
  const draw = (outline = "", outlineOffset = "") => {
    if (now) Object.assign(now.style, { outline, outlineOffset });
  };
  return {
    /** Draw the frame around a field, null for no frame. */
    show(field: HTMLElement | null) {
      if (field === now) return;
      draw();
      now = field;
      draw("3px dashed currentcolor", "-3px"); // within: what is around a field may clip it
    },
  };
}

/** Return whether a tab is open. */
function isSelected(button: Element) {
  return button.ariaSelected === "true" || button.matches(".selected, .active");
}
