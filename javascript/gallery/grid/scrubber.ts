/** The strip of months beside the grid, to jump to a month. */

import type { MonthCount } from "../contract";
import { el } from "../core/dom";
import { formatNumber } from "../core/text";
import { showError } from "../data/api";
import { makeQueryParameters } from "../state/query";
import { getShown } from "../state/state";
import type { Context, State, Where } from "../types";

const DATE_TERM = /^(?:before|after):\d{4}-\d{2}$/;

/** Return whether the open gallery is sorted by date, so that the user can jump to a month. A
 * search for words has no months, because a jump would replace the search. */
export function hasMonths(state: State) {
  const { where, results } = state;
  const isByDate = where.sort === "Newest" || where.sort === "Oldest";
  const isWhole = !where.search || DATE_TERM.test(where.search);
  return (
    isByDate && isWhole && where.post === null && results === null && getShown(state).length > 0
  );
}

/** Return the months in the order in which the gallery shows them.
 * @param months the newest first */
export function sortMonths(months: readonly MonthCount[], sort: string) {
  return sort === "Oldest" ? [...months].reverse() : [...months];
}

/** Return the search by which the gallery shows the images of a month and those that come after it,
 * such as "before:2025-12". For the first month, return the search that shows all images: "" in the
 * library, null (no search) in a gallery of Civitai.
 * @param months as the gallery shows them */
export function makeMonthSearch(
  where: Where,
  months: readonly MonthCount[],
  index: number,
): string | null {
  const { model, user, sort } = where;
  if (index <= 0) return model === null && !user ? "" : null;
  const { month } = months[index];
  return sort === "Oldest" ? `after:${month}` : `before:${getNextMonth(month)}`;
}

/** Return the index of a date's month. If the month has no images, return the index of the month
 * that comes next in the gallery, or else of the last one.
 * @param months as the gallery shows them
 * @param sort "Oldest" if the oldest month is first; else the newest month is first
 * @param date ISO 8601 */
export function findMonth(months: readonly MonthCount[], sort: string, date: string) {
  const month = date.slice(0, 7);
  const at = months.findIndex((one) =>
    sort === "Oldest" ? one.month >= month : one.month <= month,
  );
  return at < 0 ? months.length - 1 : at;
}

/** Return the month that follows a month.
 * @param month such as "2025-12" */
function getNextMonth(month: string) {
  const [year, number] = month.split("-").map(Number);
  return new Date(Date.UTC(year, number)).toISOString().slice(0, 7);
}

const STEPS = {
  ArrowUp: -1,
  ArrowDown: 1,
  PageUp: -12,
  PageDown: 12,
  Home: -Infinity,
  End: Infinity,
};

export class Scrubber {
  #bubble = el("span", { class: "scrubber-month surface", "aria-hidden": "true" });
  #handle;
  #track;
  /** as the gallery shows them */
  #months: MonthCount[] = [];
  #index = 0;
  /** what the months were fetched for */
  #fetchedFor: readonly unknown[] = [];
  #isChosen = false; // by dragging or a key, and not gone to yet
  #isDragged = false;

