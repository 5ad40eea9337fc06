/** Searches images: what is loaded, the gallery and the library. */

import type { PageContext } from "../actions";
import {
  countFound,
  findSavedPlace,
  hasGallery,
  type SearchScope,
  widenScope,
} from "../state/query";
import { getMarksKey } from "../state/selection";
import { getShown } from "../state/state";
import type { Context, State } from "../types";
import { ignoreFailure, isAborted, LatestRequest, makeProblem, setProblem, showError } from "./api";

const ENOUGH = 20; // matching images
const MOST_PAGES = 10; // that are loaded for one search, until the user asks for more

/** Fetch how many images a text would find, and completions of the word at the caret. */
export function fetchPreview(
  { api, store }: Context,
  text: string,
  word: string,
  signal: AbortSignal,
) {
  const { images, where, showsHidden } = store.get();
  const ids = images.map(({ id }) => id);
  return api.post(
    `search_preview?hidden=${showsHidden ? "1" : ""}`,
    { text, word, ids, where },
    { signal },
  );
}

export function makeLoadedFilter(context: Context) {
  const { actions, api, signal, store, translate } = context;
  const request = new LatestRequest(context);
  /** Ids of the images that the server has checked, or is checking, for the current words. */
  let known = new Set();
  let isOld = false; // the matches are those of other words
  /** The last request for matches. */
  let matching = Promise.resolve();
  store.on(["images", "loadedWords"], onChange, { signal });

  /** Show the loaded images that match, all for ""; load more until enough match. */
  async function setWords(words: string) {
    if (store.get().loadedWords === words && !words) return;
    store.set({ loadedWords: words, widened: null });
    if (words) await readUntilEnough();
  }

  /** Send the request for matches again. */
  async function retry() {
    setProblem(store, "loaded_filter", null);
    matching = requestMatches();
    await matching;
  }

  /** Load more pages of the gallery until more images match. */
  function readOn() {
    return readUntilEnough({ isMore: true });
  }

  /** Load pages until enough images match; isMore: besides those that match already. */
  async function readUntilEnough({ isMore = false }: { isMore?: boolean } = {}) {
    const { signal } = request;
    store.set({ searchReading: "on" });
    await matching;
    const enough = ENOUGH + (isMore ? getShown(store.get()).length : 0);
    let hasEnough = false;
    for (let page = 0; page < MOST_PAGES && !signal.aborted; page++) {
      const now = store.get();
      const found = now.matches === null ? 0 : getShown(now).length;
      const isDone = now.ended || now.problems.images || now.problems.loaded_filter;
      hasEnough = found >= enough;
      if (now.searchReading !== "on" || isDone || hasEnough) break;
      await actions.more();
      await matching;
    }
    if (signal.aborted || store.get().searchReading !== "on") return;
    store.set({ searchReading: hasEnough ? "enough" : "" });
  }

  function onChange(now: State, before: State) {
    if (now.loadedWords !== before.loadedWords) resetMatches(now.loadedWords);
    if (!now.loadedWords) return;
    matching = requestMatches();
    if (before.stale && !now.stale) void readUntilEnough(); // with other filters
  }

  /** Abort the request for matches; without words, delete the matches too. */
  function resetMatches(words: string) {
    request.begin();
    known = new Set();
    isOld = true;
    setProblem(store, "loaded_filter", null);
    const notes = store.get().notes.filter((note) => note.code !== "search");
    store.set({ searchReading: "", ...(words ? {} : { matches: null, notes }) });
  }

  async function requestMatches() {
    const { images, loadedWords, where } = store.get();
    const { signal } = request;
    const requested = known;
    const ids = images.map((view) => view.id).filter((id) => !requested.has(id));
    if (!ids.length) return;
    for (const id of ids) requested.add(id);
    try {
      const answer = await api.post(
        "loaded_filter",
        { ids, words: loadedWords, model: where.model },
        { signal },
      );
      const { message } = answer; // about the words
      if (signal.aborted) return;
      const before = isOld ? [] : (store.get().matches ?? []);
      isOld = false;
      store.set(({ notes }) => {
        const others = notes.filter((note) => note.code !== "search");
        const matching = new Set([...before, ...answer.ids]);
        const newNotes = message ? [...others, { code: "search", message }] : others;
        return { matches: matching, notes: newNotes };
      });
    } catch (error) {
      if (signal.aborted || isAborted(error)) return;
      for (const id of ids) requested.delete(id);
      setProblem(store, "loaded_filter", makeProblem(error, translate));
    }
  }
  return { setWords, retry, readOn };
}

export type LoadedFilter = ReturnType<typeof makeLoadedFilter>;

export function makeGallerySearch(context: PageContext) {
  const { actions, parts, store, translate } = context;
  const request = new LatestRequest(context);

  /** Show the images that match a text. If there are none, search a wider scope instead, and say so.
   * If nothing in the text can be searched for, only say why. */
  async function search(text: string, wanted: SearchScope) {
    const signal = request.begin();
    const words = text.trim();
    if (!words) return clear();
    const before = store.get();
    const from = hasGallery(before.where) ? wanted : "all";
    const preview = await fetchPreview(context, words, "", signal).catch((error) => {
      // a gallery says itself that it could not be loaded, and is loaded later
      if (from === "loaded" && !signal.aborted) showError(error, context);
      return ignoreFailure(error);
    });
    if (!preview && from === "loaded") return;
    const { images, where, results } = store.get();
    const isElsewhere =
      getMarksKey(where) !== getMarksKey(before.where) || results?.query !== before.results?.query;
    if (signal.aborted || isElsewhere) return;
    if (preview?.kind === "nothing") {
      const message = preview.message || translate("search_no_value", { text: words });
      return setProblem(store, "lookup", { code: "bad_input", message });
    }
    const scope = preview ? widenScope(from, preview) : from;
    open(words, scope);
    if (!preview || scope === from) return;
    const found = countFound(scope, preview);
    store.set({ widened: { from, scope, words, loaded: images.length, found, where } });
  }

  /** Close the results of a model search, or show all images of the open gallery again. */
  function clear() {
    request.abort();
    const { where, results } = store.get();
    if (results) return actions.closeResults();
    void parts.loadedFilter.setWords("");
    if (where.search === null) return;
    const search = hasGallery(where) ? null : (findSavedPlace(where)?.word ?? "");
    if (where.search !== search) void actions.setWhere({ search });
  }

  /** Return to the gallery that was searched first, and load more of it. */
  async function searchOn() {
    const { widened } = store.get();
    if (!widened) return;
    const { words, where } = widened;
    void parts.navigation.openGallery({ ...where, search: null });
    void parts.loadedFilter.setWords(words);
  }

  function open(words: string, scope: SearchScope) {
    const { navigation, loadedFilter } = parts;
    const { where, results } = store.get();
    if (scope === "loaded") {
      if (where.search !== null) void navigation.openGallery({ ...where, search: null });
      else if (results) navigation.closeResults();
      void loadedFilter.setWords(words);
      return;
    }
    void loadedFilter.setWords("");
    if (scope === "gallery") void navigation.openGallery({ ...where, search: words });
    else void navigation.openSource({ search: words });
  }
  return { search, clear, searchOn };
}

export type GallerySearch = ReturnType<typeof makeGallerySearch>;
