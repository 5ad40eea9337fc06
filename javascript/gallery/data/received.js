/** Puts what the server answered into the store, for parts that ask the server by themselves. */

/** @import { Store } from "../state/state.js" */
/** @import { Bootstrap, View } from "../types.js" */

/** Replace fields of the data that the page started with, if it has started.
 * @param {Store} store
 * @param {Partial<Bootstrap>} change */
export function updateBootstrap(store, change) {
  store.set(({ bootstrap }) => ({ bootstrap: bootstrap && { ...bootstrap, ...change } }));
}

/** Store the watched galleries and how many new images they have.
 * @param {Store} store
 * @param {import("../types.js").WatchedGalleries} watches */
export function setWatches(store, watches) {
  store.set({ watches });
}

/** Store the annotations that were changed last, by image id.
 * @param {Store} store
 * @param {Record<string, import("../types.js").Annotations>} annotated */
export function setAnnotated(store, annotated) {
  store.set({ annotated });
}

/** Replace each loaded image by the result of `update`.
 * @param {Store} store
 * @param {(view: View) => View} update */
export function updateImages(store, update) {
  store.set(({ images }) => ({ images: images.map(update) }));
}
