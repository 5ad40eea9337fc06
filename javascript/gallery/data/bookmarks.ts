/** Changes annotations, and reads them again when another tab or the server has changed them. */

import type { PageContext } from "../actions";
import type { AnnotateImagesBody, Annotations } from "../contract";
import { splitBySize } from "../core/text";
import { isOffline } from "../state/state";
import type { Context } from "../types";
import { ignoreFailure, showError } from "./api";
import { runOnReturn } from "./connection";
import { applyAnnotations } from "./records";

export type AnnotationChange = Omit<AnnotateImagesBody, "ids">;

const MOST_BYTES = 500_000; // of what is undone at once; the server accepts 2 MB of before and after

export class AnnotationWriter {
  #changes = 0;
  #newest = new Map<number, number>(); // by image id, the last change that was begun
  constructor(private readonly context: PageContext) {}

  /** Save a change of some images' annotations. Return the new annotations by image id, or null
   * after an error, which is shown to the user.
   * @param message the message that reports the change; a function is given the annotations
   *     before the change */
  async saveChange(
    ids: number[],
    change: AnnotationChange,
    message: string | ((previous: Record<string, Annotations>) => string) = "",
  ): Promise<Record<string, Annotations> | null> {
    const { toast, translate } = this.context;
    if (!ids.length) return {};
    const showBefore = this.#anticipate(ids, change);
    const number = ++this.#changes;
    for (const id of ids) this.#newest.set(id, number);
    const changed = await this.#send({ ids, ...change });
    const isNewest = (id: number) => this.#newest.get(id) === number;
    if (!changed) {
      showBefore(isNewest);
      return null;
    }
    const { annotations, previous } = changed;
    const isLess = ids.some((id) => isTakenAway(previous[id], annotations[id]));
    const done = typeof message === "function" ? message(previous) : message;
    const text = done || (isLess ? translate("annotation_removed", { n: ids.length }) : "");
    if (text) toast(text, undefined, () => this.#undo(annotations, previous));
    return annotations;
  }

  /** Show changed favourites and stars before the server has answered. Return a function that shows
   * what was before, of the images that it is given. */
  #anticipate(ids: number[], { favourite, stars }: AnnotationChange) {
    const { store, records } = this.context;
    const { images, popular } = store.get();
    const views = new Map([...popular, ...images].map((view) => [view.id, view]));
    const before: Record<string, Annotations> = {};
    const after: Record<string, Annotations> = {};
    for (const id of ids) {
      const view = views.get(id) ?? NONE;
      const known = { ...NONE, favourite: view.favourite, stars: view.stars };
      const own = records.getCached(id)?.annotations ?? known;
      before[id] = own;
      after[id] = { ...own, favourite: favourite ?? own.favourite, stars: stars ?? own.stars };
    }
    const show = (annotations: Record<string, Annotations>) =>
      (favourite ?? stars ?? null) !== null && applyAnnotations(store, annotations);
    show(after);
    return (isShown: (id: number) => boolean) =>
      show(Object.fromEntries(Object.entries(before).filter(([id]) => isShown(Number(id)))));
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
      if (!(await this.#send({ after, before }))) return;
    }
  }

  /** Send a change, and show it in the loaded images. Return the annotations after and before it,
   * or null after an error, which is shown to the user. */
  async #send(body: AnnotateImagesBody) {
    const { api, parts, signal } = this.context;
    try {
      const changed = await api.post("annotations", body, { signal, survives: true });
      parts.bookmarkSync.applyChange(changed.annotations, changed.revision);
      return changed;
    } catch (error) {
      showError(error, this.context);
      return null;
    }
  }

  /** Give images a number of stars, 0 for none. */
  rate(ids: number[], stars: number) {
    const { translate } = this.context;
    const key = stars ? "annotation_rated" : "annotation_unrated";
    return this.saveChange(ids, { stars }, translate(key, { n: ids.length, stars }));
  }

