/** The page's state, its store to which parts subscribe, and the facts that follow from the
 * state. */

import type { Bootstrap, ImagePage, ImageView, MakeView, Note, Post } from "../contract";
import type { Part, Problems, State, Where, WidenedSearch } from "../types";
import { NO_NEEDS } from "./model_files";
import { groupByPost, isGrouped } from "./posts";

/** Return whether an image waits to be made, or is being made. */
export function isMaking({ state }: Pick<MakeView, "state">) {
  return state === "queued" || state === "running";
}

const LEVELS = ["None", "Soft", "Mature", "X", "XXX"];

/** Return whether an image's rating is above the limit, and it is not uncovered. */
export function isBlurred(
  { bootstrap, revealed }: Pick<State, "bootstrap" | "revealed">,
  { id, level }: Pick<ImageView, "id" | "level">,
) {
  const highest = LEVELS.indexOf(String(getSetting(bootstrap, "blur_level") ?? "XXX"));
  return highest >= 0 && LEVELS.indexOf(level) > highest && !revealed.has(id);
}

export const MIN_TILE = 120;
export const MAX_TILE = 640;
const DEFAULT_TILE = 220;

export const NOWHERE: Where = Object.freeze({
  model: null,
  version: null,
  post: null,
  user: "",
  tag: "",
  images: "",
  sort: "",
  seed: null,
  period: "",
  level: "",
  type: "",
  meta: false,
  base: "",
  search: null,
});

const NO_PROBLEMS: Problems = Object.freeze({
  bootstrap: null,
  lookup: null,
  images: null,
  loaded_filter: null,
  home: null,
});

/** Return the state of the page before anything is loaded. */
export function makeInitialState(): State {
  return {
    bootstrap: null,
    where: NOWHERE,
    model: null,
    title: "",
    home: null,
    startedAt: 0,
    samples: [],
    popular: [],
    results: null,
    lookupText: "",
    lookupStartedAt: 0,
    lost: false,
    away: false,
    problems: NO_PROBLEMS,
    ...makeEmptyGallery(),
    marks: new Set<number>(),
    selecting: false,
    revealed: new Set<number>(),
    loadedWords: "",
    open: null,
    slideshow: false,
    groupsPosts: false,
    showsHidden: false,
    hiddenRules: [],
    panel: "",
    compared: null,
    details: true,
    headerHeight: 0,
    isHeaderAway: false,
    tile: DEFAULT_TILE,
    thumb: 450,
    jobs: null,
    unseenFailures: 0,
    engines: [],
    made: [],
    watches: null,
    annotated: {},
    bookmarksRevision: 0,
    needs: { image: NO_NEEDS, gallery: NO_NEEDS, list: NO_NEEDS },
    fileChoices: new Map(),
  };
}

/** Return the state of a gallery's images before the first page is loaded. */
export function makeEmptyGallery() {
  return {
    images: [] as readonly ImageView[],
    matches: null as ReadonlySet<number> | null,
    cursor: null as string | null,
    ended: false,
    loading: false,
    stale: false,
    requestedAt: 0,
    notes: [],
    post: null as Post | null,
    widened: null as WidenedSearch | null,
    searchReading: "" as State["searchReading"],
    libraryDate: "",
    hiddenCount: 0,
    missing: [] as readonly number[],
    total: null as number | null,
    stopped: false,
    anchor: null,
    range: null,
    focus: null,
    place: null,
    passed: 0,
  };
}

/** Return the changes to the state after a page was loaded; each image counts once. */
export function addPage(state: State, page: ImagePage) {
  const before = state.stale ? [] : state.images;
  const known = new Set(before.map((view) => view.id));
  const fresh = page.images
    .filter((view) => !known.has(view.id) && known.add(view.id))
    .map((view) => annotate(view, state.annotated));
  const images = fresh.length || state.stale ? [...before, ...fresh] : before;
  return {
    images,
    cursor: page.cursor,
    post: page.post ?? (state.stale ? null : state.post),
    ended: page.cursor === null,
    notes: mergeNotes(state.stale ? [] : state.notes, page.notes),
    libraryDate: page.from_library ? page.read_at : "",
    hiddenCount: (state.stale ? 0 : state.hiddenCount) + page.hidden_count,
    missing: [...(state.stale ? [] : state.missing), ...page.missing],
    total: page.total,
    loading: false,
    stale: false,
    requestedAt: 0,
    problems: { ...state.problems, images: null },
  };
}

/** Return an image with what the user has changed since the server was asked for it. */
export function annotate<V extends ImageView>(view: V, annotated: State["annotated"]): V {
  const { favourite = view.favourite, stars = view.stars } = annotated[view.id] ?? {};
  const isSame = favourite === view.favourite && stars === view.stars;
  return isSame ? view : { ...view, favourite, stars };
}

/** Return the changes to the state when loaded images become hidden. If the open image is among
 * them, the next shown image opens. */
