/** Changes annotations, and reads them again when another tab or the server has changed them. */

import type { PageContext } from "../actions";
import type { AnnotateImagesBody, Annotations } from "../contract";
import { splitBySize } from "../core/text";
import { findSavedPlace, makeCollectionSearch } from "../state/query";
import { hideImages, isOffline, restoreImages } from "../state/state";
import type { State } from "../types";
import { ignoreFailure, tryOrTell } from "./api";
import { runOnReturn } from "./connection";
import { setAnnotations } from "./records";

export type AnnotationChange = Omit<AnnotateImagesBody, "ids">;

const MOST_BYTES = 500_000; // of what is undone at once; the server accepts 2 MB of before and after

const EVERY = 15_000; // ms at least between two checks while the page is used

const NONE: Annotations = Object.freeze({
  favourite: false,
  stars: 0,
  note: "",
  tags: [],
  collections: [],
});

/** An image whose changes are under way. known: what the server has said last, in this revision */
interface Pending {
  changes: number;
  known: Partial<Annotations>;
  revision: number;
}

export class Bookmarks {
  /** by image id; what is shown of these images is what the user has changed last */
  #pending = new Map<number, Pending>();
  #seen; // the revision up to which all changes are shown
  #channel;
  #checkedAt = performance.now();
  /** typed texts that could not be saved, by image and field; saved once the server responds */
  #unsaved = new Map<string, Parameters<Bookmarks["saveChange"]>>();
  #isReading = false;
  #isDue = false; // read again once the answer has come

