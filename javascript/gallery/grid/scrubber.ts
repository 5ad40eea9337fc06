/** The handle beside the grid that scrolls it, by months. */

import type { ImageView, MonthCount } from "../contract";
import { el, preventFlicks } from "../core/dom";
import { formatNumber, getLanguage } from "../core/text";
import { showError } from "../data/api";
import { makeQueryParameters } from "../state/query";
import { getShown, getTiles } from "../state/state";
import type { Context, State } from "../types";
import type { Grid } from "./grid";

/** Return whether the gallery is sorted by date, and no search, whose months are unknown. */
export function hasMonths(state: State) {
  const { where, results } = state;
  const isByDate = where.sort === "Newest" || where.sort === "Oldest";
  const isWhole = !where.search && where.post === null;
  return isByDate && isWhole && results === null && getShown(state).length > 0;
}

/** Return months, given the newest first, in the gallery's order. */
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

export function addScrubber(context: Context, grid: Grid) {
  const { actions, api, root, signal, store, translate } = context;
  const bubble = el("span", { class: "scrubber-month surface", "aria-hidden": "true" });
  /** as the gallery shows them */
  let known: MonthCount[] = [];
  let topMonth = ""; // of the first image in the window
  let flash: Animation | null = null;
  let shownAt = 0; // as `findPosition` returns it
  /** what the months were fetched for */
  let fetchedFor: readonly unknown[] = [];
  /** the position to scroll to, null if it is reached */
  let wanted: number | null = null;
  let isScrolling = false;
  let isHeld = false;
  /** the pointer's height while it drags the handle */
  let draggedTo: number | null = null;
  /** the first image in the window when the wanted position was reached */
  let reached: number | null = null;
  const handle = el("div", {
    class: "scrubber-handle",
    "data-field": "month",
    role: "slider",
    tabindex: 0,
    "aria-label": translate("scrubber"),
    "aria-orientation": "vertical",
    "aria-valuemin": 0,
  });
  const track = el("div", { class: "scrubber", hidden: true }, handle, bubble);
  root.append(track);
  listen();
  const leave = () => setWanted(null);
  const forget = () => {
    known = []; // those of another gallery, or in another order
    fetchedFor = [];
    leave();
  };
  store.on(["where"], forget, { signal });
  window.addEventListener("wheel", leave, { passive: true, signal });
  store.on(["where", "results", getShown, "passed"], draw, { signal });
  store.on(["passed"], onScroll, { signal });
  draw(store.get());

  function listen() {
    preventFlicks(track);
    track.addEventListener("pointerenter", fetchMonths);
    track.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      track.setPointerCapture(event.pointerId);
      handle.focus({ preventScroll: true });
      isHeld = true;
      drag(event.clientY);
      void fetchMonths();
    });
    track.addEventListener("pointermove", ({ clientY }) => {
      if (isHeld) drag(clientY);
      else if (known.length) showMonth(findPositionAt(clientY));
      track.toggleAttribute("data-pointed", known.length > 0);
    });
    track.addEventListener("pointerleave", () => track.removeAttribute("data-pointed"));
    track.addEventListener("lostpointercapture", () => {
      isHeld = false;
      if (known.length) endDrag(); // else it is followed when the months are known
    });
    handle.addEventListener("focus", fetchMonths);
    handle.addEventListener("keydown", press);
  }

  function press(event: KeyboardEvent) {
    const { key } = event;
    const step = STEPS[key as keyof typeof STEPS];
    if (step !== undefined && known.length) {
      const last = known.length - 1;
      const month = Math.floor(wanted ?? shownAt) + step;
      void scrollTo(Math.max(0, Math.min(month, last))).then(fetchMonths);
    } else if (key === "Escape" && wanted !== null) setWanted(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function drag(y: number) {
    draggedTo = y;
    if (known.length) void scrollTo(findPositionAt(y));
  }

  function endDrag() {
    draggedTo = null;
    if (!isScrolling) setWanted(null);
    void fetchMonths(); // more may be known by now
  }

  function findPositionAt(y: number) {
    const { top, height } = track.getBoundingClientRect();
    const { length } = known;
    return Math.max(0, Math.min(length - 0.01, ((y - top) / height) * length));
  }

  /** Scroll to a position, after loading the pages on the way; held at the end, load more. */
  async function scrollTo(position: number) {
    setWanted(position);
    if (isScrolling) return;
    isScrolling = true;
    while (wanted !== null) {
      const { cursor, ended, where, problems } = store.get();
      const tiles = getTiles(store.get());
      const shown = { images: tiles, ended: ended || problems.images !== null, sort: where.sort };
      const at = findImageAt(shown, known, wanted);
      const id = tiles[at ?? tiles.length - 1]?.id;
      if (wanted === 0) grid.scrollToTop();
      else if (id !== undefined) grid.scrollToPlace({ id, count: 0, y: BELOW_BARS });
      reached = grid.findTopmost();
      const isLast = isLastMonth(Math.floor(wanted));
      if (at !== null && !isLast) break;
      await actions.more();
      if (at !== null || store.get().cursor === cursor) break; // there, failed or stopped
    }
    isScrolling = false;
    if (draggedTo === null) setWanted(null);
    else await fetchMonths();
  }

  function isLastMonth(month: number) {
    return month >= known.length - 1 && !store.get().ended;
  }

  function setWanted(position: number | null) {
    wanted = position;
    track.toggleAttribute("data-chosen", position !== null);
    if (position !== null) setPosition(position);
  }

  /** Fetch the number of known images of each month, once for each gallery. */
  async function fetchMonths() {
    const { where, images } = store.get();
    if (fetchedFor[0] === where && fetchedFor[1] === images) return;
    fetchedFor = [where, images];
    try {
      const months = await api.get(`months?${makeQueryParameters({ ...where, search: null })}`, {
        signal,
      });
      if (fetchedFor[0] !== where) return;
      known = sortMonths(months, where.sort);
      draw(store.get());
      if (draggedTo !== null) drag(draggedTo);
      if (draggedTo !== null && !isHeld) endDrag();
    } catch (error) {
      fetchedFor = [];
      draggedTo = null;
      showError(error, context);
    }
  }

  /** Show the handle at the first image in the window, unless the user moves it. */
  function draw(now: State) {
    track.hidden = !hasMonths(now);
    if (track.hidden) return;
    const { top } = root.host.getBoundingClientRect();
    if (!isHeld) track.style.top = `clamp(22vh, ${top}px, 60vh)`; // not over the host's bars
    if (wanted !== null) return setPosition(wanted);
    const id = grid.findTopmost();
    if (id === reached && id !== null) return; // it stays where it was put
    reached = null;
    const tiles = getTiles(now);
    const index = Math.max(
      0,
      tiles.findIndex((view) => view.id === id),
    );
    topMonth = tiles[index]?.date.slice(0, 7) ?? "";
    setPosition(findPosition(tiles, known, now.where.sort, index));
  }

  function onScroll(now: State, before: State) {
    if (!before.passed || getShown(now) !== getShown(before)) return;
    flash?.cancel();
    flash = bubble.animate({ visibility: ["visible", "visible"] }, WHILE_SCROLLING);
  }

  function setPosition(position: number) {
    const month = Math.floor(position);
    shownAt = position;
    handle.style.top = showMonth(position);
    handle.setAttribute("aria-valuemax", String(Math.max(0, known.length - 1)));
    handle.setAttribute("aria-valuenow", String(month));
    handle.setAttribute("aria-valuetext", bubble.textContent ?? "");
  }

  /** Show the month of a position beside the track, and return its height there, such as "50%". */
  function showMonth(position: number) {
    const top = `${(100 * position) / Math.max(1, known.length)}%`;
    bubble.textContent = describe(Math.floor(position));
    bubble.style.top = top;
    return top;
  }

  function describe(index: number) {
    const one = known[index] as MonthCount | undefined;
    const { images, loading } = store.get();
    const time = new Date(`${one?.month ?? topMonth}-15T00:00:00Z`);
    if (Number.isNaN(time.getTime())) return translate("scrubber");
    const month = time.toLocaleDateString(getLanguage(), { year: "numeric", month: "long" });
    if (!one) return month;
    const isAwaited = wanted !== null && isScrolling && loading;
    const n = formatNumber(isAwaited ? images.length : one.count);
    if (isAwaited) return translate("scrubber_loading", { month, n });
    return translate(isLastMonth(index) ? "scrubber_last" : "scrubber_month", { month, n });
  }
}
