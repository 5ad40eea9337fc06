/** The model files of a download, each with its progress or its error. */

import type { JobModelFile } from "../contract";
import { el, setAttribute, setText } from "../core/dom";
import { makeExternalLink } from "../details/sections";
import { Rows } from "../panels/rows";

export class JobFiles {
  element = el("ul", { class: "job-files" });
  #rows: Rows<JobModelFile, JobFileRow> = new Rows(
    this.element,
    (file) => file.file_id,
    () => new JobFileRow(),
    () => {},
  );

  /** Show the model files of a job; a job that downloads images has none. */
  draw(files: JobModelFile[]) {
    this.element.hidden = !files.length;
    this.#rows.draw(files);
  }
}

class JobFileRow {
  declare element;
  #name = el("span", { class: "name", dir: "auto" });
  #bar = el("progress", { max: 100 });
  #line = el("span", { class: "line", dir: "auto" });
  #drawnName = "";

  constructor() {
    this.element = el("li", {}, this.#name, this.#bar, this.#line);
  }

  /** Show the state of a file. */
  draw({ title, name, url, state, received, size, line }: JobModelFile) {
    const shown = title || name;
    if (shown !== this.#drawnName) {
      this.#name.replaceChildren(url ? makeExternalLink(url, shown) : el("bdi", {}, shown));
      this.#drawnName = shown;
    }
    this.element.dataset.state = state;
    this.#bar.hidden = state !== "running";
    setAttribute(this.#bar, "aria-label", shown);
    if (size) this.#bar.value = Math.min(100, (100 * received) / size);
    else this.#bar.removeAttribute("value");
    setText(this.#line, title ? `${name} · ${line}` : line);
  }
}
