/** Copies the prompt or the infotext of an image, from memory or from the server. */

import { ApiError } from "./api.js";
import { Records } from "./records.js";

/** @import { Context, ImageRecord } from "../types.js" */
/** @typedef {{record: ImageRecord | undefined, infotext: string}} Known  infotext: with the user's edits */

export class ImageTexts {
  #context;
  #records;
  #findKnown;

  /** @param {Context} context
   * @param {(id: number) => Known} findKnown  returns what is known of an image without a request */
  constructor(context, findKnown) {
    this.#context = context;
    this.#records = new Records(context);
    this.#findKnown = findKnown;
  }

  /** Copy a text of an image.
   * @param {number} id
   * @param {"prompt" | "infotext"} name */
  copy(id, name) {
    const { record, infotext } = this.#findKnown(id);
    const known = name === "prompt" ? record?.prompt : infotext;
    return this.#context.actions.copy(known || this.#fetchText(id, name));
  }

  /** Return a text of an image's record from the server. Raises ApiError if there is none.
   * @param {number} id
   * @param {"prompt" | "infotext"} name */
  async #fetchText(id, name) {
    const { words, signal } = this.#context;
    const record = await this.#records.getRecord(id, signal);
    if (!record[name]) throw new ApiError("no_infotext", words("no_infotext"), 0);
    return record[name];
  }
}
