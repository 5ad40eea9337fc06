/** Reads more of a gallery for its figures: a job of records, without pictures. */

import { button, el } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { limitField, upTo } from "../core/limit_field.js";

/** @typedef {import("../types.js").Context} Context */

const USUAL = 300; // pictures
const MOST = 10_000;
const UNDER_WAY = ["queued", "running"];

export class Reading {
  #context;
  #limit;
  #line = el("p", { role: "status" });
  #form;
  #progress;
  #read = -1; // pictures, of the job that is shown

  /**
   * @param {Context} context
   * @param {() => unknown} more  called whenever more was read
   */
  constructor(context, more) {
    const { store, words, acts } = context;
    this.#context = context;
    const what = { name: "read-limit", label: "figures_read_most", value: USUAL, high: MOST };
    this.#limit = limitField(words, what);
    const look = { deed: "figures-read", icon: icon("again"), words: words("figures_read") };
    const begin = button(
      look,
      () => this.#limit.reportValidity() && acts.readGallery(this.#limit.valueAsNumber),
    );
    const stop = button(
      { deed: "figures-stop", icon: icon("stop"), words: words("do_give_up") },
      () => {
        const job = this.#job();
        return job && acts.cancelJob(job.id);
      },
    );
    this.#form = upTo(words, this.#limit, begin);
    this.#progress = el("div", { class: "progress" }, this.#line, stop);
    this.element = el("div", { class: "reading" }, this.#form, this.#progress);
    store.on(["jobs"], () => this.#follow(more), context);
    this.#follow(() => {});
  }

  /** The newest that reads, as long as it is under way. */
  #job() {
    const { jobs, model } = this.#context.store.get();
    return jobs?.jobs.find(
      (job) => job.reads_only && UNDER_WAY.includes(job.state) && job.title === model?.name,
    );
  }

  /** @param {() => unknown} more */
  #follow(more) {
    const job = this.#job();
    this.#form.hidden = job !== undefined;
    this.#progress.hidden = job === undefined;
    this.#line.textContent = job?.line ?? "";
    const read = job?.saved ?? -1;
    if (read === this.#read) return;
    this.#read = read;
    more();
  }
}
