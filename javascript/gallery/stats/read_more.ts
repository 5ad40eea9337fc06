/** Loads more records of a gallery for its statistics, by a job that downloads no images. */

import { button, el } from "../core/dom";
import { makeLimitField } from "../core/limit_field";
import type { Context } from "../types";

const USUAL = 300; // images
const MOST = 10_000;
const UNDER_WAY = ["queued", "running"];

export class ReadMore {
  declare element;
  #context;
  #limit;
  #line = el("p", { role: "status" });
  #form;
  #progress;
  #read = -1; // images, of the job that is shown

  /** @param more called when more records are loaded */
  constructor(context: Context, more: () => unknown) {
    const { store, translate, actions } = context;
    this.#context = context;
    const what = { name: "read-limit", label: "stats_read_most", value: USUAL, high: MOST };
    this.#limit = makeLimitField(translate, what);
    const begin = button(
      { action: "figures-read", icon: "again", label: translate("stats_read") },
      () => this.#limit.reportValidity() && actions.readRecords(this.#limit.valueAsNumber),
    );
    const stop = button(
      { action: "figures-stop", icon: "stop", label: translate("do_give_up") },
      () => {
        const job = this.#findJob();
        return job && actions.cancelJob(job.id);
      },
    );
    const upTo = el("span", { class: "dim", text: translate("up_to") });
    const label = el("label", {}, upTo, this.#limit);
    this.#form = el("div", { class: "limit-form joined" }, label, begin);
    this.#progress = el("div", { class: "row" }, this.#line, stop);
    this.element = el("div", { class: "row" }, this.#form, this.#progress);
    store.on(["jobs"], () => this.#follow(more), context);
    this.#follow(() => {});
  }

  /** Return the newest job, queued or running, that loads this model's records; else undefined. */
  #findJob() {
    const { jobs, model } = this.#context.store.get();
    return jobs?.jobs.find(
      (job) => job.reads_only && UNDER_WAY.includes(job.state) && job.title === model?.name,
    );
  }

  /** Show the job's progress, and call `more` when the job begins, has read more records, or ends. */
  #follow(more: () => unknown) {
    const job = this.#findJob();
    this.#form.hidden = job !== undefined;
    this.#progress.hidden = job === undefined;
    this.#line.textContent = job?.line ?? "";
    const read = job?.saved ?? -1;
    if (read === this.#read) return;
    this.#read = read;
    more();
  }
}
