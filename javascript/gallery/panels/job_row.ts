/** The row of one download in the panel: created once, then updated in place. What is seldom needed
 * is unfolded. */

import type { JobCard, JobFailure } from "../contract";
import {
  button,
  el,
  fill,
  type IconName,
  icon,
  iconButton,
  setAttribute,
  setText,
} from "../core/dom";
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
  verify: "search",
  open: "folder",
  forget: "trash",
  stop: "stop",
  again: "again",
  show: "compare",
  key: "key",
};
const IN_ROW = 2; // actions; the others are unfolded
const THUMB = 320; // pixels wide

export class JobRow {
  element;
  #thumb = el("span", { class: "job-thumb" });
  #subject = el("h4", { class: "one-line", dir: "auto" });
  #line = el("p", { class: "job-line one-line" });
  #bar = el("progress", { max: 100 });
  #note = el("p", { class: "job-note", dir: "auto" });
  #actions = el("div", { class: "job-actions" });
  #unfold;
  #about = el("p", { class: "dim job-about", dir: "auto" });
  #folder = el("p", { class: "dim job-folder" });
  #files = new JobFiles();
  #failures = el("div", { class: "failures" });
  #report = el("div", { class: "report dim" });
  #others = el("div", { class: "actions" });
  #more;
  #drawn: Record<string, string> = {};

  /** @param act called with the id and the action of a pressed button, such as "pause" */
  constructor(
    readonly context: Context,
    readonly id: number,
    readonly act: (id: number, action: string) => Promise<void>,
  ) {
    const label = context.translate("job_more");
    const toggle = () => {
      this.#more.hidden = !this.#more.hidden;
      this.#unfold.setAttribute("aria-expanded", String(!this.#more.hidden));
    };
    this.#unfold = iconButton("job-more", "fold", label, toggle, "quiet job-unfold");
    this.#unfold.setAttribute("aria-expanded", "false");
    this.#more = el(
      "div",
      { class: "job-more", hidden: true },
      this.#about,
      this.#folder,
      this.#files.element,
      this.#failures,
      this.#report,
      this.#others,
    );
    const text = el("div", { class: "job-text" }, this.#subject, this.#line);
    this.element = el(
      "li",
      { class: "job", "data-job": id },
      el("div", { class: "job-head" }, this.#thumb, text, this.#actions, this.#unfold),
      this.#bar,
      this.#note,
      this.#more,
    );
  }

  /** Show the state of the job. */
  draw(job: JobCard) {
    this.element.dataset.state = job.state;
    const { translate } = this.context;
    const date = formatDate(job.created);
    setText(this.#subject, job.subject);
    this.#subject.title = job.subject;
    setText(this.#line, `${job.state_label} · ${job.line}`);
    this.#line.title = this.#line.textContent ?? "";
    this.#bar.value = job.percent;
    this.#bar.hidden = ["done", "cancelled"].includes(job.state);
    this.#bar.setAttribute("aria-label", `${job.group}: ${job.subject}`);
    setText(this.#note, job.note);
    this.#note.hidden = !job.note;
    setText(this.#about, [date, ...job.filters].join(" · "));
    setText(this.#folder, job.folder && translate("job_in_folder", { folder: job.folder }));
    this.#folder.hidden = !job.folder;
    setAttribute(this.element, "data-failed", job.failed > 0);
    this.#files.draw(job.model_files);
    // of a model file its own row tells what went wrong
    this.#failures.hidden = !job.failed || !job.failed_label || job.model_files.length > 0;
    this.#report.hidden = !job.report.length;
    this.#drawIfChanged("thumb", job.thumb, () => {
      const sign = icon(job.model_files.length ? "model" : "download");
      this.#thumb.replaceChildren(job.thumb === null ? sign : this.#makeThumb(job.thumb, sign));
    });
    this.#drawIfChanged("actions", job.actions, () => this.#drawActions(job));
    const failures = [job.failed_label, job.failures, job.more];
    this.#drawIfChanged("failures", failures, () => this.#drawFailures(job));
    this.#drawIfChanged("report", job.report, () => {
      const [end, ...lines] = job.report;
      const items = lines.map((line) => el("li", {}, line));
      this.#report.replaceChildren(el("p", {}, end), el("ul", {}, ...items));
    });
  }

  /** Draw a part of the row if its data have changed. A redraw would take the focus away. */
  #drawIfChanged(part: string, data: unknown, draw: () => void) {
    const drawn = JSON.stringify(data);
    if (drawn === this.#drawn[part]) return;
    this.#drawn[part] = drawn;
    draw();
  }

  #makeThumb(id: number, otherwise: Node | string = "") {
    const src = this.context.api.getThumbUrl(id, THUMB);
    const image = el("img", { alt: "", loading: "lazy", src });
    image.addEventListener("error", () => image.replaceWith(otherwise));
    return image;
  }

  /** Draw the buttons: the first two in the row, the others below. */
  #drawActions({ actions }: JobCard) {
    const { translate, root } = this.context;
    const hadFocus = this.#actions.contains(root.activeElement);
    // of a double click the first press has put another button here
    const press = (name: string) => (event: MouseEvent) =>
      event.detail > 1 || this.act(this.id, name);
    const made = actions.slice(0, IN_ROW).map((name) => {
      const label = translate(`job_${name}`);
      return iconButton(`job-${name}`, GLYPHS[name], label, press(name), "quiet");
    });
    this.#actions.replaceChildren(...made);
    this.#others.replaceChildren(
      ...actions.slice(IN_ROW).map((name) => {
        const label = translate(`job_${name}`);
        return button({ action: `job-${name}`, icon: GLYPHS[name], label }, press(name));
      }),
    );
    if (hadFocus) made[0]?.focus();
  }

  #drawFailures({ failed_label, failures, more }: JobCard) {
    fill(
      this.#failures,
      el("p", { text: failed_label }),
      el("ul", {}, ...failures.map((failure) => this.#makeFailure(failure))),
      more && el("p", { class: "dim" }, more),
    );
  }

  #makeFailure({ id, url, reason, detail, has_thumb }: JobFailure) {
    const link = el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, String(id));
    return el(
      "li",
      {},
      el("span", { class: "job-thumb" }, has_thumb && this.#makeThumb(id)),
      el(
        "div",
        {},
        url ? link : el("bdi", {}, id),
        el("p", { text: reason }),
        detail && el("small", { class: "dim", dir: "auto" }, detail),
      ),
    );
  }
}