  /** Make all these images favourites. If all of them already are, remove them from the
   * favourites. */
  async toggleFavourite(ids: number[]) {
    const { store, translate, records } = this.context;
    const { images, popular } = store.get();
    const loaded = new Map([...popular, ...images].map((view) => [view.id, view]));
    const favourite = ids.some(
      (id) => !(loaded.get(id) ?? records.getCached(id)?.annotations)?.favourite,
    );
    const message = translate(favourite ? "favourite_added" : "favourite_removed", {
      n: ids.length,
    });
    await this.saveChange(ids, { favourite }, message);
  }
}

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

const EVERY = 15_000; // ms at least between two checks while the page is used

const NONE: Annotations = Object.freeze({
  favourite: false,
  stars: 0,
  note: "",
  tags: [],
  collections: [],
});

export class BookmarkSync {
  #seen; // the revision up to which all changes are shown
  #channel;
  #checkedAt = performance.now();
  #isReading = false;
  #isDue = false; // read again once the answer has come

  constructor(private readonly context: Context) {
    const { store, api, signal } = context;
    this.#seen = store.get().bootstrap?.bookmarks_revision ?? 0;
    // a server under another path has bookmarks of its own
    this.#channel = new BroadcastChannel(`civitai-shortcut-bookmarks ${api.getUrl("")}`);
    this.#channel.addEventListener("message", () => void this.#read());
    signal.addEventListener("abort", () => this.#channel.close());
    // Not by a clock: hosts log each request, and a page that nobody uses need not know.
    const check = runOnReturn(() => this.#check(), signal);
    const onUse = () => performance.now() >= this.#checkedAt + EVERY && void check();
    for (const type of ["pointerdown", "keydown"]) window.addEventListener(type, onUse, { signal });
    store.on(
      ["jobs", "bootstrap"],
      ({ jobs, bootstrap }) => {
        this.#readIfNewer(jobs?.bookmarks_revision ?? 0);
        this.#readIfNewer(bootstrap?.bookmarks_revision ?? 0);
      },
      { signal },
    );
  }

  /** Show the annotations that this tab has changed, and let the browser's other tabs read their
   * annotations again.
   * @param annotations by image id
   * @param revision number of the change; the server counts all changes of annotations and
   *     collections */
  applyChange(annotations: Record<string, Annotations>, revision: number) {
    this.#channel.postMessage("changed");
    applyAnnotations(this.context.store, annotations, revision);
    if (revision === this.#seen + 1) this.#seen = revision;
    else void this.#read(); // somebody else has changed something too, or answers overtook each other
  }

  /** Read all annotations again, in all tabs, because collections have changed. */
  async reread() {
    this.#channel.postMessage("changed");
    await this.#read();
  }

  /** Ask the server whether annotations have changed, and read them again if they have. Do nothing
   * while another tab of the host is open. */
  async #check() {
    const { api, root, store, signal } = this.context;
    if (!root.host.getClientRects().length || isOffline(store.get())) return;
    this.#checkedAt = performance.now();
    try {
      this.#readIfNewer((await api.get("instance", { signal })).bookmarks_revision);
    } catch (error) {
      ignoreFailure(error); // the next check asks again
    }
  }

  #readIfNewer(revision: number) {
    if (revision > this.#seen) void this.#read();
  }

  /** Read the annotations of all loaded images. If this is called again during the read, the read
   * is repeated once. */
  async #read() {
    this.#isDue = this.#isReading;
    if (this.#isReading) return;
    this.#isReading = true;
    const { api, store, signal } = this.context;
    const { images, open } = store.get();
    const ids = new Set(images.map((view) => view.id));
    if (open !== null) ids.add(open);
    try {
      const { annotations, revision } = await api.post(
        "image_annotations",
        { ids: [...ids] },
        { signal },
      );
      if (revision >= this.#seen) {
        const all = [...ids].map((id) => [id, annotations[id] ?? NONE]);
        applyAnnotations(store, Object.fromEntries(all), revision);
        this.#seen = revision;
      } // else a change of this tab has overtaken the answer
    } catch (error) {
      ignoreFailure(error);
    } finally {
      this.#isReading = false;
    }
    if (this.#isDue) await this.#read();
  }
}