export function hideImages(state: State, ids: ReadonlySet<number>): Partial<State> {
  const { images, marks, open, focus, hiddenCount } = state;
  const shown = images.filter((view) => !ids.has(view.id));
  if (shown.length === images.length || state.showsHidden) return {};
  const findNext = (id: number | null) => {
    if (id === null || !ids.has(id)) return id;
    const at = images.findIndex((view) => view.id === id);
    const next = images.slice(at).find((view) => !ids.has(view.id));
    return next?.id ?? shown.at(-1)?.id ?? null;
  };
  return {
    images: shown,
    hiddenCount: hiddenCount + images.length - shown.length,
    marks: new Set([...marks].filter((id) => !ids.has(id))),
    open: findNext(open),
    focus: findNext(focus),
  };
}

/** Put back to where they were the images that were hidden between two states; keep what came or was
 * changed since. Return null if that does not tell all: images were hidden or replaced since. */
export function restoreImages(now: State, before: State, after: State): Partial<State> | null {
  const { images, hiddenCount, marks, where } = now;
  const isSame = after.images.every(({ id }, at) => images[at]?.id === id);
  if (!isSame || where !== after.where || hiddenCount !== after.hiddenCount) return null;
  const newest = new Map(images.map((view) => [view.id, view]));
  const known = new Set(before.images.map(({ id }) => id));
  const put = [...before.marks].filter((id) => known.has(id) && !newest.has(id));
  return {
    images: [
      ...before.images.map((view) => newest.get(view.id) ?? annotate(view, now.annotated)),
      ...images.filter(({ id }) => !known.has(id)),
    ],
    hiddenCount: before.hiddenCount,
    marks: new Set([...marks, ...put]),
  };
}

/** Return the changes to the state when Civitai responds again. At the top of the gallery, the new
 * page replaces the images from the library; elsewhere it only updates them. */
export function replaceLibraryPage(
  state: State,
  page: ImagePage,
  isAtTop: boolean,
): Partial<State> {
  if (isAtTop) return addPage({ ...state, stale: true }, page);
  const fresh = new Map(page.images.map((view) => [view.id, view]));
  const images = state.images.map((view) => annotate(fresh.get(view.id) ?? view, state.annotated));
  return { images, libraryDate: "" };
}

function mergeNotes(before: Note[], fresh: Note[]) {
  const codes = new Set(fresh.map((note) => note.code));
  return [...before.filter((note) => !codes.has(note.code)), ...fresh];
}

/** Return a gallery's name, such as "model 5"; "kept" for the library, "" for none. */
export function getSource(where: Where) {
  if (where.model !== null) return `model ${where.model}`;
  if (where.post !== null) return `post ${where.post}`;
  if (where.user) return `user ${where.user}`;
  if (where.tag) return `tag ${Number.parseInt(where.tag, 10)}`;
  if (where.images) return `list ${where.images}`;
  return where.search === null ? "" : "kept";
}

/** Return what is known about the open post, null if nothing is or no post is open. */
export function getPost({ where, post }: Pick<State, "where" | "post">) {
  return where.post === null ? null : post;
}

const shownByImages: WeakMap<
  readonly ImageView[],
  WeakMap<ReadonlySet<number>, readonly ImageView[]>
> = new WeakMap();

type Shown = Pick<State, "images" | "loadedWords" | "matches" | "groupsPosts" | "where">;

/** Return the loaded images that match the filter. If posts are grouped, the images of a post
 * follow each other. The array is cached until the images or the matches change. */
export function getShown(state: Shown) {
  return isGrouped(state) ? groupByPost(filterImages(state)).order : filterImages(state);
}

/** Return the images of the viewer: at home the most liked, else the gallery's. */
export function getWalk(state: State) {
  return isHome(state) ? state.popular : getShown(state);
}

/** Return whether a press on a tile marks it. */
export function isSelecting({ marks, selecting }: State) {
  return selecting || marks.size > 0;
}

/** Return the marked ids that are shown here: only they are acted on. */
export function listMarked(state: State) {
  const shown = new Set(state.results ? [] : getWalk(state).map(({ id }) => id));
  return [...state.marks].filter((id) => shown.has(id));
}

/** Return the ids of the images to compare, in the gallery's order: the marked ones that are shown
 * here, and the open one if it is marked. */
export function listCompared(state: State) {
  const { open, marks } = state;
  const marked = new Set(listMarked(state));
  const ids = getWalk(state).flatMap(({ id }) => (marked.has(id) ? id : []));
  return open !== null && marks.has(open) && !marked.has(open) ? [...ids, open] : ids;
}

/** Return whether more images may follow the last one of `getWalk`. */
export function canWalkOn(state: State) {
  return !isHome(state) && !state.ended;
}

/** Return the images that have a tile: one of each post if posts are grouped, else all. */
export function getTiles(state: Shown) {
  return isGrouped(state) ? groupByPost(filterImages(state)).leads : getShown(state);
}