  constructor(private readonly context: Context) {
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
    store.on(["where", "results", getShown, "passed"], (now) => this.#draw(now), { signal });
    this.#draw(store.get());
  }

  #listen() {
    const track = this.#track;
    track.addEventListener("pointerenter", () => void this.#fetchMonths());
    track.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      track.setPointerCapture(event.pointerId);
      this.#handle.focus({ preventScroll: true });
      this.#isDragged = true;
      this.#setChosen(true);
      this.#setIndex(this.#findIndexAt(event.clientY));
      void this.#fetchMonths();
    });
    track.addEventListener("pointermove", ({ clientY }) => {
      const index = this.#findIndexAt(clientY);
      if (this.#isChosen) this.#setIndex(index);
      else this.#showMonth(index);
      track.toggleAttribute("data-pointed", this.#months.length > 0);
    });
    track.addEventListener("pointerleave", () => track.removeAttribute("data-pointed"));
    track.addEventListener("pointerup", () => this.#openMonth());
    track.addEventListener("pointercancel", () => this.#cancel());
    track.addEventListener("lostpointercapture", () => {
      this.#isDragged = false;
    });
    this.#handle.addEventListener("focus", () => void this.#fetchMonths());
    this.#handle.addEventListener("blur", () => this.#isDragged || this.#cancel());
    this.#handle.addEventListener("keydown", (event) => this.#press(event));
  }

  /** Choose another month by a key that moves the handle, open the chosen month by Enter or Space,
   * or cancel the choice by Escape. */
  #press(event: KeyboardEvent) {
    const { key } = event;
    const step = STEPS[key as keyof typeof STEPS];
    if (step !== undefined) {
      this.#setChosen(true);
      this.#setIndex(this.#index + step);
    } else if (key === "Enter" || key === " ") this.#openMonth();
    else if (key === "Escape" && this.#isChosen) this.#cancel();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Return the index of the month that is nearest to a vertical position.
   * @param y pixels from the window's top */
  #findIndexAt(y: number) {
    const { top, height } = this.#track.getBoundingClientRect();
    const last = Math.max(0, this.#months.length - 1);
    return Math.max(0, Math.min(last, Math.round(((y - top) / height) * last)));
  }

  /** Open the gallery at the chosen month; do nothing if none is chosen. */
  #openMonth() {
    const { store, actions } = this.context;
    const { where } = store.get();
    const isChosen = this.#isChosen;
    this.#setChosen(false);
    if (!isChosen || !this.#months.length) return;
    const search = makeMonthSearch(where, this.#months, this.#index);
    if (search !== where.search) void actions.setWhere({ search });
  }

  #cancel() {
    this.#setChosen(false);
    this.#draw(this.context.store.get());
  }

  /** Store and show whether the user is choosing a month. */
  #setChosen(isChosen: boolean) {
    this.#isChosen = isChosen;
    this.#track.toggleAttribute("data-chosen", isChosen);
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
    } catch (error) {
      this.#fetchedFor = [];
      showError(error, this.context);
    }
  }

  /** Show the handle at the month of the image at the window's bottom, unless the user is choosing
   * a month. Hide the track if the gallery has no months. */
  #draw(now: State) {
    this.#track.hidden = !hasMonths(now);
    if (this.#track.hidden || this.#isChosen) return;
    const shown = getShown(now);
    const date = shown[Math.max(0, Math.min(now.passed, shown.length) - 1)]?.date ?? "";
    this.#setIndex(now.passed ? findMonth(this.#months, now.where.sort, date) : 0);
  }

  /** Show the handle at a month, the first or last one if the index is out of range.
   * @param index of the month */
  #setIndex(index: number) {
    const last = Math.max(0, this.#months.length - 1);
    this.#index = Math.max(0, Math.min(index, last));
    this.#handle.style.top = this.#showMonth(this.#index);
    this.#handle.setAttribute("aria-valuemax", String(last));
    this.#handle.setAttribute("aria-valuenow", String(this.#index));
    this.#handle.setAttribute("aria-valuetext", this.#bubble.textContent ?? "");
  }

  /** Show a month beside the track, and return its position on the track, such as "50%".
   * @param index of the month */
  #showMonth(index: number) {
    const top = `${(100 * index) / Math.max(1, this.#months.length - 1)}%`;
    this.#bubble.textContent = this.#describe(this.#months[index]);
    this.#bubble.style.top = top;
    return top;
  }

  /** Return a month in words, with the number of its known images. */
  #describe(one: MonthCount | undefined) {
    const { translate, store } = this.context;
    const { language } = store.get().bootstrap ?? {};
    if (!one) return translate("scrubber");
    const name = new Date(`${one.month}-15T00:00:00Z`).toLocaleDateString(language, {
      year: "numeric",
      month: "long",
    });
    return translate("scrubber_month", { month: name, n: formatNumber(one.count, language) });
  }
}
