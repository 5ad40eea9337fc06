/** The data that a dragged image carries, and where it may be dropped. */

import type { PageContext } from "../actions";
import type { ImageDetails } from "../contract";
import { setAside } from "../core/dialogs";
import { el } from "../core/dom";
import { dropIntoField, findImageField } from "./send_to_tab";

const DWELL = 600; // ms that the pointer rests on a tab until the tab opens
const TAB = "[role=tab], .tab-nav > button, button[tabitemid]";

/** Watch a drag until it ends. Over an image field, the host gets no events of it. */
function watchDrag(onDrop: false | ((field: HTMLElement) => void)): AbortSignal {
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

/** Return an object that draws a frame around a field, and removes the last frame. */
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

function isSelected(button: Element) {
  return button.ariaSelected === "true" || button.matches(".selected, .active");
}

/** page: the image's own address. */
type ImageUrls = { file: string; page: string };

interface DraggedImage {
  id: number;
  image: HTMLImageElement | null; // the element that shows the image
  link: HTMLAnchorElement | null; // the dragged tile, null in the viewer
  dialog: HTMLDialogElement | null; // the viewer, null for a tile
}

export const OWN_TYPE = "application/x-civitai-shortcut-image";
const SUBTYPES = new Map([
  ["jpg", "jpeg"],
  ["mp3", "mpeg"],
]);
const GHOST_SIDE = 96; // pixels, the longer side of what is seen under the pointer

/** Return the data of a dragged image by MIME type. With a record, they include `DownloadURL`,
 * which lets Chromium save the file when the image is dropped on a folder.
 * @param infotext "" if unknown */
export function makeDragData(
  id: number,
  record: Pick<ImageDetails, "kind" | "extension" | "saved_path"> | undefined,
  infotext: string,
  { file, page }: ImageUrls,
): Record<string, string> {
  const data: Record<string, string> = {
    "text/uri-list": file,
    "text/plain": infotext || page,
    [OWN_TYPE]: String(id),
  };
  if (!record?.extension) return data;
  const { kind, extension, saved_path: path } = record;
  const name = path.split(/[\\/]/).at(-1) || `${id}.${extension}`;
  data.DownloadURL = `${kind}/${SUBTYPES.get(extension) ?? extension}:${name}:${file}`;
  return data;
}

/** Attach data to what is dragged, so that programs and the host's fields accept it. */
export function listenToDrags(context: PageContext) {
  const { root, api, store, parts, signal } = context;
  let isTouch = false; // a finger that rests on a tile opens the browser's menu
  const note = (event: Event) => {
    isTouch = event instanceof PointerEvent && event.pointerType !== "mouse";
  };
  root.addEventListener("pointerdown", note, { signal, capture: true });
  const begin = (event: Event) => {
    const dragged = findDragged(event.target);
    if (!(event instanceof DragEvent) || !event.dataTransfer) return;
    if (!dragged) return event.dataTransfer.setData(OWN_TYPE, ""); // a text or a link of the page
    const { id, image, link, dialog } = dragged;
    if (isTouch || link?.hasAttribute("data-blurred")) return event.preventDefault();
    const transfer = event.dataTransfer;
    // The browser's own data of a link would be the page's address; those of an image are its file.
    if (link) transfer.clearData();
    const { record, infotext } = parts.viewer.findKnown(id);
    const urls = { file: api.getFileUrl(id), page: record?.url ?? link?.href ?? location.href };
    const data = makeDragData(id, record, infotext, urls);
    for (const [type, text] of Object.entries(data)) transfer.setData(type, text);
    transfer.effectAllowed = "copyLink";
    if (image?.naturalWidth) showGhost(transfer, image, root);
    if (!store.get().bootstrap?.host.in_webui) return;
    const isImage = !link || link.dataset.kind === "image";
    const drag = watchDrag(
      isImage &&
        ((field) => {
          if (dialog) context.actions.close();
          void dropIntoField(context, id, field);
        }),
    );
    // not at once: a browser ends a drag whose image moves while it begins
    if (dialog) requestAnimationFrame(() => setAside(dialog, drag));
  };
  root.addEventListener("dragstart", begin, { signal });
}

/** Call `drop` with what is dropped onto an element, unless it comes from our page or is a text for a
 * field. The element is highlighted while something of these types is dragged over it. */
export function acceptDrops(
  zone: HTMLElement,
  accepted: string[],
  drop: (transfer: DataTransfer) => void,
) {
  const follow = (event: DragEvent) => {
    const types = event.dataTransfer?.types ?? [];
    if (!accepted.some((type) => types.includes(type)) || types.includes(OWN_TYPE)) return;
    if (event.composedPath()[0] instanceof HTMLInputElement && !types.includes("Files"))
      return zone.removeAttribute("data-drop"); // the field takes the text
    event.preventDefault(); // else the browser opens the file in the page's place
    zone.toggleAttribute("data-drop", event.type === "dragover");
    if (event.type === "drop" && event.dataTransfer) drop(event.dataTransfer);
  };
  zone.addEventListener("dragover", follow);
  zone.addEventListener("drop", follow);
  zone.addEventListener("dragleave", (event) => {
    if (event.relatedTarget instanceof Node && zone.contains(event.relatedTarget)) return;
    zone.removeAttribute("data-drop");
  });
}

function findDragged(target: EventTarget | null): DraggedImage | null {
  if (!(target instanceof Element)) return null;
  const link = target.closest("a[data-tile]");
  if (link instanceof HTMLAnchorElement)
    return { id: Number(link.dataset.id), image: link.querySelector("img"), link, dialog: null };
  const dialog = target.closest("[data-viewer]");
  if (!(target instanceof HTMLImageElement && dialog instanceof HTMLDialogElement)) return null;
  const id = Number(dialog.dataset.id);
  return target.closest(".stage") && { id, image: target, link: null, dialog };
}

function showGhost(transfer: DataTransfer, image: HTMLImageElement, root: ShadowRoot) {
  const { naturalWidth, naturalHeight } = image;
  const scale = Math.min(1, GHOST_SIDE / Math.max(naturalWidth, naturalHeight));
  const width = Math.max(1, Math.round(naturalWidth * scale));
  const height = Math.max(1, Math.round(naturalHeight * scale));
  const ghost = el("canvas", { class: "drag-ghost", width, height, "aria-hidden": "true" });
  ghost.getContext("2d")?.drawImage(image, 0, 0, width, height);
  root.append(ghost); // a browser draws only what is in the page
  transfer.setDragImage(ghost, width / 2, height / 2);
  requestAnimationFrame(() => ghost.remove());
}
