/** Loads a few images around the open one, the nearest first, and aborts those farther away. */

/** Settles also on failure. */
type Load = (id: number, signal: AbortSignal) => Promise<unknown>;

const AT_ONCE = 2; // a browser has six connections to our server, and other requests need some
const MOST_RUNNING = 2; // of the list's first: what is under way for them goes on

/** Return the indices of an image and of the images around it, in the order in which to load them:
 * images ahead before those behind.
 * @param count number of all images
 * @param way the direction in which the user goes: 1 or -1
 * @param distance number of images on each side */
export function listNearbyIndices(index: number, count: number, way: number, distance: number) {
  const indices = [index];
  for (let step = 1; step <= distance; step += 1)
    indices.push(index + way * step, index - way * step);
  return indices.filter((at) => at >= 0 && at < count);
}

export class Loader {
  #load;
  #running: Map<number, AbortController> = new Map();
  #done: Set<number> = new Set();
  #wanted: number[] = [];

  /** @param load loads an image by its id */
  constructor(load: Load) {
    this.#load = load;
  }

  /** Load these images, the first one before all others. Stop loading images that are less urgent.
   * @param ids the most urgent first */
  loadImages(ids: number[]) {
    this.#wanted = ids;
    const wanted = ids.slice(0, MOST_RUNNING);
    for (const [id, controller] of this.#running) {
      if (wanted.includes(id)) continue;
      this.#running.delete(id);
      controller.abort();
    }
    for (const id of this.#done) if (!ids.includes(id)) this.#done.delete(id);
    this.#loadNext();
  }

  /** Load an image again if it is still wanted. */
  reload(id: number) {
    this.#done.delete(id);
    this.#loadNext();
  }

  stopAll() {
    this.loadImages([]);
  }

  #loadNext() {
    const [first, ...others] = this.#wanted;
    if (first === undefined) return;
    if (!this.#done.has(first)) {
      if (!this.#running.has(first)) this.#startLoading(first);
      return;
    }
    for (const id of others) {
      if (this.#running.size >= AT_ONCE) return;
      if (!this.#done.has(id) && !this.#running.has(id)) this.#startLoading(id);
    }
  }

  /** Load an image; when that has succeeded or failed, load the wanted images that are missing. */
  #startLoading(id: number) {
    const controller = new AbortController();
    this.#running.set(id, controller);
    this.#load(id, controller.signal).finally(() => {
      if (this.#running.get(id) !== controller) return; // it was stopped
      this.#running.delete(id);
      this.#done.add(id);
      this.#loadNext();
    });
  }
}