  constructor(private readonly context: PageContext) {
    const { store, api, signal } = context;
    this.#seen = store.get().bootstrap?.bookmarks_revision ?? 0;
    // a server under another path has bookmarks of its own
    this.#channel = new BroadcastChannel(`civitai-shortcut-bookmarks ${api.getUrl("")}`);
    this.#channel.addEventListener("message", ({ data }) => {
      if (Array.isArray(data)) void this.#showRenamed(data[0], data[1]);
      else void this.#read();
    });
    signal.addEventListener("abort", () => this.#channel.close());
    // Not by a clock: hosts log each request, and a page that nobody uses need not know.
    const check = runOnReturn(() => this.#check(), signal);
    const onUse = () => performance.now() >= this.#checkedAt + EVERY && void check();
    for (const type of ["pointerdown", "keydown"]) window.addEventListener(type, onUse, { signal });
    store.on(["bootstrap"], () => this.#saveUnsaved(), { signal });
    store.on(
      ["jobs", "bootstrap"],
      ({ jobs, bootstrap }) => {
        this.#readIfNewer(jobs?.bookmarks_revision ?? 0);
        this.#readIfNewer(bootstrap?.bookmarks_revision ?? 0);
      },
      { signal },
    );
  }

  /** Save a change of some images' annotations. Changed favourites and stars are shown before the
   * server has answered; a typed note or tags are saved later if that fails. Return the new
   * annotations by image id, or null after an error, which is shown to the user.
   * @param message the message that reports the change; a function is given the annotations
   *     before the change */
  async saveChange(
    ids: number[],
    change: AnnotationChange,
    message: string | ((previous: Record<string, Annotations>) => string) = "",
  ): Promise<Record<string, Annotations> | null> {
    const { store, toast, translate } = this.context;
    if (!ids.length) return {};
    const field = change.note !== undefined ? "note" : change.add_tags && "tags";
    const typed = `${ids} ${field}`;
    this.#unsaved.delete(typed); // what is typed now stands for it
    const sent = this.#send(ids, { ids, ...change });
    const { favourite, stars } = change;
    const shown = {
      ...(typeof favourite === "boolean" ? { favourite } : {}),
      ...(typeof stars === "number" ? { stars } : {}),
    };
    if (Object.keys(shown).length) {
      const { annotated } = store.get();
      this.#show(Object.fromEntries(ids.map((id) => [id, { ...annotated[id], ...shown }])));
    }
    const changed = await sent;
    if (!changed) {
      if (field) this.#unsaved.set(typed, [ids, change, message]);
      return null;
    }
    const { annotations, previous } = changed;
    const isLess = ids.some((id) => isTakenAway(previous[id], annotations[id]));
    const done = typeof message === "function" ? message(previous) : message;
    const text = done || (isLess ? translate("annotation_removed", { n: ids.length }) : "");
    const putBack = this.#dropTakenOut(annotations, previous);
    const undo = async () => {
      if (await this.#undo(annotations, previous)) await putBack();
    };
    if (text) toast(text, undefined, undo);
    return annotations;
  }

  /** Return the typed note and tags of an image that could not be saved yet. */
  findUnsaved(id: number): AnnotationChange {
    const find = (field: string) => this.#unsaved.get(`${[id]} ${field}`)?.[1];
    return { ...find("note"), ...find("tags") };
  }

  #saveUnsaved() {
    for (const waiting of [...this.#unsaved.values()]) void this.saveChange(...waiting);
  }

  /** Remove from a collection's gallery what was taken out. Return a function to undo. */
  #dropTakenOut(
    annotations: Record<string, Annotations>,
    previous: Record<string, Annotations>,
  ): () => unknown {
    const { store, parts } = this.context;
    const before = store.get();
    const open = findSavedPlace(before.where)?.collection.toLowerCase();
    const isIn = (one?: Annotations) => one?.collections.some((it) => it.toLowerCase() === open);
    const ids = Object.keys(previous).filter((id) => isIn(previous[id]) && !isIn(annotations[id]));
    if (!open || !ids.length) return () => {};
    const { hiddenCount, showsHidden } = before;
    const dropped = hideImages({ ...before, showsHidden: false }, new Set(ids.map(Number)));
    store.set({ ...dropped, hiddenCount, showsHidden });
    const after = store.get();
    return () => {
      const now = store.get();
      const restored = restoreImages(now, before, after);
      if (restored) store.set(restored);
      else if (now.where === after.where) return parts.pager.restart({ isSameSource: true });
    };
  }

  /** Take images out of a collection, and report that. */
  takeOut(ids: number[], name: string) {
    const isIt = (one: string) => one.toLowerCase() === name.toLowerCase();
    return this.saveChange(ids, { remove_from: name }, (previous) => {
      const n = Object.values(previous).filter((one) => one.collections.some(isIt)).length;
      return this.context.translate("collection_taken_out", { n, name });
    });
  }

  /** Open a renamed collection under its new name if its gallery is open, here and in other tabs. */
  followRename(name: string, newName: string) {
    this.#channel.postMessage([name, newName]);
    return this.#showRenamed(name, newName);
  }

  async #showRenamed(name: string, newName: string) {
    const { store, parts } = this.context;
    const { where, marks } = store.get();
    const { collection, word } = findSavedPlace(where) ?? {};
    if (!word || collection?.toLowerCase() !== name.toLowerCase()) return;
    const search = where.search?.replace(word, () => makeCollectionSearch(newName)) ?? null;
    await parts.navigation.openGallery({ ...where, search }, new Set(marks));
  }

  /** Undo a change, in requests that the server takes. Return whether that succeeded. */
  async #undo(annotations: Record<string, Annotations>, previous: Record<string, Annotations>) {
    const rows = Object.keys(annotations).map((id) => [id, annotations[id], previous[id]]);
    for (const part of splitBySize(rows, MOST_BYTES)) {
      const [after, before] = [1, 2].map((at) =>
        Object.fromEntries(part.map((row) => [row[0], row[at]])),
      );
      const ids = part.map(([id]) => Number(id));
      if (!(await this.#send(ids, { after, before }))) return false;
    }
    return true;
  }

  /** Send a change of these images, and show them as the server has said last once no change of
   * theirs is under way: what is answered before is older than what the user has done. Return the
   * annotations after and before the change, or null after an error, which is shown to the user. */
  async #send(ids: number[], body: AnnotateImagesBody) {
    const { api, signal } = this.context;
    const find = this.#makeFind();
    for (const id of ids) {
      const { favourite, stars } = find(id) ?? {};
      const known = favourite === undefined ? {} : { favourite, stars };
      const pending = this.#pending.get(id) ?? { changes: 0, known, revision: 0 };
      pending.changes += 1;
      this.#pending.set(id, pending);
    }
    const changed = await tryOrTell(this.context, () =>
      api.post("annotations", body, { signal, survives: true }),
    );
    const shown: Record<string, Partial<Annotations>> = {};
    for (const id of ids) {
      const pending = this.#pending.get(id) as Pending;
      const told = changed?.annotations[id];
      if (changed && told) updatePending(pending, told, changed.revision);
      pending.changes -= 1;
      if (pending.changes > 0) continue;
      this.#pending.delete(id);
      shown[id] = pending.known;
    }
    this.#show(shown, changed?.revision);
    if (!changed) return null;
    this.#channel.postMessage("changed");
    if (changed.revision === this.#seen + 1) this.#seen = changed.revision;
    else void this.#read(); // somebody else has changed something too, or answers overtook each other
    return changed;
  }

  #show(changed: State["annotated"], revision = 0) {
    const { store } = this.context;
    setAnnotations(store, { ...store.get().annotated, ...changed }, revision);
  }

  #makeFind() {
    const { store, records } = this.context;
    const { annotated, images, popular } = store.get();
    const loaded = new Map([...popular, ...images].map((view) => [view.id, view]));
    return (id: number) => loaded.get(id) ?? records.getCached(id)?.annotations ?? annotated[id];
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
    const find = this.#makeFind();
    const favourite = ids.some((id) => !find(id)?.favourite);
    const key = favourite ? "favourite_added" : "favourite_removed";
    await this.saveChange(ids, { favourite }, this.context.translate(key, { n: ids.length }));
  }

  /** Read all annotations again, in all tabs, because collections have changed. */
  async reread() {
    this.#channel.postMessage("changed");
    await this.#read();
  }

  /** Read the annotations again if they have changed, unless another tab of the host is open. */
  async #check() {
    const { api, root, store } = this.context;
    if (!root.host.getClientRects().length || isOffline(store.get())) return;
    this.#checkedAt = performance.now();
    // after a failure the next check asks again
    const instance = await api.get("instance", this.context).catch(ignoreFailure);
    if (instance) this.#readIfNewer(instance.bookmarks_revision);
  }

  #readIfNewer(revision: number) {
    if (revision > this.#seen) void this.#read();
  }

  /** Read the annotations of all images; once more if this is called meanwhile. */
  async #read() {
    this.#isDue = this.#isReading;
    if (this.#isReading) return;
    this.#isReading = true;
    const { api, store, signal } = this.context;
    const { images, popular, open } = store.get();
    const ids = new Set([...images, ...popular].map((view) => view.id));
    if (open !== null) ids.add(open);
    try {
      const { annotations, revision } = await api.post(
        "image_annotations",
        { ids: [...ids] },
        { signal },
      );
      if (revision >= this.#seen) {
        const { annotated } = store.get();
        const shown: Record<string, Partial<Annotations>> = {};
        for (const id of ids) shown[id] = annotations[id] ?? NONE;
        for (const [id, pending] of this.#pending) {
          if (ids.has(id)) updatePending(pending, annotations[id] ?? NONE, revision);
          shown[id] = annotated[id] ?? {};
        }
        setAnnotations(store, shown, revision);
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

function updatePending(pending: Pending, known: Annotations, revision: number) {
  if (revision > pending.revision) Object.assign(pending, { known, revision });
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
