/** The page's state as one value; parts subscribe to the keys that they draw. */

/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").View} View */
/** @typedef {import("../types.js").Page} Page */
/** @typedef {import("../types.js").Within} Within */
/** @typedef {(now: State, before: State) => void} Listener */

export const TILE_LOW = 120;
export const TILE_HIGH = 640;
const TILE_FIRST = 220;

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

/** @type {Within} */
export const ALL_WITHIN = Object.freeze({ words: "" });

/** @returns {State} */
export function firstState() {
  return {
    hello: null,
    where: NOWHERE,
    model: null,
    title: "",
    found: null,
    finding: "",
    findingSince: 0,
    lost: false,
    ...emptyGallery(),
    marks: new Set(),
    bared: new Set(),
    within: ALL_WITHIN,
    open: null,
    panel: "",
    room: "wide",
    details: true,
    tile: TILE_FIRST,
    thumb: 450,
    jobs: null,
    watched: null,
  };
}

/** What is gone when another gallery, or the same by another filter, is begun. */
export function emptyGallery() {
  return {
    images: /** @type {readonly View[]} */ ([]),
    shown: /** @type {readonly View[]} */ ([]),
    matches: /** @type {ReadonlySet<number> | null} */ (null),
    cursor: /** @type {string | null} */ (null),
    ended: false,
    loading: false,
    stale: false,
    since: 0,
    problem: null,
    notes: [],
    lookedAt: /** @type {import("../types.js").LookedAt | null} */ (null),
    kept: "",
    anchor: null,
    range: null,
    focus: null,
    place: null,
    passed: 0,
  };
}

/**
 * What a page of the gallery changes. Civitai may send a picture twice: the first one counts.
 *
 * @param {State} state
 * @param {Page} page
 */
export function withPage(state, page) {
  const before = state.stale ? [] : state.images;
  const known = new Set(before.map((view) => view.id));
  const fresh = page.images.filter((view) => !known.has(view.id) && known.add(view.id));
  const images = fresh.length || state.stale ? [...before, ...fresh] : before;
  return {
    images,
    shown: shownOf(images, state.within, state.matches),
    cursor: page.cursor,
    ended: page.cursor === null,
    notes: withNotes(state.stale ? [] : state.notes, page.notes),
    lookedAt: page.looked_at ?? null,
    kept: page.kept ? page.read_at : "",
    loading: false,
    stale: false,
    since: 0,
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
export function withLive(state, page, isAtTop) {
  if (isAtTop) return withPage({ ...state, stale: true }, page);
  const fresh = new Map(page.images.map((view) => [view.id, view]));
  const images = state.images.map((view) => fresh.get(view.id) ?? view);
  return { images, shown: shownOf(images, state.within, state.matches), kept: "" };
}

/**
 * Each kind of note once, in its latest words.
 *
 * @param {import("../types.js").Note[]} before
 * @param {import("../types.js").Note[]} fresh
 */
function withNotes(before, fresh) {
  const codes = new Set(fresh.map((note) => note.code));
  return [...before.filter((note) => !codes.has(note.code)), ...fresh];
}

/** @param {Within} within */
export function isNarrowed(within) {
  return within.words !== "";
}

/**
 * The pictures that are shown; the very same array when nothing narrows it.
 *
 * @param {readonly View[]} images
 * @param {Within} within
 * @param {ReadonlySet<number> | null} matches
 */
export function shownOf(images, within, matches) {
  if (!isNarrowed(within)) return images;
  return matches === null ? images : images.filter((view) => matches.has(view.id));
}

/**
 * @param {import("../types.js").Hello | null} hello
 * @param {string} name
 */
export function settingOf(hello, name) {
  return hello?.settings.find((setting) => setting.name === name)?.value;
}

/**
 * What a field of an infotext is called.
 *
 * @param {import("../types.js").Hello | null} hello
 * @param {string} name
 */
export function parameterName(hello, name) {
  return hello && Object.hasOwn(hello.parameters, name) ? hello.parameters[name] : name;
}

export class Store {
  /** @type {State} */
  #state;
  /** @type {Set<{keys: (keyof State)[], listener: Listener}>} */
  #subscriptions = new Set();

  /** @param {State} [state] */
  constructor(state = firstState()) {
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
