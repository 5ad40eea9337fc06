/** All of a picture as the server knows it: asked once, kept for a while. */

import { isAborted } from "./api.js";

/** @typedef {import("../types.js").PictureRecord} PictureRecord */

const KEPT = 80; // pictures
const KEPT_LETTERS = 8_000_000; // of all of them: a single text may have ten million
const FRESH = 30_000; // milliseconds; a model that was missing may have come since

export class Records {
  #context;
  /** @type {Map<number, PictureRecord>} the last used one is last */
  #kept = new Map();
  /** @type {WeakMap<PictureRecord, number>} when each came */
  #cameAt = new WeakMap();

  /**
   * @param {import("../types.js").Context} context
   * @param {() => number} now  milliseconds
   */
  constructor(context, now = () => performance.now()) {
    this.#context = context;
    this.now = now;
  }

  /** @param {number} id */
  peek(id) {
    const record = this.#kept.get(id);
    if (record) this.#keep(record);
    return record;
  }

  /**
   * @param {number} id
   * @param {AbortSignal} signal
   * @returns {Promise<PictureRecord>}
   */
  async ask(id, signal) {
    const known = this.peek(id);
    return known && this.#isFresh(known) ? known : this.#load(id, {}, signal);
  }

  /** What was read in the file does not change. @param {PictureRecord} record */
  #isFresh(record) {
    return record.from === "file" || this.now() - (this.#cameAt.get(record) ?? 0) < FRESH;
  }

  /**
   * Looks into the picture's file too, which may have to be fetched for it.
   *
   * @param {number} id
   * @param {AbortSignal} signal
   * @returns {Promise<PictureRecord>}
   */
  async askFile(id, signal) {
    return this.#load(id, { file: "1" }, signal);
  }

  /**
   * Before they are wanted; why one does not come is told when it is.
   *
   * @param {number[]} ids
   * @param {AbortSignal} signal
   */
  async prefetch(ids, signal) {
    for (const id of ids) {
      try {
        await this.ask(id, signal);
      } catch (error) {
        if (isAborted(error)) return;
      }
    }
  }

  /** What has changed of it here. @param {PictureRecord} record */
  put(record) {
    this.#keep(record);
  }

  /** What was saved meanwhile is not known to them. */
  forget() {
    this.#kept.clear();
  }

  /**
   * @param {number} id
   * @param {Record<string, string>} asked
   * @param {AbortSignal} signal
   */
  async #load(id, asked, signal) {
    const { api, store } = this.#context;
    const { model } = store.get().where;
    // of the open model's files the server knows the names
    const query = new URLSearchParams(model === null ? asked : { ...asked, model: String(model) });
    const record = await api.get(`images/${id}?${query}`, { signal });
    this.#cameAt.set(record, this.now());
    return this.#keep(record);
  }

  /** @param {PictureRecord} record */
  #keep(record) {
    this.#kept.delete(record.id);
    this.#kept.set(record.id, record);
    let letters = 0;
    for (const kept of this.#kept.values()) letters += lettersOf(kept);
    for (const [id, kept] of this.#kept) {
      const isEnough = this.#kept.size <= KEPT && letters <= KEPT_LETTERS;
      if (isEnough || id === record.id) break;
      this.#kept.delete(id);
      letters -= lettersOf(kept);
    }
    return record;
  }
}

/** @param {PictureRecord} record */
function lettersOf({ infotext, prompt, negative }) {
  return infotext.length + prompt.length + negative.length;
}
