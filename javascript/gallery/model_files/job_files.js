/** The model files of a download, each with its progress or its error. */

import { el, setAttribute, setText } from "../core/dom.js";
import { makeExternalLink } from "../details/sections.js";
import { Rows } from "../panels/rows.js";

/** @import { JobModelFile } from "../contract" */

export class JobFiles {
  element = el("ul", { class: "job-files" });
  /** @type {Rows<JobModelFile, JobFileRow>} */
  #rows = new Rows(
    this.element,
    (file) => file.file_id,
    () => new JobFileRow(),
    () => {},
  );

  /** Show the model files of a job; a job that downloads images has none.
   * @param {JobModelFile[]} files */
  draw(files) {
    this.element.hidden = !files.length;
    this.#rows.draw(files);
  }
}

class JobFileRow {
  #name = el("span", { class: "name", dir: "auto" });
  #bar = el("progress", { max: 100 });
  #line = el("span", { class: "line", dir: "auto" });
  #drawnName = "";

  constructor() {
    this.element = el("li", {}, this.#name, this.#bar, this.#line);
  }

  /** Show the state of a file. @param {JobModelFile} file */
  draw({ title, name, url, state, received, size, line }) {
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
