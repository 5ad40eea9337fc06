/** The downloads of one model, author or collection. */

import { el, setText } from "../core/dom.js";
import { JobRow } from "./job_row.js";
import { Rows } from "./rows.js";

/** @import { JobCard } from "../contract" */
/** @import { Context } from "../types.js" */
/** @typedef {{name: string, jobs: JobCard[]}} Group */

export class JobGroup {
  #name = el("h3", { dir: "auto" });
  #list = el("ol", { class: "jobs-list" });
  /** @type {Rows<JobCard, JobRow>} */
  #rows;

  /** @param {Context} context
   * @param {(job: number, action: string) => Promise<void>} runAction
   * @param {() => void} focusLost  called when the focused row is removed */
  constructor(context, runAction, focusLost) {
    this.#rows = new Rows(
      this.#list,
      (job) => job.id,
      ({ id }) => new JobRow(context, id, runAction),
      focusLost,
    );
    this.element = el("section", { class: "job-group" }, this.#name, this.#list);
  }

  /** Show the jobs of a group. @param {Group} group */
  draw({ name, jobs }) {
    setText(this.#name, name);
    this.#rows.draw(jobs);
  }
}

/** Group jobs by their field `group`, which names a model, author or collection. The groups are in
 * the order of their first jobs.
 * @param {JobCard[]} jobs
 * @returns {Group[]} */
export function groupJobs(jobs) {
  /** @type {Map<string, Group>} */
  const groups = new Map();
  for (const job of jobs) {
    const group = groups.get(job.group) ?? { name: job.group, jobs: [] };
    group.jobs.push(job);
    groups.set(job.group, group);
  }
  return [...groups.values()];
}
