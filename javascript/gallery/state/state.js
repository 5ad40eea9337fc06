/** The page's state as one value; parts subscribe to the keys that they draw. */

/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").View} View */
/** @typedef {import("../types.js").Page} Page */
/** @typedef {import("../types.js").LoadedFilterState} LoadedFilterState */
/** @typedef {(now: State, before: State) => void} Listener */

export const MIN_TILE = 120;
export const MAX_TILE = 640;
const DEFAULT_TILE = 220;

/** @type {import("../types.js").Where} */
export const NOWHERE = Object.freeze({
  model: null,
  version: null,
  post: null,
  user: "",
  sort: "",
  period: "",
  level: "",
  type: "",
  meta: false,
  base: "",
  search: null,
});

/** @type {LoadedFilterState} */
export const NO_FILTER = Object.freeze({ words: "" });

/** @returns {State} */
export function makeInitialState() {
  return {
    bootstrap: null,
    where: NOWHERE,
    model: null,
    title: "",
    results: null,
    lookupText: "",
    lookupStartedAt: 0,
    lost: false,
    ...makeEmptyGallery(),
    marks: new Set(),
    revealed: new Set(),
    loadedFilter: NO_FILTER,
    open: null,
    panel: "",
    widthClass: "wide",
    details: true,
    tile: DEFAULT_TILE,
    thumb: 450,
    jobs: null,
    watches: null,
  };
}

/** What is gone when another gallery, or the same by another filter, is begun. */
export function makeEmptyGallery() {
  return {
    images: /** @type {readonly View[]} */ ([]),
    shown: /** @type {readonly View[]} */ ([]),
    matches: /** @type {ReadonlySet<number> | null} */ (null),
    cursor: /** @type {string | null} */ (null),
    ended: false,
    loading: false,
    stale: false,
    requestedAt: 0,
    problem: null,
    notes: [],
    searchProgress: /** @type {import("../types.js").SearchProgress | null} */ (null),
    libraryDate: "",
    anchor: null,
    range: null,
    focus: null,
    place: null,
    passed: 0,
  };
}

/**
 * What a page of the gallery changes. Civitai may send an image twice: the first one counts.
 *
 * @param {State} state
 * @param {Page} page
 */
export function addPage(state, page) {
  const before = state.stale ? [] : state.images;
  const known = new Set(before.map((view) => view.id));
  const fresh = page.images.filter((view) => !known.has(view.id) && known.add(view.id));
  const images = fresh.length || state.stale ? [...before, ...fresh] : before;
  return {
    images,
    shown: filterShown(images, state.loadedFilter, state.matches),
    cursor: page.cursor,
    ended: page.cursor === null,
    notes: mergeNotes(state.stale ? [] : state.notes, page.notes),
    searchProgress: page.search_progress ?? null,
    libraryDate: page.from_library ? page.read_at : "",
    loading: false,
    stale: false,
    requestedAt: 0,
    problem: state.problem?.of === "images" ? null : state.problem,
  };
}

/**
 * What the gallery's first page changes when Civitai answers again after what was kept.
 *
 * @param {State} state
 * @param {Page} page
 * @param {boolean} isAtTop  else what is looked at stays, as it is now
 * @returns {Partial<State>}
 */
export function replaceLibraryPage(state, page, isAtTop) {
  if (isAtTop) return addPage({ ...state, stale: true }, page);
  const fresh = new Map(page.images.map((view) => [view.id, view]));
  const images = state.images.map((view) => fresh.get(view.id) ?? view);
  return { images, shown: filterShown(images, state.loadedFilter, state.matches), libraryDate: "" };
}

/**
 * Each kind of note once, in its latest words.
 *
 * @param {import("../types.js").Note[]} before
 * @param {import("../types.js").Note[]} fresh
 */
function mergeNotes(before, fresh) {
  const codes = new Set(fresh.map((note) => note.code));
  return [...before.filter((note) => !codes.has(note.code)), ...fresh];
}

/** @param {LoadedFilterState} loadedFilter */
export function isFiltered(loadedFilter) {
  return loadedFilter.words !== "";
}

/**
 * The images that are shown; the very same array when nothing narrows it.
 *
 * @param {readonly View[]} images
 * @param {LoadedFilterState} loadedFilter
 * @param {ReadonlySet<number> | null} matches
 */
export function filterShown(images, loadedFilter, matches) {
  if (!isFiltered(loadedFilter)) return images;
  return matches === null ? images : images.filter((view) => matches.has(view.id));
}

/**
 * @param {import("../types.js").Bootstrap | null} bootstrap
 * @param {string} name
 */
export function getSetting(bootstrap, name) {
  return bootstrap?.settings.find((setting) => setting.name === name)?.value;
}

/**
 * What a field of an infotext is called.
 *
 * @param {import("../types.js").Bootstrap | null} bootstrap
 * @param {string} name
 */
export function getParameterLabel(bootstrap, name) {
  return bootstrap && Object.hasOwn(bootstrap.parameter_labels, name)
    ? bootstrap.parameter_labels[name]
    : name;
}

export class Store {
  /** @type {State} */
  #state;
  /** @type {Set<{keys: (keyof State)[], listener: Listener}>} */
  #subscriptions = new Set();

  /** @param {State} [state] */
  constructor(state = makeInitialState()) {
    this.#state = state;
  }

  get() {
    return this.#state;
  }

  /** @param {Partial<State> | ((state: State) => Partial<State>)} change */
  set(change) {
    const before = this.#state;
    const now = { ...before, ...(typeof change === "function" ? change(before) : change) };
    this.#state = now;
    for (const subscription of [...this.#subscriptions]) {
      if (!this.#subscriptions.has(subscription)) continue;
      if (subscription.keys.some((key) => now[key] !== before[key])) {
        subscription.listener(this.#state, before); // one before it may have set more
      }
    }
  }

  /**
   * Called once for each `set` that changed one of the keys, before `set` returns.
   *
   * @param {(keyof State)[]} keys
   * @param {Listener} listener
   * @param {{signal?: AbortSignal}} [options]
   */
  on(keys, listener, { signal } = {}) {
    if (signal?.aborted) return;
    const subscription = { keys, listener };
    this.#subscriptions.add(subscription);
    signal?.addEventListener("abort", () => this.#subscriptions.delete(subscription));
  }
}
