/** Changes the user's annotations of images, on the server and in the loaded images. */

import { getErrorMessage } from "./problems.js";
import { updateImages } from "./received.js";

/** @import { Annotations } from "../types.js" */
/** @typedef {Omit<import("../contract").AnnotationsBody, "ids">} AnnotationChange */

export class AnnotationWriter {
  #context;

  /** @param {import("../types.js").Context} context */
  constructor(context) {
    this.#context = context;
  }

  /** Save a change of images' annotations. Return the annotations by image id, or null after an
   * error, which is shown to the user.
   * @param {number[]} ids
   * @param {AnnotationChange} change
   * @returns {Promise<Record<string, Annotations> | null>} */
  async saveChange(ids, change) {
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

  /** Make all these images favourites; if all of them are favourites already, make none of them
   * one.
   * @param {number[]} ids */
  async toggleFavourite(ids) {
    const { store, toast, words } = this.#context;
    const known = store.get().images.filter((view) => ids.includes(view.id));
    const favourite = !known.length || known.some((view) => !view.favourite);
    const annotations = await this.saveChange(ids, { favourite });
    if (annotations)
      toast(words(favourite ? "favourite_added" : "favourite_removed", { n: ids.length }));
  }
}

/** Return the image with the favourite flag in the server's response.
 * @param {import("../types.js").View} view
 * @param {Annotations | undefined} annotations */
function withFavourite(view, annotations) {
  return annotations && annotations.favourite !== view.favourite
    ? { ...view, favourite: annotations.favourite }
    : view;
}
