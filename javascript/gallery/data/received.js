/** Puts what the server answered into the store, for parts that ask the server by themselves. */

/** @typedef {import("../state/state.js").Store} Store */
/** @typedef {import("../types.js").Bootstrap} Bootstrap */
/** @typedef {import("../types.js").View} View */

/** Replace fields of the bootstrap data, once the page has any.
 * @param {Store} store
 * @param {Partial<Bootstrap>} change */
export function updateBootstrap(store, change) {
  store.set(({ bootstrap }) => ({ bootstrap: bootstrap && { ...bootstrap, ...change } }));
}

/** Replace the watched galleries and what is new in each of them.
 * @param {Store} store
 * @param {import("../types.js").WatchedGalleries} watches */
export function setWatches(store, watches) {
  store.set({ watches });
}

/** Replace each loaded image by what `update` returns for it.
 * @param {Store} store
 * @param {(view: View) => View} update */
export function updateImages(store, update) {
  store.set(({ images }) => ({ images: images.map(update) }));
}
