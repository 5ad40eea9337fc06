/** Opens galleries and search results: from the search field, a card, a filter or the page's
 * URL. */

import type { PageContext } from "../actions";
import type { Contract, ModelCardPage, ModelView, Tag } from "../contract";
import { getSource, isList, makeDefaultQuery, withSource } from "../state/query";
import { getMarksKey } from "../state/selection";
import type { ScrollPlace, State, Where } from "../types";
import { isAborted, LatestRequest, makeProblem } from "./api";

type LookupResult = Contract["responses"]["GET"]["lookup"];

const RECENT = 12; // models
const FAR = 1000; // images; further down, going back is only offered

export function makeNavigation(context: PageContext) {
  const { actions, api, parts, store, toast, translate } = context;
  const lookup = new LatestRequest(context);
  /** Repeats the last lookup. */
  let retry: () => Promise<void> = () => Promise.resolve();
  store.on(["bootstrap"], followLevel, context);

  /** Apply a changed *Highest rating*, unless the user has chosen a lower one here. */
  function followLevel({ bootstrap, where, images, results, open }: State, before: State) {
    if (!bootstrap || !before.bootstrap) return;
    const { level } = makeDefaultQuery(bootstrap);
    const old = makeDefaultQuery(before.bootstrap).level;
    const levels = bootstrap.choices.level.map(({ value }) => value);
    const isAbove = (one: string) => levels.indexOf(one) > levels.indexOf(level);
    if (level === old || !(where.level === old || isAbove(where.level))) return;
    if (open !== null) {
      const opened = images.find(({ id }) => id === open) ?? parts.viewer.findKnown(open).record;
      if (!opened || isAbove(opened.level)) store.set({ open: null });
    }
    if (getSource(where)) return void openGallery({ ...where, level });
    store.set({ where: { ...where, level }, samples: [] });
    void (results ? searchModels(results.query) : parts.homeData.load());
  }

  /** Open what the user typed: a URL, an id, a user name, a hash or a list of images; search models
   * for other words. */
  async function lookUp(text: string) {
    const query = text.trim();
    if (!query) return closeResults();
    if (isList(query)) return openList(query);
    await runLookup(query, async (signal) => {
      const parameters = new URLSearchParams({ text: query, level: store.get().where.level });
      openResult(await api.get(`lookup?${parameters}`, { signal }), signal);
    });
  }

  /** Open the images that a text names as a gallery; a single one as its address does. */
  async function openList(text: string) {
    await runLookup("", async (signal) => {
      const { images, count, first } = await api.post("lists", { text }, { signal });
      if (signal.aborted) return;
      if (count > 1) return void openSource({ images });
      await lookUp(`${store.get().bootstrap?.civitai_url}/images/${first}`);
    });
  }

  /** Scroll back to a place in the gallery, or offer it if it is far down. */
  async function returnTo(place: ScrollPlace) {
    store.set({ place });
    if (place.count <= FAR && !store.get().results) await actions.back();
  }

  /** Show the results of a model search on Civitai; request a `page` that is null. */
  async function openModels(words: string, page: ModelCardPage | null) {
    if (!page) return searchModels(words);
    abortLookup();
    store.set({ results: { query: words, ...page } });
  }

  /** Search models on Civitai; with a cursor, add the next page of the results. */
  async function searchModels(words: string, cursor?: string) {
    await runLookup(words, async (signal) => {
      const { results, where } = store.get();
      const parameters = new URLSearchParams({ q: words, level: where.level });
      if (cursor) parameters.set("cursor", cursor);
      const page = await api.get(`models?${parameters}`, { signal });
      if (signal.aborted || (cursor && store.get().results !== results)) return;
      const models = [...((cursor && results?.models) || []), ...page.models];
      store.set({ results: { query: words, models, cursor: page.cursor } });
    });
  }

  /** Close the search results. */
  function closeResults() {
    store.set({ results: null });
  }

  /** Open another gallery, with the filters of the open one. */
  async function openSource(source: Partial<Where>) {
    const where = withSource(store.get().where, source);
    if (getSource(where) === getSource(store.get().where)) store.set({ loadedWords: "" });
    await openGallery(where);
  }

  /** Open the images with a tag of Civitai's: those of the open model or author, the library's if it
   * is open, else those of all models. A tag that filters the gallery already widens it. */
  function openTag({ id, name }: Tag) {
    const { where } = store.get();
    if (getSource(where) === "kept")
      return parts.search.search(`tag="${name.replaceAll('"', " ")}"`, "all");
    const tag = `${id} ${name}`;
    return (where.model !== null || where.user) && where.tag !== tag
      ? openGallery({ ...where, tag, search: null })
      : openSource({ tag });
  }

  /** Open the gallery of a query. If it is already open, only apply the filters of the query.
   * @param marks of another gallery, which else begins without any */
  async function openGallery(where: Where, marks?: ReadonlySet<number>) {
    const before = store.get();
    const isSameSource = getSource(where) === getSource(before.where) && getSource(where) !== "";
    const keepsMarks = getMarksKey(where) === getMarksKey(before.where);
    if (!isSameSource) abortLookup(); // else what it finds would open instead
    const { size: n } = before.marks;
    if (!keepsMarks && !marks && n > 1)
      toast(translate("unmarked", { n }), undefined, () => openGallery(before.where, before.marks));
    store.set({
      where,
      results: null,
      problems: { ...before.problems, lookup: null },
      ...(isSameSource ? {} : makeReset(where)),
      ...(keepsMarks ? {} : { marks: marks ?? new Set<number>(), selecting: false }),
    });
    const images = parts.pager.restart({ isSameSource });
    if (where.model !== null && store.get().model?.id !== where.model) {
      const { model: id } = where;
      await runLookup("", async (signal) => {
        const model = await api.get(`models/${id}`, { signal });
        if (!signal.aborted) setModel(model);
      });
    }
    await images;
  }

  function retryLookup() {
    return retry();
  }

  /** Abort the lookup that is running. */
  function abortLookup() {
    lookup.abort();
    store.set({ lookupText: "" });
  }

  function makeReset(where: Where) {
    const state = store.get();
    const { model } = state;
    return {
      model: model && model.id === where.model ? model : null,
      title: findModelName(state, where.model),
      loadedWords: "",
      revealed: new Set<number>(),
      showsHidden: false,
      open: null,
    };
  }

  function setModel(model: ModelView) {
    store.set(({ bootstrap }) => {
      if (!bootstrap) return { model };
      const others = bootstrap.recent.filter((one) => one.id !== model.id);
      const recent = [{ id: model.id, name: model.name }, ...others].slice(0, RECENT);
      return { model, bootstrap: { ...bootstrap, recent } };
    });
  }

  /** Run a lookup after aborting the previous one. Errors are shown to the user. */
  async function runLookup(lookupText: string, request: (signal: AbortSignal) => Promise<void>) {
    const signal = lookup.begin();
    retry = () => runLookup(lookupText, request);
    store.set(({ problems }) => ({
      lookupText,
      lookupStartedAt: performance.now(),
      problems: { ...problems, lookup: null },
    }));
    try {
      await request(signal);
    } catch (error) {
      if (signal.aborted || isAborted(error)) return;
      const lookup = makeProblem(error, translate);
      // drop "nothing found" for the words before
      store.set(({ results, problems }) => ({
        problems: { ...problems, lookup },
        results: results?.models.length ? results : null,
      }));
    }
    if (lookup.signal === signal) store.set({ lookupText: "" });
  }

  function openResult(answer: LookupResult, signal: AbortSignal) {
    if (signal.aborted) return;
    if (answer.models) {
      store.set({ results: { query: answer.query ?? "", ...answer.models } });
      return;
    }
    if (answer.model) setModel(answer.model);
    const { username: user, model, version_id: version = null, post_id: post } = answer;
    if (user) void openSource({ user });
    else if (model) void openSource({ model: model.id, version });
    else if (post) void openSource({ post });
    if (answer.title) store.set({ title: answer.title });
    if (answer.image_id) store.set({ open: answer.image_id });
  }
  return {
    lookUp,
    openList,
    openModels,
    searchModels,
    closeResults,
    openSource,
    openTag,
    openGallery,
    retryLookup,
    returnTo,
    abortLookup,
  };
}

export type Navigation = ReturnType<typeof makeNavigation>;

/** Return the name of a model that something on the page has named, "" for none. */
function findModelName({ bootstrap, home, samples, results, watches }: State, id: number | null) {
  const models = [...(results?.models ?? []), ...samples, ...(bootstrap?.recent ?? [])];
  const watched = watches?.galleries.find(({ gallery }) => gallery === `model ${id}`);
  const opened = home?.recent.find(({ model }) => model !== null && model === id);
  return (models.find((one) => one.id === id) ?? opened ?? watched)?.name ?? "";
}
