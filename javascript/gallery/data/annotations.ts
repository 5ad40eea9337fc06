/** Changes the user's annotations of images, on the server and in the loaded images. */

import type { PageContext } from "../actions";
import type { AnnotationsBody } from "../contract";
import { splitBySize } from "../core/parts";
import type { Annotations } from "../types";
import { showError } from "./problems";

export type AnnotationChange = Omit<AnnotationsBody, "ids">;

const MOST_BYTES = 500_000; // of what is undone at once; the server accepts 2 MB of before and after

export class AnnotationWriter {
  #context;

  constructor(context: PageContext) {
    this.#context = context;
  }

  /** Save a change of some images' annotations. Return the new annotations by image id, or null
   * after an error, which is shown to the user.
   * @param message the message that reports the change; a function is given the annotations
   *     before the change */
  async saveChange(
    ids: number[],
    change: AnnotationChange,
    message: string | ((previous: Record<string, Annotations>) => string) = "",
  ): Promise<Record<string, Annotations> | null> {
    const { toast, translate } = this.#context;
    if (!ids.length) return {};
    const changed = await this.#send({ ids, ...change });
    if (!changed) return null;
    const { annotations, previous } = changed;
    const isLess = ids.some((id) => isTakenAway(previous[id], annotations[id]));
    const done = typeof message === "function" ? message(previous) : message;
    const text = done || (isLess ? translate("annotation_removed", { n: ids.length }) : "");
    if (text) toast(text, undefined, () => this.#undo(annotations, previous));
    return annotations;
  }

  /** Undo a change of images' annotations. Each request is small enough for the server.
   * @param annotations those after the change
   * @param previous those before the change */
  async #undo(annotations: Record<string, Annotations>, previous: Record<string, Annotations>) {
    const rows = Object.keys(annotations).map((id) => [id, annotations[id], previous[id]]);
    for (const part of splitBySize(rows, MOST_BYTES)) {
      const [after, before] = [1, 2].map((at) =>
        Object.fromEntries(part.map((row) => [row[0], row[at]])),
      );
      if (!(await this.#send({ undo: { annotations: after, previous: before } }))) return;
    }
  }

  /** Send a change, and show it in the loaded images. Return the annotations after and before it,
   * or null after an error, which is shown to the user. */
  async #send(body: AnnotationsBody) {
    const { api, parts, signal } = this.#context;
    try {
      const changed = await api.post("annotations", body, { signal });
      parts.bookmarkSync.applyChange(changed.annotations, changed.revision);
      return changed;
    } catch (error) {
      showError(error, this.#context);
      return null;
    }
  }

  /** Give images a number of stars, 0 for none. */
  rate(ids: number[], stars: number) {
    const { translate } = this.#context;
    const key = stars ? "annotation_rated" : "annotation_unrated";
    return this.saveChange(ids, { stars }, translate(key, { n: ids.length, stars }));
  }

  /** Make all these images favourites. If all of them already are, remove them from the favourites. */
  async toggleFavourite(ids: number[]) {
    const { store, translate } = this.#context;
    const known = store.get().images.filter((view) => ids.includes(view.id));
    const favourite = !known.length || known.some((view) => !view.favourite);
    const message = translate(favourite ? "favourite_added" : "favourite_removed", {
      n: ids.length,
    });
    await this.saveChange(ids, { favourite }, message);
  }
}

/** Return whether a change has removed something that the user had added to an image.
 * @param before the image's annotations before the change */
function isTakenAway(before: Annotations | undefined, now: Annotations | undefined) {
  if (!before || !now) return false;
  const isMissing = (all: string[]) => (one: string) => !all.includes(one);
  return (
    (before.favourite && !now.favourite) ||
    (before.stars > 0 && now.stars === 0) ||
    (before.note !== "" && now.note === "") ||
    before.tags.some(isMissing(now.tags)) ||
    before.collections.some(isMissing(now.collections))
  );
}
