/** The records of images, fetched once and cached for a while. */

import { ApiError, isAborted } from "./api.js";

/** @import { ImageRecord } from "../types.js" */

const MOST_RECORDS = 80; // images
const MOST_LETTERS = 8_000_000; // of all of them: a single text may have ten million
const FRESH = 30_000; // milliseconds; a model that was missing may have come since

export class Records {
  #context;
  /** @type {Map<number, {record: ImageRecord, receivedAt: number}>} the last used one is last */
  #cache = new Map();

  /** @param {import("../types.js").Context} context
   * @param {() => number} now  returns the time in milliseconds */
  constructor(context, now = () => performance.now()) {
    this.#context = context;
    this.now = now;
    context.store.on(["annotated"], ({ annotated }) => this.#updateAnnotations(annotated), context);
  }

  /** Return the cached record of an image, undefined if there is none. @param {number} id */
  getCached(id) {
    const cached = this.#cache.get(id);
    if (cached) this.#cacheRecord(cached.record, cached.receivedAt);
    return cached?.record;
  }

  /** Return an image's record from the cache if it is fresh, else from the server.
   * @param {number} id
   * @param {AbortSignal} signal
   * @returns {Promise<ImageRecord>} */
  async getRecord(id, signal) {
    const known = this.getCached(id);
    return known && this.#isFresh(known) ? known : this.#fetchRecord(id, {}, signal);
  }

  /** Return whether a record was received in the last 30 seconds, or has the infotext of the image's
   * file, which never changes.
   * @param {ImageRecord} record */
  #isFresh(record) {
    const { receivedAt = 0 } = this.#cache.get(record.id) ?? {};
    return record.infotext_source === "file" || this.now() - receivedAt < FRESH;
  }

  /** Fetch an image's record, including the data in the image's file. The server may have to
   * download the file first.
   * @param {number} id
   * @param {AbortSignal} signal
   * @returns {Promise<ImageRecord>} */
  fetchWithFile(id, signal) {
    return this.#fetchRecord(id, { file: "1" }, signal);
  }

  /** Fetch and cache records before they are needed. Errors are ignored: a record that is missing is
   * fetched when it is needed.
   * @param {number[]} ids
   * @param {AbortSignal} signal */
  async prefetch(ids, signal) {
    for (const id of ids) {
      try {
        await this.getRecord(id, signal);
      } catch (error) {
        if (isAborted(error)) return;
      }
    }
  }

  /** Replace the annotations of cached records by newer ones.
   * @param {Readonly<Record<string, import("../types.js").Annotations>>} annotated  annotations by
   *     image id */
  #updateAnnotations(annotated) {
    for (const [id, cached] of this.#cache) {
      if (annotated[id]) cached.record = { ...cached.record, annotations: annotated[id] };
    }
  }

  /** Empty the cache, because the records have changed on the server. */
  clearCache() {
    this.#cache.clear();
  }

  /** Fetch a record and cache it.
   * @param {number} id
   * @param {Record<string, string>} parameters  of the URL
   * @param {AbortSignal} signal */
  async #fetchRecord(id, parameters, signal) {
    const { api, store } = this.#context;
    const { model } = store.get().where;
    // of the open model's files the server knows the names
    const query = new URLSearchParams(
      model === null ? parameters : { ...parameters, model: String(model) },
    );
    const get = () => api.get(`images/${id}?${query}`, { signal });
    const record = await get().catch(async (error) => {
      if (!(error instanceof ApiError) || error.code !== "not_known") throw error;
      await this.#lookUp(id, signal); // an address may name an image that was never read here
      return get();
    });
    this.#cacheRecord(record, this.now());
    return record;
  }

  /** Let the server fetch an image's record from Civitai.
   * @param {number} id
   * @param {AbortSignal} signal */
  async #lookUp(id, signal) {
    const { api, store } = this.#context;
    const text = `${store.get().bootstrap?.civitai_url}/images/${id}`;
    await api.get(`lookup?${new URLSearchParams({ text })}`, { signal });
  }

  /** Cache a record, and remove the least recently used ones.
   * @param {ImageRecord} record
   * @param {number} receivedAt */
  #cacheRecord(record, receivedAt) {
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

/** Return the number of characters in the texts of a record. @param {ImageRecord} record */
function countLetters({ infotext, prompt, negative }) {
  return infotext.length + prompt.length + negative.length;
}
