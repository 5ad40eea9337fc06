/** Decides which of several responses about an image's annotations is the newest. Pure. */

export class Revisions {
  #read = 0; // the newest answer about all images
  /** @type {Map<number, number>} the newest answers since, by image id */
  #changed = new Map();

  /** Return whether a response about an image is as new as all earlier ones; if so, remember its
   * revision.
   * @param {number} id
   * @param {number} revision */
  accept(id, revision) {
    if (revision < (this.#changed.get(id) ?? this.#read)) return false;
    this.#changed.set(id, revision);
    return true;
  }

  /** Record that the annotations of all images were read at this revision.
   * @param {number} revision */
  setRead(revision) {
    this.#read = Math.max(this.#read, revision);
    for (const [id, at] of this.#changed) if (at <= this.#read) this.#changed.delete(id);
  }
}
