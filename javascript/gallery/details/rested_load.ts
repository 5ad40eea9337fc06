/** Requests what Civitai knows about the open image, once the user rests on it. */

import type { Context } from "../types";

const REST = 400; // ms; an image that the user only passes costs Civitai no request

/** Tells whether what was requested is known now. */
type Load = (signal: AbortSignal) => Promise<boolean>;

export class RestedLoad {
  #abort = new AbortController();
  #timer = 0;
  /** null if nothing is to be requested */
  #load: Load | null = null;

  constructor(private readonly context: Context) {
    context.store.on(["details", "slideshow"], () => this.#startSoon(), context);
    context.signal.addEventListener("abort", () => this.clear());
  }

  /** Load after a rest, and again when the details are shown anew, until it is known. */
  plan(load: Load) {
    this.#load = load;
    this.#startSoon();
  }

  clear() {
    this.#abort.abort();
    window.clearTimeout(this.#timer);
    this.#load = null;
  }

  #startSoon() {
    const { details, slideshow } = this.context.store.get();
    window.clearTimeout(this.#timer);
    if (this.#load && details && !slideshow)
      this.#timer = window.setTimeout(() => void this.start(), REST);
  }

  async start() {
    const load = this.#load;
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    if (load && (await load(signal)) && !signal.aborted) this.#load = null;
  }
}