/** Return the ids of a tile's images: of a post if posts are grouped, else its own. */
export function listTileIds(state: Shown, id: number): readonly number[] {
  const members = isGrouped(state) && groupByPost(filterImages(state)).members.get(id);
  return members || [id];
}

/** Return the loaded images that match the words, all until the server has responded. */
function filterImages({ images, loadedWords, matches }: Shown) {
  if (!loadedWords || matches === null) return images;
  const byMatches = shownByImages.get(images) ?? new WeakMap();
  shownByImages.set(images, byMatches);
  const shown = byMatches.get(matches) ?? images.filter((view) => matches.has(view.id));
  byMatches.set(matches, shown);
  return shown;
}

/** Return the words of the current search for images, "" for none. */
export function getSearched({ where, loadedWords }: Pick<State, "where" | "loadedWords">) {
  return (where.search ?? loadedWords).trim();
}

/** Return the parts that have failed; with a code, only those that failed with it. */
export function getFailedParts({ problems }: Pick<State, "problems">, code?: string): Part[] {
  const parts = Object.keys(problems) as Part[];
  return parts.filter((part) => problems[part] && (!code || problems[part].code === code));
}

/** Return the first failed part of the page, null if there is none. A lookup does not count, since
 * the search field shows its error; the home page counts only while it is shown. */
export function getFailedGalleryPart(state: State) {
  const isShown = (part: Part) => (part === "home" ? isHome(state) : part !== "lookup");
  return getFailedParts(state).find(isShown) ?? null;
}

/** Return whether the home page is shown: no gallery and no search results are open, and the page
 * does not await the first search of its URL. */
export function isHome({ bootstrap, where, results, lookupText, home }: State) {
  const isOpen = results !== null || getSource(where) !== "" || (!home && lookupText !== "");
  return bootstrap !== null && !isOpen;
}

/** Return what the page still needs before it can show anything, null if it needs nothing. */
export function getAwaitedPart(state: State): "bootstrap" | "home" | null {
  if (!state.bootstrap) return "bootstrap";
  return isHome(state) && !state.home ? "home" : null;
}

/** Return "model" if the model in the page's URL could not be fetched, "gallery" if the author or
 * the post in the URL has no images, else "". */
export function getMissingPart({ where, model, problems, images, ended }: State) {
  if (images.length || where.search !== null || getSource(where) === "") return "";
  if (where.model === null) return ended ? "gallery" : "";
  return !model && problems.lookup ? "model" : "";
}

/** Return whether our server did not respond to the last request of some part of the page. */
export function isOffline(state: Pick<State, "problems" | "lost">) {
  return state.lost || getFailedParts(state, "offline").length > 0;
}

/** Return the value of a setting, undefined until it is loaded. */
export function getSetting(bootstrap: Bootstrap | null, name: string) {
  return bootstrap?.settings.find((setting) => setting.name === name)?.value;
}

/** Return why the user can change neither a setting nor the key, "" if anything can be changed. */
export function getCommonLock(bootstrap: Bootstrap | null) {
  const lock = bootstrap?.key.locked ?? "";
  return bootstrap?.settings.every(({ locked }) => locked === lock) ? lock : "";
}

/** Return the label of an infotext field in the user's language, or the field's name. */
export function getParameterLabel(bootstrap: Bootstrap | null, name: string) {
  return bootstrap && Object.hasOwn(bootstrap.parameter_labels, name)
    ? bootstrap.parameter_labels[name]
    : name;
}

type Listener = (now: State, before: State) => void;
/** A field, or a selector. */
export type Key = keyof State | ((state: State) => unknown);

export class Store {
  #subscriptions = new Set<{ keys: Key[]; listener: Listener }>();

  constructor(private state: State = makeInitialState()) {}

  get() {
    return this.state;
  }

  /** Merge a change into the state, then call the listeners whose keys have changed. */
  set(change: Partial<State> | ((state: State) => Partial<State>)) {
    const before = this.state;
    const now = { ...before, ...(typeof change === "function" ? change(before) : change) };
    this.state = now;
    for (const subscription of [...this.#subscriptions]) {
      if (!this.#subscriptions.has(subscription)) continue;
      if (subscription.keys.some((key) => readKey(now, key) !== readKey(before, key))) {
        subscription.listener(this.state, before); // a listener before may have changed the state again
      }
    }
  }

  /** Call the listener once for each `set` that changes any of the keys, before `set` returns. */
  on(keys: Key[], listener: Listener, { signal }: { signal?: AbortSignal } = {}) {
    if (signal?.aborted) return;
    const subscription = { keys, listener };
    this.#subscriptions.add(subscription);
    signal?.addEventListener("abort", () => this.#subscriptions.delete(subscription));
  }
}

function readKey(state: State, key: Key) {
  return typeof key === "function" ? key(state) : state[key];
}
