/** The user's own marks of images: changed on the server, and in what is loaded. */

import { getErrorMessage } from "./problems.js";
import { updateImages } from "./received.js";

/** @typedef {import("../types.js").Annotations} Annotations */
/** @typedef {{favourite?: boolean, stars?: number, note?: string, tags?: string[], add_to?: string, remove_from?: string}} AnnotationChange */

export class AnnotationWriter {
  #context;

  /** @param {import("../types.js").Context} context */
  constructor(context) {
    this.#context = context;
  }

  /**
   * What is marked then, by id; null where it failed, which is said.
   *
   * @param {number[]} ids
   * @param {AnnotationChange} change
   * @returns {Promise<Record<string, Annotations> | null>}
   */
  async change(ids, change) {
    const { api, store, toast, words, signal } = this.#context;
    if (!ids.length) return {};
    try {
      const { annotations } = await api.post("annotations", { ids, ...change }, { signal });
      updateImages(store, (view) => withFavourite(view, annotations[view.id]));
      return annotations;
    } catch (error) {
      if (signal.aborted) return null;
      toast(getErrorMessage(error, words), "bad");
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
    const annotations = await this.change(ids, { favourite });
    if (annotations)
      toast(words(favourite ? "favourite_added" : "favourite_removed", { n: ids.length }));
  }
}

/**
 * @param {import("../types.js").View} view
 * @param {Annotations | undefined} annotations
 */
function withFavourite(view, annotations) {
  return annotations && annotations.favourite !== view.favourite
    ? { ...view, favourite: annotations.favourite }
    : view;
}
