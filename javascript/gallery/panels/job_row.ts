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
import { makeJobFiles } from "../details/file_controls";
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

/** @param act called with the id and the action of a pressed button, such as "pause" */
export function makeJobRow(
  context: Context,
  id: number,
  act: (id: number, action: string) => Promise<void>,
) {
  const { api, root, translate } = context;
  const thumb = el("span", { class: "job-thumb" });
  const subject = el("h4", { class: "one-line", dir: "auto" });
  const lineText = el("p", { class: "job-line one-line small" });
  const bar = el("progress", { max: 100 });
  const note = el("p", { class: "job-note small", dir: "auto" });
  const actionBox = el("div", { class: "job-actions" });
  const about = el("p", { class: "dim job-about", dir: "auto" });
  const folder = el("p", { class: "dim job-folder" });
  const files = makeJobFiles();
  const failureBox = el("div", { class: "failures" });
  const report = el("div", { class: "report dim" });
  const others = el("div", { class: "actions" });
  const drawnBefore: Record<string, string> = {};
  const label = translate("job_more");
  const toggle = () => {
    moreBox.hidden = !moreBox.hidden;
    unfold.setAttribute("aria-expanded", String(!moreBox.hidden));
  };
  const unfold = iconButton("job-more", "fold", label, toggle, "quiet job-unfold");
  unfold.setAttribute("aria-expanded", "false");
  const moreBox = el(
    "div",
    { class: "job-more stack small", hidden: true },
    about,
    folder,
    files.element,
    failureBox,
    report,
    others,
  );
  const text = el("div", { class: "job-text" }, subject, lineText);
  const element = el(
    "li",
    { class: "job", "data-job": id },
    el("div", { class: "job-head" }, thumb, text, actionBox, unfold),
    bar,
    note,
    moreBox,
  );

  /** Show the state of the job. */
  function draw(job: JobCard) {
    element.dataset.state = job.state;
    const date = formatDate(job.created);
    setText(subject, job.subject);
    subject.title = job.subject;
    setText(lineText, `${job.state_label} · ${job.line}`);
    lineText.title = lineText.textContent ?? "";
    bar.value = job.percent;
    bar.hidden = ["done", "cancelled"].includes(job.state);
    bar.setAttribute("aria-label", `${job.group}: ${job.subject}`);
    setText(note, job.note);
    note.hidden = !job.note;
    setText(about, [date, ...job.filters].join(" · "));
    setText(folder, job.folder && translate("job_in_folder", { folder: job.folder }));
    folder.hidden = !job.folder;
    setAttribute(element, "data-failed", job.failed > 0);
    files.draw(job.model_files);
    // of a model file its own row tells what went wrong
    failureBox.hidden = !job.failed || !job.failed_label || job.model_files.length > 0;
    report.hidden = !job.report.length;
    drawIfChanged("thumb", job.thumb, () => {
      const sign = icon(job.model_files.length ? "model" : "download");
      thumb.replaceChildren(job.thumb === null ? sign : makeThumb(job.thumb, sign));
    });
    drawIfChanged("actions", job.actions, () => drawActions(job));
    const failures = [job.failed_label, job.failures, job.more];
    drawIfChanged("failures", failures, () => drawFailures(job));
    drawIfChanged("report", job.report, () => {
      const [end, ...lines] = job.report;
      const items = lines.map((line) => el("li", {}, line));
      report.replaceChildren(el("p", {}, end), el("ul", {}, ...items));
    });
  }

  /** Draw a part of the row if its data have changed. A redraw would take the focus away. */
  function drawIfChanged(part: string, data: unknown, draw: () => void) {
    const drawn = JSON.stringify(data);
    if (drawn === drawnBefore[part]) return;
    drawnBefore[part] = drawn;
    draw();
  }

  function makeThumb(id: number, otherwise: Node | string = "") {
    const src = api.getThumbUrl(id, THUMB);
    const image = el("img", { alt: "", loading: "lazy", src });
    image.addEventListener("error", () => image.replaceWith(otherwise));
    return image;
  }

  function drawActions({ actions }: JobCard) {
    const hadFocus = actionBox.contains(root.activeElement);
    // of a double click the first press has put another button here
    const press = (name: string) => (event: MouseEvent) => event.detail > 1 || act(id, name);
    const made = actions.slice(0, IN_ROW).map((name) => {
      const label = translate(`job_${name}`);
      return iconButton(`job-${name}`, GLYPHS[name], label, press(name), "quiet");
    });
    actionBox.replaceChildren(...made);
    others.replaceChildren(
      ...actions.slice(IN_ROW).map((name) => {
        const label = translate(`job_${name}`);
        return button({ action: `job-${name}`, icon: GLYPHS[name], label }, press(name));
      }),
    );
    if (hadFocus) made[0]?.focus();
  }

  function drawFailures({ failed_label, failures, more }: JobCard) {
    fill(
      failureBox,
      el("p", { text: failed_label }),
      el("ul", {}, ...failures.map(makeFailure)),
      more && el("p", { class: "dim" }, more),
    );
  }

  function makeFailure({ id, url, reason, detail, has_thumb }: JobFailure) {
    const link = el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, String(id));
    return el(
      "li",
      {},
      el("span", { class: "job-thumb" }, has_thumb && makeThumb(id)),
      el(
        "div",
        {},
        url ? link : el("bdi", {}, id),
        el("p", { text: reason }),
        detail && el("small", { class: "dim", dir: "auto" }, detail),
      ),
    );
  }
  return { element, draw };
}

export type JobRow = ReturnType<typeof makeJobRow>;
