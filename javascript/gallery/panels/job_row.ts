/** The row of one download in the panel: created once, then updated in place. */

import type { JobCard, JobFailure } from "../contract";
import { button, el, type IconName, icon, setAttribute, setText } from "../core/dom";
import { formatDate } from "../core/text";
import { JobFiles } from "../details/file_controls";
import type { Context } from "../types";

const GLYPHS: Record<string, IconName> = {
  cancel: "close",
  pause: "pause",
  resume: "play",
  first: "play",
  retry: "again",
  anew: "download",
  open: "folder",
  forget: "trash",
};

export class JobRow {
  subject;
  about;
  folder;
  state;
  bar;
  line;
  note;
  actions;
  files;
  failures;
  report;
  element;
  #drawn = { actions: "", failures: "", report: "" };

  /** @param act called with the id and the action of a pressed button, such as "pause" */
  constructor(
    readonly context: Context,
    readonly id: number,
    readonly act: (id: number, action: string) => Promise<void>,
  ) {
    this.subject = el("h4", { dir: "auto" });
    this.about = el("p", { class: "dim job-about", dir: "auto" });
    this.folder = el("p", { class: "dim job-folder" });
    this.state = el("span", { class: "tag" });
    this.bar = el("progress", { max: 100 });
    this.line = el("p", { class: "job-line" });
    this.note = el("p", { class: "job-note", dir: "auto" });
    this.actions = el("div", { class: "job-actions" });
    this.files = new JobFiles();
    this.failures = el("details", { class: "failures" });
    this.report = el("details", { class: "report" });
    this.element = el(
      "li",
      { class: "job", "data-job": id },
      el("div", { class: "job-head" }, this.subject, this.state),
      this.about,
      this.bar,
      this.line,
      this.note,
      this.folder,
      this.files.element,
      this.failures,
      this.report,
      this.actions,
    );
  }

  /** Show the state of the job. */
  draw(job: JobCard) {
    this.element.dataset.state = job.state;
    const { store, translate } = this.context;
    const date = formatDate(job.created, store.get().bootstrap?.language);
    setText(this.subject, job.subject);
    setText(this.about, [date, ...job.filters].join(" · "));
    setText(this.folder, job.folder && translate("job_in_folder", { folder: job.folder }));
    this.folder.hidden = !job.folder;
    setText(this.state, job.state_label);
    this.bar.value = job.percent;
    this.bar.setAttribute("aria-label", `${job.group}: ${job.subject}`);
    setText(this.line, job.line);
    setText(this.note, job.note);
    this.note.hidden = !job.note;
    setAttribute(this.element, "data-failed", job.failed > 0);
    this.files.draw(job.model_files);
    // of a model file its own row tells what went wrong
    this.failures.hidden = job.failed === 0 || job.model_files.length > 0;
    this.report.hidden = !job.report;
    this.#drawIfChanged("actions", job.actions, () => this.#drawActions(job));
    const failures = [job.failed_label, job.failures, job.more];
    this.#drawIfChanged("failures", failures, () => this.#drawFailures(job));
    this.#drawIfChanged("report", job.report, () => this.#drawReport(job));
  }

  /** Draw a part of the row if its data have changed. A redraw would close the part and take the
   * focus away.
   * @param data what the part shows */
  #drawIfChanged(part: "actions" | "failures" | "report", data: unknown, draw: () => void) {
    const drawn = JSON.stringify(data);
    if (drawn === this.#drawn[part]) return;
    this.#drawn[part] = drawn;
    draw();
  }

  #drawActions(job: JobCard) {
    const { root, translate } = this.context;
    const hadFocus = this.actions.contains(root.activeElement);
    const made = job.actions.map((name) => {
      const label = translate(`job_${name}`);
      return button(
        { action: `job-${name}`, icon: GLYPHS[name], label, class: "quiet" },
        // of a double click the first press has put another button here
        (event) => event.detail > 1 || this.act(this.id, name),
      );
    });
    this.actions.replaceChildren(...made);
    if (hadFocus) made[0]?.focus();
  }

  #drawFailures({ failed_label, failures, more }: JobCard) {
    const { translate } = this.context;
    const heads = [translate("picture"), translate("failed_reason")].map((head) =>
      el("th", {}, head),
    );
    this.failures.replaceChildren(
      el("summary", {}, icon("fold"), el("span", {}, failed_label)),
      el(
        "table",
        {},
        el("thead", {}, el("tr", {}, ...heads)),
        el("tbody", {}, ...failures.map((failure) => this.#makeFailureRow(failure))),
      ),
      more ? el("p", { class: "dim" }, more) : "",
    );
  }

  /** Show how many images the gallery has, and whether all were found. */
  #drawReport({ report }: JobCard) {
    if (!report) return;
    this.report.replaceChildren(
      el("summary", {}, icon("fold"), el("span", {}, report.end)),
      el("ul", {}, ...report.lines.map((line) => el("li", {}, line))),
    );
  }

  #makeFailureRow({ id, url, reason, detail, has_thumb }: JobFailure) {
    const { api } = this.context;
    const thumb = el("img", { alt: "", loading: "lazy", width: 48, height: 48 });
    if (has_thumb) thumb.src = api.getThumbUrl(id, 320);
    thumb.addEventListener("error", () => thumb.remove());
    const link = el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, String(id));
    return el(
      "tr",
      {},
      el("td", {}, has_thumb && thumb, url ? link : el("bdi", {}, id)),
      el(
        "td",
        {},
        el("span", {}, reason),
        detail && el("small", { class: "dim", dir: "auto" }, detail),
      ),
    );
  }
}
