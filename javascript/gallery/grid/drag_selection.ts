/** Selects tiles by dragging: a mouse draws a rubber band around them; a finger takes a range after a
 * long press. */

import { el, preventFlicks, scrollBy } from "../core/dom";
import { closeMenu } from "../core/menu";
import type { Selection } from "../state/selection";
import { listTileIds } from "../state/state";
import type { Context } from "../types";
import type { Area, Arrangement } from "./layout";

/** In pixels. */
type Point = { x: number; y: number };

const SLOP = 6; // pixels that a hand may tremble
const EDGE = 90; // pixels from the window's edge within which the page scrolls; bars cover some
const FASTEST = 24; // pixels a frame

interface Drag {
  pointer: number;
  id: number | null; // the tile that a finger holds, null for a rubber band
  from: Point; // in the window
  start: Point; // in the list
  now: Point; // in the window
  before: Selection | null; // what was selected, null until the pointer has moved
}

export function makeDragSelection(list: HTMLElement, context: Context, arrangement: Arrangement) {
  const { actions, page, root, signal, store } = context;
  const band = el("div", { class: "rubber-band", "aria-hidden": "true" });
  let current: Drag | null = null;
  let frame = 0;
  document.addEventListener("pointerdown", onDown, { signal });
  document.addEventListener("pointermove", onMove, { signal });
  document.addEventListener("pointerup", onUp, { signal });
  document.addEventListener("pointercancel", onUp, { signal });
  list.addEventListener("mousedown", onMouseDown, { signal });
  list.addEventListener("longpress", onLongPress, { signal });
  preventFlicks(list, signal, () => getHeldId() !== null); // a finger marks images
  const keys = { signal, capture: true };
  window.addEventListener("keydown", onKey, keys);
  document.addEventListener("selectstart", (event) => current && event.preventDefault(), {
    signal,
  });
  signal.addEventListener("abort", endDrag);

  /** Return the id of the tile that a finger holds, which must not be removed; null if none. */
  function getHeldId() {
    return current?.id ?? null;
  }

  function onDown(event: PointerEvent) {
    if (event.pointerType !== "mouse" || event.button !== 0 || !list.clientWidth) return;
    const [target] = event.composedPath();
    const isTile = target instanceof Element && target.closest("[data-tile]") !== null;
    if (isBesideTiles(event) || (event.shiftKey && isTile)) prepare(event, null);
  }

  /** Prevent a press on the list from focusing a tile, which would scroll to that tile. */
  function onMouseDown(event: MouseEvent) {
    if (event.composedPath()[0] !== list) return;
    event.preventDefault();
    const { activeElement } = root;
    if (activeElement instanceof HTMLInputElement) activeElement.blur();
  }

  /** Return whether an event happened in the grid or its margins, but on no tile and no control. */
  function isBesideTiles(event: PointerEvent) {
    const [target] = event.composedPath();
    const isOurs = target === list || target === page || target === root.host;
    return isOurs || isMargin(event);
  }

  /** Return whether an event happened in the host's empty margin beside the grid. */
  function isMargin({ target, clientX, clientY }: PointerEvent) {
    const { host } = root;
    if (!(target instanceof Element) || target === host || !target.contains(host)) return false;
    const { top, bottom } = list.getBoundingClientRect();
    const isOnScrollbar = clientX >= document.documentElement.clientWidth;
    return !isOnScrollbar && clientY >= top && clientY <= bottom;
  }

  function prepare(
    {
      pointerId: pointer,
      clientX: x,
      clientY: y,
    }: { pointerId: number; clientX: number; clientY: number },
    id: number | null,
  ) {
    const from = { x, y };
    current = { pointer, id, from, start: toList(from), now: from, before: null };
  }

  function onLongPress(event: Event) {
    const tile = event.target instanceof Element ? event.target.closest("[data-tile]") : null;
    if (!(tile instanceof HTMLElement) || !(event instanceof CustomEvent)) return;
    const { x, y, pointerId } = event.detail;
    prepare({ pointerId, clientX: x, clientY: y }, Number(tile.dataset.id));
  }

  function onMove(event: PointerEvent) {
    const drag = current;
    if (drag?.pointer !== event.pointerId) return;
    if (event.buttons === 0) return endDrag(); // released outside the window
    drag.now = { x: event.clientX, y: event.clientY };
    if (drag.before) return; // the next frame draws
    if (Math.hypot(drag.now.x - drag.from.x, drag.now.y - drag.from.y) > SLOP) begin(drag);
  }

  function begin(drag: Drag) {
    const { marks, anchor, range } = store.get();
    drag.before = { marks, anchor, range };
    closeMenu(root); // which the resting finger has opened
    if (drag.id === null) {
      list.setPointerCapture(drag.pointer); // the click at the end is of no tile
      list.prepend(band);
    }
    draw();
  }

  /** Mark the images under the drag in each frame, and scroll at the window's edges. */
  function draw() {
    const drag = current;
    if (!drag?.before) return;
    scrollBy(list, getScrollSpeed(drag.now.y, window.innerHeight));
    mark(drag, drag.before, drag.id === null ? listInBand(drag) : listRange(drag));
    frame = requestAnimationFrame(draw);
  }

  function mark(drag: Drag, before: Selection, ids: readonly number[]) {
    const state = store.get();
    const all = ids.flatMap((id) => listTileIds(state, id));
    const marks = new Set([...before.marks, ...all]);
    if (marks.size === state.marks.size && all.every((id) => state.marks.has(id))) return;
    const anchor = drag.id ?? ids[0] ?? before.anchor;
    actions.setView({ marks, anchor, range: null });
  }

  function listInBand({ start, now }: Drag) {
    const end = toList(now);
    const area = toArea(start, end);
    const { style } = band;
    style.transform = `translate(${area.left}px, ${area.top}px)`;
    style.width = `${area.right - area.left}px`;
    style.height = `${area.bottom - area.top}px`;
    return arrangement.listInside(area);
  }

  function listRange({ id, now }: Drag) {
    const held = id ?? 0;
    const end = arrangement.findAt(toList(now));
    return end === null ? [held] : arrangement.listRange(held, end);
  }

  function toList({ x, y }: Point) {
    const { left, top } = list.getBoundingClientRect();
    return { x: x - left, y: y - top };
  }

  function onUp(event: PointerEvent) {
    if (current?.pointer === event.pointerId) endDrag();
  }

  function onKey(event: KeyboardEvent) {
    const before = current?.before;
    if (event.key !== "Escape" || !before) return;
    event.preventDefault();
    event.stopPropagation();
    endDrag();
    actions.setView(before);
  }

  function endDrag() {
    cancelAnimationFrame(frame);
    current = null;
    band.remove();
  }
  return { getHeldId };
}

/** Return the pixels to scroll in one frame, negative upwards: 0 away from the window's edges, and
 * more the closer the pointer is to an edge. */
export function getScrollSpeed(y: number, height: number) {
  const edge = Math.min(EDGE, height / 4);
  const [above, below] = [edge - y, y - (height - edge)];
  if (above > 0) return -Math.round(Math.min(1, above / edge) * FASTEST);
  return below > 0 ? Math.round(Math.min(1, below / edge) * FASTEST) : 0;
}

function toArea(one: Point, other: Point): Area {
  const [left, right] = one.x < other.x ? [one.x, other.x] : [other.x, one.x];
  const [top, bottom] = one.y < other.y ? [one.y, other.y] : [other.y, one.y];
  return { left, top, right, bottom };
}
