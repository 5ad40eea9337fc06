/** Keeps annotations and collections in step with other tabs and other browsers. */

import { Revisions } from "../state/revisions.js";
import { isOffline } from "../state/state.js";
import { ApiError, isAborted } from "./api.js";
import { applyAnnotations, setBookmarksRevision } from "./received.js";

/** @import { Annotations, Context } from "../types.js" */

const EVERY = 15_000; // ms between two checks while the page is visible

/** @type {Annotations} */
const NONE = Object.freeze({ favourite: false, stars: 0, note: "", tags: [], collections: [] });

export class BookmarkSync {
  #context;
  #revisions = new Revisions();
  #seen; // the revision up to which all changes are shown
  #checkedAt = performance.now();
  #channel;
  #isReading = false;
  #isDue = false; // read again once the answer has come

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
    const { store, api, signal } = context;
    this.#seen = store.get().bootstrap?.bookmarks_revision ?? 0;
    // a server under another path has bookmarks of its own
    this.#channel = new BroadcastChannel(`civitai-shortcut-bookmarks ${api.address("")}`);
    this.#channel.addEventListener("message", () => void this.#read());
    const timer = window.setInterval(() => this.#checkIfDue(EVERY), EVERY);
    signal.addEventListener("abort", () => {
      window.clearInterval(timer);
      this.#channel.close();
    });
    // the downloads are asked for when the page becomes visible, and tell the revision too
    window.addEventListener("focus", () => this.#checkIfDue(0), { signal });
    store.on(["jobs"], ({ jobs }) => this.#compare(jobs?.bookmarks_revision ?? 0), { signal });
    store.on(["bootstrap"], ({ bootstrap }) => this.#compare(bootstrap?.bookmarks_revision ?? 0), {
      signal,
    });
  }

  /** Show the annotations that this tab has changed, and let the browser's other tabs read their
   * annotations again.
   * @param {Record<string, Annotations>} annotations  by image id
   * @param {number} revision  number of the change; the server counts all changes of annotations
   *     and collections */
  applyChange(annotations, revision) {
    this.#apply(annotations, revision);
    if (revision === this.#seen + 1) this.#seen = revision; // nobody else has changed anything
    this.#channel.postMessage("changed");
  }

  /** Show the annotations of a response, except those of images for which newer ones are known.
   * @param {Record<string, Annotations>} annotations  by image id
   * @param {number} revision */
  #apply(annotations, revision) {
    const fresh = Object.entries(annotations).filter(([id]) =>
      this.#revisions.accept(Number(id), revision),
    );
    applyAnnotations(this.#context.store, Object.fromEntries(fresh));
    setBookmarksRevision(this.#context.store, revision);
  }

  /** Read all annotations again, in this tab and in the others, because collections have changed.
   */
  async reread() {
    this.#channel.postMessage("changed");
    await this.#read();
  }

  /** Ask the server for its revision, unless the page is hidden or the last request was less than
   * `pause` ago.
   * @param {number} pause  ms */
  #checkIfDue(pause) {
    const { root, store } = this.#context;
    const isShown = root.host.getClientRects().length > 0 && !document.hidden;
    if (isShown && !isOffline(store.get()) && performance.now() - this.#checkedAt >= pause * 0.9)
      void this.#check();
  }

  async #check() {
    const { api, signal } = this.#context;
    this.#checkedAt = performance.now();
    try {
      this.#compare((await api.get("instance", { signal })).bookmarks_revision);
    } catch (error) {
      ignoreFailure(error);
    }
  }

  /** Read the annotations of all loaded images if the server has a newer revision than this tab.
   * @param {number} revision */
  #compare(revision) {
    this.#checkedAt = performance.now();
    if (revision > this.#seen) void this.#read();
  }

  /** Read the annotations of all loaded images. If this is called again during the read, the read
   * is repeated once. */
  async #read() {
    this.#isDue = this.#isReading;
    if (this.#isReading) return;
    this.#isReading = true;
    const { api, store, signal } = this.#context;
    const { images, open } = store.get();
    const ids = new Set(images.map((view) => view.id));
    if (open !== null) ids.add(open);
    try {
      const found = await api.post("image_annotations", { ids: [...ids] }, { signal });
      const all = [...ids].map((id) => [id, found.annotations[id] ?? NONE]);
      this.#apply(Object.fromEntries(all), found.revision);
      this.#revisions.setRead(found.revision);
      this.#seen = Math.max(this.#seen, found.revision);
    } catch (error) {
      ignoreFailure(error);
    } finally {
      this.#isReading = false;
    }
    if (this.#isDue) await this.#read();
  }
}

/** Ignore that a request failed, because the next check sends it again. @param {unknown} error */
function ignoreFailure(error) {
  if (!(error instanceof ApiError) && !isAborted(error)) throw error;
}
