/** The handle beside the grid that scrolls it, by months. */

import type { ImageView, MonthCount } from "../contract";
import { el, preventFlicks } from "../core/dom";
import { formatNumber, getLanguage } from "../core/text";
import { showError } from "../data/api";
import { makeQueryParameters } from "../state/query";
import { getShown, getTiles } from "../state/state";
import type { Context, State } from "../types";
import type { Grid } from "./grid";

/** Return whether the open gallery is sorted by date, so that it has months. Those of a search are
 * not known. */
export function hasMonths(state: State) {
  const { where, results } = state;
  const isByDate = where.sort === "Newest" || where.sort === "Oldest";
  const isWhole = !where.search && where.post === null;
  return isByDate && isWhole && results === null && getShown(state).length > 0;
}

/** Return the months in the order in which the gallery shows them.
 * @param months the newest first */
export function sortMonths(months: readonly MonthCount[], sort: string) {
  return sort === "Oldest" ? [...months].reverse() : [...months];
}

const IN_A_ROW = 3; // images: Civitai's order is by publication, and single dates do not follow it

/** Return the index of the first image of a month such as "2025-12", or after it. */
function findStart(
  images: readonly ImageView[],
  sort: string,
  month: string,
  isAfter = false,
): number {
  const isThere = ({ date }: ImageView) => {
    const own = date.slice(0, 7);
    return (own === month && !isAfter) || (sort === "Oldest" ? own > month : own < month);
  };
  const at = images.findIndex((_, from) => images.slice(from, from + IN_A_ROW).every(isThere));
  return at < 0 ? images.length : at;
}

/** Return the index of the image at a position of the handle. If that image is not loaded, return
 * null, or the last image if all are loaded.
 * @param months as the gallery shows them
 * @param position the index of a month, and the part of its images that come before */
export function findImageAt(
  { images, ended, sort }: { images: readonly ImageView[]; ended: boolean; sort: string },
  months: readonly MonthCount[],
  position: number,
) {
  const month = months[Math.floor(position)];
  const start = findStart(images, sort, month.month);
  const end = findStart(images, sort, month.month, true);
  const isWhole = ended || end < images.length;
  const count = isWhole ? end - start : Math.max(month.count, end - start);
  const index = start + Math.floor((position % 1) * count);
  return index < images.length ? index : ended ? images.length - 1 : null;
}

/** Return the position of the handle for an image: the index of its month, and the part of the
 * month's images that come before. If the month is not known, return the index of the next one.
 * @param months as the gallery shows them */
export function findPosition(
  images: readonly ImageView[],
  months: readonly MonthCount[],
  sort: string,
  index: number,
) {
  const month = images[index]?.date.slice(0, 7) ?? "";
  const at = months.findIndex((one) =>
    sort === "Oldest" ? one.month >= month : one.month <= month,
  );
  if (at < 0) return Math.max(0, months.length - 1);
  const before = index - findStart(images, sort, months[at].month);
  return at + Math.max(0, Math.min(0.99, before / Math.max(1, months[at].count)));
}

const STEPS = {
  ArrowUp: -1,
  ArrowDown: 1,
  PageUp: -12,
  PageDown: 12,
  Home: -Infinity,
  End: Infinity,
};

const WHILE_SCROLLING = 1200; // ms that the month is shown after a row has passed
const BELOW_BARS = 76; // pixels from the window's top to the image that is scrolled to

export class Scrubber {
  #bubble = el("span", { class: "scrubber-month surface", "aria-hidden": "true" });
  #handle;
  #track;
  /** as the gallery shows them */
  #months: MonthCount[] = [];
  #topMonth = ""; // of the first image in the window
  #flash: Animation | null = null;
  #position = 0; // as `findPosition` returns it
  /** what the months were fetched for */
  #fetchedFor: readonly unknown[] = [];
  /** the position to scroll to, null if it is reached */
  #wanted: number | null = null;
  #isScrolling = false;
  #isHeld = false;
  /** the pointer's height while it drags the handle */
  #draggedTo: number | null = null;
  /** the first image in the window when the wanted position was reached */
  #reached: number | null = null;

