/** The user's own marks of pictures: changed on the server, and in what is loaded. */

import { errorWords } from "./problems.js";

/** @typedef {import("../types.js").Own} OwnMarks */
/** @typedef {{favourite?: boolean, stars?: number, note?: string, tags?: string[], add_to?: string, remove_from?: string}} Change */

export class Own {
  #context;

  /** @param {import("../types.js").Context} context */
  constructor(context) {
    this.#context = context;
  }

  /**
   * What is marked then, by id; null where it failed, which is said.
   *
   * @param {number[]} ids
   * @param {Change} change
   * @returns {Promise<Record<string, OwnMarks> | null>}
   */
  async change(ids, change) {
    const { api, store, toast, words, signal } = this.#context;
    if (!ids.length) return {};
    try {
      const { own } = await api.post("own", { ids, ...change }, { signal });
      store.set(({ images }) => ({ images: images.map((view) => marked(view, own[view.id])) }));
      return own;
    } catch (error) {
      if (signal.aborted) return null;
      toast(errorWords(error, words), "bad");
      return null;
    }
  }

  /**
   * All of them, or none of them if all are.
   *
   * @param {number[]} ids
   */
  async favourite(ids) {
    const { store, toast, words } = this.#context;
    const known = store.get().images.filter((view) => ids.includes(view.id));
    const favourite = !known.length || known.some((view) => !view.favourite);
    const own = await this.change(ids, { favourite });
    if (own) toast(words(favourite ? "favourite_added" : "favourite_removed", { n: ids.length }));
  }
}

/**
 * @param {import("../types.js").View} view
 * @param {OwnMarks | undefined} own
 */
function marked(view, own) {
  return own && own.favourite !== view.favourite ? { ...view, favourite: own.favourite } : view;
}
