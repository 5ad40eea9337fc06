/** Marks tiles by dragging: a mouse draws a rubber band around them; a finger marks a range after a
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
  before: Selection | null; // what was marked, null until the pointer has moved
}

export class DragMarks {
  #band = el("div", { class: "rubber-band", "aria-hidden": "true" });
  #drag: Drag | null = null;
  #frame = 0;

  constructor(
    private readonly list: HTMLElement,
    private readonly context: Context,
    private readonly arrangement: Arrangement,
  ) {
    const { signal } = context;
    document.addEventListener("pointerdown", (event) => this.#onDown(event), { signal });
    document.addEventListener("pointermove", (event) => this.#onMove(event), { signal });
    document.addEventListener("pointerup", (event) => this.#onUp(event), { signal });
    document.addEventListener("pointercancel", (event) => this.#onUp(event), { signal });
    list.addEventListener("mousedown", (event) => this.#onMouseDown(event), { signal });
    list.addEventListener("longpress", (event) => this.#onLongPress(event), { signal });
    preventFlicks(list, signal, () => this.heldId !== null); // a finger marks images
    const keys = { signal, capture: true };
    window.addEventListener("keydown", (event) => this.#onKey(event), keys);
    document.addEventListener("selectstart", (event) => this.#drag && event.preventDefault(), {
      signal,
    });
    signal.addEventListener("abort", () => this.#end());
  }

  /** Return the id of the tile that a finger holds, which must not be removed; null if none. */
  get heldId() {
    return this.#drag?.id ?? null;
  }

  #onDown(event: PointerEvent) {
    if (event.pointerType !== "mouse" || event.button !== 0 || !this.list.clientWidth) return;
    const [target] = event.composedPath();
    const isTile = target instanceof Element && target.closest("[data-tile]") !== null;
    if (this.#isBesideTiles(event) || (event.shiftKey && isTile)) this.#prepare(event, null);
  }

  /** Prevent a press on the list from focusing a tile, which would scroll to that tile. */
  #onMouseDown(event: MouseEvent) {
    if (event.composedPath()[0] !== this.list) return;
    event.preventDefault();
    const { activeElement } = this.context.root;
    if (activeElement instanceof HTMLInputElement) activeElement.blur();
  }

  /** Return whether an event happened in the grid or its margins, but on no tile and no control. */
  #isBesideTiles(event: PointerEvent) {
    const { page, root } = this.context;
    const [target] = event.composedPath();
    const isOurs = target === this.list || target === page || target === root.host;
    return isOurs || this.#isMargin(event);
  }

  /** Return whether an event happened in the host's empty margin beside the grid. */
  #isMargin({ target, clientX, clientY }: PointerEvent) {
    const { host } = this.context.root;
    if (!(target instanceof Element) || target === host || !target.contains(host)) return false;
    const { top, bottom } = this.list.getBoundingClientRect();
    const isOnScrollbar = clientX >= document.documentElement.clientWidth;
    return !isOnScrollbar && clientY >= top && clientY <= bottom;
  }

  #prepare(
    {
      pointerId: pointer,
      clientX: x,
      clientY: y,
    }: { pointerId: number; clientX: number; clientY: number },
    id: number | null,
  ) {
    const from = { x, y };
    this.#drag = { pointer, id, from, start: this.#toList(from), now: from, before: null };
  }

  #onLongPress(event: Event) {
    const tile = event.target instanceof Element ? event.target.closest("[data-tile]") : null;
    if (!(tile instanceof HTMLElement) || !(event instanceof CustomEvent)) return;
    const { x, y, pointerId } = event.detail;
    this.#prepare({ pointerId, clientX: x, clientY: y }, Number(tile.dataset.id));
  }

  #onMove(event: PointerEvent) {
    const drag = this.#drag;
    if (drag?.pointer !== event.pointerId) return;
    if (event.buttons === 0) return this.#end(); // released outside the window
    drag.now = { x: event.clientX, y: event.clientY };
    if (drag.before) return; // the next frame draws
    if (Math.hypot(drag.now.x - drag.from.x, drag.now.y - drag.from.y) > SLOP) this.#begin(drag);
  }

  #begin(drag: Drag) {
    const { marks, anchor, range } = this.context.store.get();
    drag.before = { marks, anchor, range };
    closeMenu(this.context.root); // which the resting finger has opened
    if (drag.id === null) {
      this.list.setPointerCapture(drag.pointer); // the click at the end is of no tile
      this.list.prepend(this.#band);
    }
    this.#draw();
  }

  /** Mark the images under the drag in each frame, and scroll at the window's edges. */
  #draw() {
    const drag = this.#drag;
    if (!drag?.before) return;
    scrollBy(this.list, getScrollSpeed(drag.now.y, window.innerHeight));
    this.#mark(
      drag,
      drag.before,
      drag.id === null ? this.#listInBand(drag) : this.#listRange(drag),
    );
    this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #mark(drag: Drag, before: Selection, ids: readonly number[]) {
    const state = this.context.store.get();
    const all = ids.flatMap((id) => listTileIds(state, id));
    const marks = new Set([...before.marks, ...all]);
    if (marks.size === state.marks.size && all.every((id) => state.marks.has(id))) return;
    const anchor = drag.id ?? ids[0] ?? before.anchor;
    this.context.actions.setView({ marks, anchor, range: null });
  }

  #listInBand({ start, now }: Drag) {
    const end = this.#toList(now);
    const area = toArea(start, end);
    const { style } = this.#band;
    style.transform = `translate(${area.left}px, ${area.top}px)`;
    style.width = `${area.right - area.left}px`;
    style.height = `${area.bottom - area.top}px`;
    return this.arrangement.listInside(area);
  }

  #listRange({ id, now }: Drag) {
    const held = id ?? 0;
    const end = this.arrangement.findAt(this.#toList(now));
    return end === null ? [held] : this.arrangement.listRange(held, end);
  }

  #toList({ x, y }: Point) {
    const { left, top } = this.list.getBoundingClientRect();
    return { x: x - left, y: y - top };
  }

  #onUp(event: PointerEvent) {
    if (this.#drag?.pointer === event.pointerId) this.#end();
  }

  #onKey(event: KeyboardEvent) {
    const before = this.#drag?.before;
    if (event.key !== "Escape" || !before) return;
    event.preventDefault();
    event.stopPropagation();
    this.#end();
    this.context.actions.setView(before);
  }

  #end() {
    cancelAnimationFrame(this.#frame);
    this.#drag = null;
    this.#band.remove();
  }
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
