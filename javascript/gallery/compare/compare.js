/** The dialog that compares two to four marked images and how they were made. */

import { button, el } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { closeModal, makeModal, openModal } from "../core/modal.js";
import { isAborted } from "../data/api.js";
import { getErrorMessage } from "../data/problems.js";
import { Records } from "../data/records.js";
import { MOST_COMPARED } from "../state/selection.js";
import { getShown } from "../state/state.js";
import { CompareGrid } from "./compare_grid.js";
import { makeDifferenceTable } from "./difference_table.js";

/** @import { Context } from "../types.js" */
/** @typedef {ReturnType<typeof buildDialog>} CompareParts */

export class Compare {
  #context;
  #records;
  /** @type {CompareParts | null} made when it is first opened */
  #parts = null;
  #abort = new AbortController();

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
    this.#records = new Records(context);
    context.signal.addEventListener("abort", () => this.#abort.abort());
    context.store.on(
      ["panel"],
      (now, before) => (now.panel === "compare") !== (before.panel === "compare") && this.#follow(),
      context,
    );
  }

  /** Zoom all images. @param {import("../types.js").ZoomStep} how */
  zoom(how) {
    this.#parts?.cells.zoom(how);
  }

  #follow() {
    this.#abort.abort();
    if (this.#context.store.get().panel !== "compare") {
      this.#parts?.cells.clear();
      if (this.#parts) closeModal(this.#parts.dialog);
      return;
    }
    this.#parts ??= buildDialog(this.#context);
    openModal(this.#parts.dialog);
    void this.#show(this.#parts);
  }

  /** Show the marked images in the gallery's order; images that the filter hides come last.
   * @param {CompareParts} parts */
  async #show(parts) {
    const { store, words } = this.#context;
    const { marks } = store.get();
    const order = getShown(store.get())
      .map((view) => view.id)
      .filter((id) => marks.has(id));
    const ids = [...new Set([...order, ...marks])].slice(0, MOST_COMPARED);
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    parts.difference.replaceChildren(el("p", { class: "dim", role: "status" }, words("reading")));
    parts.mode(false);
    parts.over.hidden = ids.length !== 2;
    try {
      const records = await Promise.all(ids.map((id) => this.#records.getRecord(id, signal)));
      if (signal.aborted) return;
      parts.cells.showImages(records);
      parts.difference.replaceChildren(...makeDifferenceTable(this.#context, records));
    } catch (error) {
      if (isAborted(error)) return;
      const again = { action: "retry", icon: icon("again"), words: words("do_retry") };
      parts.difference.replaceChildren(
        el("p", { role: "alert" }, getErrorMessage(error, words)),
        button(again, () => this.#show(parts)),
      );
    }
  }
}

/** Build the dialog with its parts. @param {Context} context */
function buildDialog(context) {
  const { words, actions, root, store, signal } = context;
  const leave = () => store.get().panel === "compare" && actions.panel("");
  const cells = new CompareGrid(context);
  const difference = el("section", { class: "difference", tabindex: 0 });
  difference.setAttribute("aria-label", words("compare_difference"));
  difference.setAttribute("role", "region");
  const split = el("input", {
    type: "range",
    "data-field": "compare-split",
    "aria-label": words("compare_split"),
    min: 0,
    max: 100,
    step: 1,
    value: 50,
  });
  const place = () => cells.element.style.setProperty("--cs-split", `${split.value}%`);
  split.addEventListener("input", place);
  /** @param {boolean} isOver */
  const mode = (isOver) => {
    cells.element.toggleAttribute("data-over", isOver);
    split.hidden = !isOver;
    over.setAttribute("aria-pressed", String(isOver));
    place();
  };
  const over = button(
    { action: "compare-over", icon: icon("over"), words: words("compare_over") },
    () => mode(!cells.element.hasAttribute("data-over")),
  );
  const close = button(
    { action: "close-compare", icon: icon("close"), words: words("say_close"), isBare: true },
    leave,
  );
  const title = words("compare_title");
  const bar = el("header", {}, el("h2", {}, title), split, over, close);
  const theatre = el("div", { class: "viewer-main" }, bar, cells.element);
  const props = { class: "compare", "data-panel": "compare", "aria-label": title, tabindex: -1 };
  const dialog = el("dialog", props, theatre, difference);
  makeModal(dialog, leave, signal);
  root.append(dialog);
  return { dialog, cells, difference, over, mode };
}
