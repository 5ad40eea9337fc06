/** Puts data from responses into the store, for parts of the page that send their own requests. */

/** @import { Store } from "../state/store.js" */
/** @import { Annotations, Bootstrap, View } from "../types.js" */

/** Replace some fields of the bootstrap data. Do nothing while that data is not loaded.
 * @param {Store} store
 * @param {Partial<Bootstrap>} change */
export function updateBootstrap(store, change) {
  store.set(({ bootstrap }) => ({ bootstrap: bootstrap && { ...bootstrap, ...change } }));
}

/** Store the watched galleries and the number of new images in each.
 * @param {Store} store
 * @param {import("../types.js").WatchedGalleries} watches */
export function setWatches(store, watches) {
  store.set({ watches });
}

/** Store annotations by image id and their revision, and show them in the loaded images.
 * @param {Store} store
 * @param {Record<string, Annotations>} annotated
 * @param {number} revision */
export function applyAnnotations(store, annotated, revision) {
  store.set(({ images, bookmarksRevision: before }) => {
    const changed = images.map((view) => withAnnotations(view, annotated[view.id]));
    const isSame = changed.every((view, at) => view === images[at]);
    const bookmarksRevision = Math.max(before, revision);
    return { annotated, bookmarksRevision, images: isSame ? images : changed };
  });
}

/** Return an image with the favourite flag and the stars from its annotations.
 * @param {View} view
 * @param {Annotations | undefined} annotations */
function withAnnotations(view, annotations) {
  if (!annotations) return view;
  const { favourite, stars } = annotations;
  return favourite === view.favourite && stars === view.stars
    ? view
    : { ...view, favourite, stars };
}

/** Replace each loaded image by the result of `update`.
 * @param {Store} store
 * @param {(view: View) => View} update */
export function updateImages(store, update) {
  store.set(({ images }) => ({ images: images.map(update) }));
}
