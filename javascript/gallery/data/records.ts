/** What is known of single images: their records, their texts, and changes of their state. */

import type { Bootstrap, ImageDetails, ImageView, Tag, WatchList } from "../contract";
import { sortPost } from "../state/posts";
import { annotate, type Store } from "../state/state";
import type { Context, State } from "../types";
import { ApiError, isAborted } from "./api";

const MOST_RECORDS = 80; // images
const MOST_LETTERS = 8_000_000; // of all of them: a single text may have ten million
const FRESH = 30_000; // milliseconds; a model that was missing may have come since

export class Records {
  /** the last used one is last */
  #cache = new Map<number, { record: ImageDetails; receivedAt: number }>();
  /** ids of images whose records have changed on the server */
  #outdated = new Set<number>();

  /** @param now returns the time in milliseconds */
  constructor(
    private readonly context: Context,
    readonly now: () => number = () => performance.now(),
  ) {
    const update = ({ annotated }: State) => {
      for (const cached of this.#cache.values())
        cached.record = annotateRecord(cached.record, annotated);
    };
    context.store.on(["annotated"], update, context);
  }

  /** Return the cached record of an image, undefined if there is none. */
  getCached(id: number) {
    const cached = this.#cache.get(id);
    if (cached) this.#cacheRecord(cached.record, cached.receivedAt);
    return cached?.record;
  }

  /** Return an image's record from the cache if it is fresh, else from the server. */
  async getRecord(id: number, signal: AbortSignal): Promise<ImageDetails> {
    const known = this.getCached(id);
    const { receivedAt = 0 } = this.#cache.get(id) ?? {};
    // the infotext of the image's file never changes
    const isFresh = known?.infotext_source === "file" || this.now() - receivedAt < FRESH;
    return known && isFresh && !this.#outdated.has(id) ? known : this.#fetchRecord(id, {}, signal);
  }

  /** Fetch an image's record with the data in its file, which may be downloaded first. */
  fetchWithFile(id: number, signal: AbortSignal): Promise<ImageDetails> {
    return this.#fetchRecord(id, { file: "1" }, signal);
  }

  /** Fetch records before they are needed. A record that fails is fetched when needed. */
  async prefetch(ids: number[], signal: AbortSignal) {
    for (const id of ids) {
      try {
        await this.getRecord(id, signal);
      } catch (error) {
        if (isAborted(error)) return;
      }
    }
  }

  /** Add an image's tags to its cached record. */
  addTags(id: number, tags: Tag[]) {
    const cached = this.#cache.get(id);
    if (cached) cached.record = { ...cached.record, tags };
  }

  /** Fetch what Civitai says about a post, and sort its images as its uploader did. */
  async fetchPost(post: number, signal: AbortSignal) {
    const { api, store } = this.context;
    const view = await api.get(`posts/${post}`, { signal });
    store.set(({ images }) => ({ images: sortPost(images, post, view.ids) }));
    return view;
  }

  /** Fetch each record again when needed; meanwhile the cached ones are shown. */
  outdate() {
    this.#outdated = new Set(this.#cache.keys());
  }

  async #fetchRecord(id: number, parameters: Record<string, string>, signal: AbortSignal) {
    const { api, store } = this.context;
    const { model } = store.get().where;
    // of the open model's files the server knows the names
    const query = new URLSearchParams(
      model === null ? parameters : { ...parameters, model: String(model) },
    );
    const get = () => api.get(`images/${id}?${query}`, { signal });
    const fetched = get().catch(async (error) => {
      if (!(error instanceof ApiError) || error.code !== "not_known") throw error;
      // an address may name an image that was never read here
      const text = `${store.get().bootstrap?.civitai_url}/images/${id}`;
      await api.get(`lookup?${new URLSearchParams({ text })}`, { signal });
      return get();
    });
    const record = annotateRecord(await fetched, store.get().annotated);
    this.#outdated.delete(id);
    this.#cacheRecord(record, this.now());
    return record;
  }

  #cacheRecord(record: ImageDetails, receivedAt: number) {
    this.#cache.delete(record.id);
    this.#cache.set(record.id, { record, receivedAt });
    let letters = 0;
    for (const cached of this.#cache.values()) letters += countLetters(cached.record);
    for (const [id, cached] of this.#cache) {
      const isEnough = this.#cache.size <= MOST_RECORDS && letters <= MOST_LETTERS;
      if (isEnough || id === record.id) break;
      this.#cache.delete(id);
      letters -= countLetters(cached.record);
    }
  }
}

function countLetters({ infotext, prompt, negative }: ImageDetails) {
  return infotext.length + prompt.length + negative.length;
}

/** Replace some fields of the bootstrap data. Do nothing while that data is not loaded. */
export function updateBootstrap(store: Store, change: Partial<Bootstrap>) {
  store.set(({ bootstrap }) => ({ bootstrap: bootstrap && { ...bootstrap, ...change } }));
}

/** Store the watched galleries and the number of new images in each. */
export function setWatches(store: Store, watches: WatchList) {
  store.set({ watches });
}

/** Store all annotations that are newer than what an answer may still bring, and their revision, 0
 * before the server has answered. */
export function setAnnotations(store: Store, annotated: State["annotated"], revision = 0) {
  const change = (views: readonly ImageView[]) => {
    const changed = views.map((view) => annotate(view, annotated));
    return changed.every((view, at) => view === views[at]) ? views : changed;
  };
  store.set(({ images, popular, bookmarksRevision: before }) => ({
    annotated,
    bookmarksRevision: Math.max(before, revision),
    images: change(images),
    popular: change(popular),
  }));
}

function annotateRecord(record: ImageDetails, annotated: State["annotated"]): ImageDetails {
  const change = annotated[record.id];
  if (!change) return record;
  const annotations = { ...record.annotations, ...change };
  return { ...annotate(record, annotated), annotations };
}

/** Replace each loaded image by the result of `update`. */
export function updateImages(store: Store, update: (view: ImageView) => ImageView) {
  store.set(({ images }) => ({ images: images.map(update) }));
}

/** infotext: with the user's edits. */
type Known = { record: ImageDetails | undefined; infotext: string };

/** Copy a text of an image. */
export function copyImageText(
  { actions, records, translate, signal }: Context,
  { record, infotext }: Known,
  id: number,
  name: "prompt" | "infotext",
) {
  const fetchText = async () => {
    const fetched = await records.getRecord(id, signal);
    if (!fetched[name]) throw new ApiError("no_infotext", translate("no_infotext"), 0);
    return fetched[name];
  };
  return actions.copy((name === "prompt" ? record?.prompt : infotext) || fetchText());
}