  constructor(
    private readonly context: Context,
    private readonly grid: Grid,
  ) {
    const { root, translate, store, signal } = context;
    this.#handle = el("div", {
      class: "scrubber-handle",
      "data-field": "month",
      role: "slider",
      tabindex: 0,
      "aria-label": translate("scrubber"),
      "aria-orientation": "vertical",
      "aria-valuemin": 0,
    });
    this.#track = el("div", { class: "scrubber", hidden: true }, this.#handle, this.#bubble);
    root.append(this.#track);
    this.#listen();
    const leave = () => this.#setWanted(null);
    store.on(["where"], leave, { signal });
    window.addEventListener("wheel", leave, { passive: true, signal });
    store.on(["where", "results", getShown, "passed"], (now) => this.#draw(now), { signal });
    store.on(["passed"], (now, before) => this.#onScroll(now, before), { signal });
    this.#draw(store.get());
  }

  #listen() {
    const track = this.#track;
    preventFlicks(track);
    track.addEventListener("pointerenter", () => void this.#fetchMonths());
    track.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      track.setPointerCapture(event.pointerId);
      this.#handle.focus({ preventScroll: true });
      this.#isHeld = true;
      this.#drag(event.clientY);
      void this.#fetchMonths();
    });
    track.addEventListener("pointermove", ({ clientY }) => {
      if (this.#isHeld) this.#drag(clientY);
      else if (this.#months.length) this.#showMonth(this.#findPositionAt(clientY));
      track.toggleAttribute("data-pointed", this.#months.length > 0);
    });
    track.addEventListener("pointerleave", () => track.removeAttribute("data-pointed"));
    track.addEventListener("lostpointercapture", () => {
      this.#isHeld = false;
      if (this.#months.length) this.#endDrag(); // else it is followed when the months are known
    });
    this.#handle.addEventListener("focus", () => void this.#fetchMonths());
    this.#handle.addEventListener("keydown", (event) => this.#press(event));
  }

  #press(event: KeyboardEvent) {
    const { key } = event;
    const step = STEPS[key as keyof typeof STEPS];
    if (step !== undefined && this.#months.length) {
      const last = this.#months.length - 1;
      const month = Math.floor(this.#wanted ?? this.#position) + step;
      void this.#scrollTo(Math.max(0, Math.min(month, last))).then(() => this.#fetchMonths());
    } else if (key === "Escape" && this.#wanted !== null) this.#setWanted(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #drag(y: number) {
    this.#draggedTo = y;
    if (this.#months.length) void this.#scrollTo(this.#findPositionAt(y));
  }

  #endDrag() {
    this.#draggedTo = null;
    if (!this.#isScrolling) this.#setWanted(null);
    void this.#fetchMonths(); // more may be known by now
  }

  #findPositionAt(y: number) {
    const { top, height } = this.#track.getBoundingClientRect();
    const { length } = this.#months;
    return Math.max(0, Math.min(length - 0.01, ((y - top) / height) * length));
  }

  /** Scroll to a position, after loading the pages on the way; held at the end, load more. */
  async #scrollTo(position: number) {
    const { store, actions } = this.context;
    this.#setWanted(position);
    if (this.#isScrolling) return;
    this.#isScrolling = true;
    while (this.#wanted !== null) {
      const { cursor, ended, where, problems } = store.get();
      const tiles = getTiles(store.get());
      const shown = { images: tiles, ended: ended || problems.images !== null, sort: where.sort };
      const at = findImageAt(shown, this.#months, this.#wanted);
      const id = tiles[at ?? tiles.length - 1]?.id;
      if (this.#wanted === 0) this.grid.scrollToTop();
      else if (id !== undefined) this.grid.scrollToPlace({ id, count: 0, y: BELOW_BARS });
      this.#reached = this.grid.findTopmost();
      const isLast = this.#isLast(Math.floor(this.#wanted));
      if (at !== null && !isLast) break;
      await actions.more();
      if (at !== null || store.get().cursor === cursor) break; // there, failed or stopped
    }
    this.#isScrolling = false;
    if (this.#draggedTo === null) this.#setWanted(null);
    else await this.#fetchMonths();
  }

  /** Return whether a month is the last known one of a gallery that goes on. */
  #isLast(month: number) {
    return month >= this.#months.length - 1 && !this.context.store.get().ended;
  }

  /** Store and show which position is wanted, null for none. */
  #setWanted(position: number | null) {
    this.#wanted = position;
    this.#track.toggleAttribute("data-chosen", position !== null);
    if (position !== null) this.#setPosition(position);
  }

  /** Fetch the number of known images of each month, once for each gallery. */
  async #fetchMonths() {
    const { api, store, signal } = this.context;
    const { where, images } = store.get();
    if (this.#fetchedFor[0] === where && this.#fetchedFor[1] === images) return;
    this.#fetchedFor = [where, images];
    try {
      const months = await api.get(`months?${makeQueryParameters({ ...where, search: null })}`, {
        signal,
      });
      if (this.#fetchedFor[0] !== where) return;
      this.#months = sortMonths(months, where.sort);
      this.#draw(store.get());
      if (this.#draggedTo !== null) this.#drag(this.#draggedTo);
      if (this.#draggedTo !== null && !this.#isHeld) this.#endDrag();
    } catch (error) {
      this.#fetchedFor = [];
      this.#draggedTo = null;
      showError(error, this.context);
    }
  }

  /** Show the handle at the first image in the window, unless the user moves it. */
  #draw(now: State) {
    this.#track.hidden = !hasMonths(now);
    if (this.#track.hidden) return;
    if (this.#wanted !== null) return this.#setPosition(this.#wanted);
    const id = this.grid.findTopmost();
    if (id === this.#reached && id !== null) return; // it stays where it was put
    this.#reached = null;
    const tiles = getTiles(now);
    const index = Math.max(
      0,
      tiles.findIndex((view) => view.id === id),
    );
    this.#topMonth = tiles[index]?.date.slice(0, 7) ?? "";
    this.#setPosition(findPosition(tiles, this.#months, now.where.sort, index));
  }

  #onScroll(now: State, before: State) {
    if (!before.passed || getShown(now) !== getShown(before)) return;
    this.#flash?.cancel();
    this.#flash = this.#bubble.animate({ visibility: ["visible", "visible"] }, WHILE_SCROLLING);
  }

  #setPosition(position: number) {
    const month = Math.floor(position);
    this.#position = position;
    this.#handle.style.top = this.#showMonth(position);
    this.#handle.setAttribute("aria-valuemax", String(Math.max(0, this.#months.length - 1)));
    this.#handle.setAttribute("aria-valuenow", String(month));
    this.#handle.setAttribute("aria-valuetext", this.#bubble.textContent ?? "");
  }

  /** Show the month of a position beside the track, and return its height there, such as "50%". */
  #showMonth(position: number) {
    const top = `${(100 * position) / Math.max(1, this.#months.length)}%`;
    this.#bubble.textContent = this.#describe(Math.floor(position));
    this.#bubble.style.top = top;
    return top;
  }

  /** Return a month in words, with the number of its known or loaded images. */
  #describe(index: number) {
    const { translate, store } = this.context;
    const one = this.#months[index] as MonthCount | undefined;
    const { images, loading } = store.get();
    const time = new Date(`${one?.month ?? this.#topMonth}-15T00:00:00Z`);
    if (Number.isNaN(time.getTime())) return translate("scrubber");
    const month = time.toLocaleDateString(getLanguage(), { year: "numeric", month: "long" });
    if (!one) return month;
    const isAwaited = this.#wanted !== null && this.#isScrolling && loading;
    const n = formatNumber(isAwaited ? images.length : one.count);
    if (isAwaited) return translate("scrubber_loading", { month, n });
    return translate(this.#isLast(index) ? "scrubber_last" : "scrubber_month", { month, n });
  }
}
