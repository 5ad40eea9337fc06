/** Keeps annotations and collections in step with other tabs and other browsers. */

import { isOffline } from "../state/state";
import type { Annotations, Context } from "../types";
import { runOnReturn } from "./poll";
import { ignoreFailure } from "./problems";
import { applyAnnotations } from "./received";

const EVERY = 15_000; // ms at least between two checks while the page is used

const NONE: Annotations = Object.freeze({
  favourite: false,
  stars: 0,
  note: "",
  tags: [],
  collections: [],
});

export class BookmarkSync {
  #context;
  #seen; // the revision up to which all changes are shown
  #channel;
  #checkedAt = -Infinity;
  #isReading = false;
  #isDue = false; // read again once the answer has come

  constructor(context: Context) {
    this.#context = context;
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
    applyAnnotations(this.#context.store, annotations, revision);
    if (revision === this.#seen + 1) this.#seen = revision;
    else void this.#read(); // somebody else has changed something too, or answers overtook each other
  }

  /** Read all annotations again, in this tab and in the others, because collections have changed.
   */
  async reread() {
    this.#channel.postMessage("changed");
    await this.#read();
  }

  /** Ask the server whether annotations have changed, and read them again if they have. Do nothing
   * while another tab of the host is open. */
  async #check() {
    const { api, root, store, signal } = this.#context;
    if (!root.host.getClientRects().length || isOffline(store.get())) return;
    this.#checkedAt = performance.now();
    try {
      this.#readIfNewer((await api.get("instance", { signal })).bookmarks_revision);
    } catch (error) {
      ignoreFailure(error); // the next check asks again
    }
  }

  /** Read the annotations of all loaded images if the server has newer ones than this tab.
   * @param revision the server's count of changes */
  #readIfNewer(revision: number) {
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
