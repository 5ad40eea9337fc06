/** The downloads of one model, author or collection. */

import type { JobCard } from "../contract";
import { el, setText } from "../core/dom";
import type { Context } from "../types";
import { JobRow } from "./job_row";
import { Rows } from "./rows";

export type Group = { name: string; jobs: JobCard[] };

export class JobGroup {
  declare element;
  #name = el("h3", { dir: "auto" });
  #list = el("ol", { class: "jobs-list" });
  #rows: Rows<JobCard, JobRow>;

  /** @param focusLost called when the focused row is removed */
  constructor(
    context: Context,
    runAction: (job: number, action: string) => Promise<void>,
    focusLost: () => void,
  ) {
    this.#rows = new Rows(
      this.#list,
      (job) => job.id,
      ({ id }) => new JobRow(context, id, runAction),
      focusLost,
    );
    this.element = el("section", { class: "job-group" }, this.#name, this.#list);
  }

  /** Show the jobs of a group. */
  draw({ name, jobs }: Group) {
    setText(this.#name, name);
    this.#rows.draw(jobs);
  }
}

/** Group jobs by their field `group`, which names a model, author or collection. The groups are in
 * the order of their first jobs. */
export function groupJobs(jobs: JobCard[]): Group[] {
  const groups: Map<string, Group> = new Map();
  for (const job of jobs) {
    const group = groups.get(job.group) ?? { name: job.group, jobs: [] };
    group.jobs.push(job);
    groups.set(job.group, group);
  }
  return [...groups.values()];
}
