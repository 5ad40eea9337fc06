/** Puts data from responses into the store, for parts of the page that send their own requests. */

import type { Store } from "../state/store";
import type { Annotations, Bootstrap, View, WatchedGalleries } from "../types";

/** Replace some fields of the bootstrap data. Do nothing while that data is not loaded. */
export function updateBootstrap(store: Store, change: Partial<Bootstrap>) {
  store.set(({ bootstrap }) => ({ bootstrap: bootstrap && { ...bootstrap, ...change } }));
}

/** Store the watched galleries and the number of new images in each. */
export function setWatches(store: Store, watches: WatchedGalleries) {
  store.set({ watches });
}

/** Store annotations by image id and their revision, and show them in the loaded images. */
export function applyAnnotations(
  store: Store,
  annotated: Record<string, Annotations>,
  revision: number,
) {
  store.set(({ images, bookmarksRevision: before }) => {
    const changed = images.map((view) => withAnnotations(view, annotated[view.id]));
    const isSame = changed.every((view, at) => view === images[at]);
    const bookmarksRevision = Math.max(before, revision);
    return { annotated, bookmarksRevision, images: isSame ? images : changed };
  });
}

/** Return an image with the favourite flag and the stars from its annotations. */
function withAnnotations(view: View, annotations: Annotations | undefined) {
  if (!annotations) return view;
  const { favourite, stars } = annotations;
  return favourite === view.favourite && stars === view.stars
    ? view
    : { ...view, favourite, stars };
}

/** Replace each loaded image by the result of `update`. */
export function updateImages(store: Store, update: (view: View) => View) {
  store.set(({ images }) => ({ images: images.map(update) }));
}
