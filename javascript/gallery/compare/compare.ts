/** The dialog that compares two to four marked images, or an image and a reproduction of it. */

import { button, el, iconButton } from "../core/dom";
import { closeModal, makeModal, openModal } from "../core/modal";
import { isAborted } from "../data/api";
import { makeProblem, makeRetryButton, showError } from "../data/problems";
import { MOST_COMPARED } from "../state/selection";
import { getShown } from "../state/state";
import type { ComparedPair, Context, ZoomStep } from "../types";
import { CompareGrid } from "./compare_grid";
import { type ComparedData, makeDifferenceTable } from "./difference_table";
import { makePairData, makePairImages, makePairSummary } from "./reproduction";

type CompareParts = ReturnType<typeof buildDialog>;

export class Compare {
  #context;
  /** made when it is first opened */
  #parts: CompareParts | null = null;
  #abort = new AbortController();
  #fileUrl = ""; // of the user's file that is compared
  /** of the images that are shown, in their order */
  #data: ComparedData[] = [];

  constructor(context: Context) {
    this.#context = context;
    context.signal.addEventListener("abort", () => this.#abort.abort());
    context.store.on(
      ["panel"],
      (now, before) => (now.panel === "compare") !== (before.panel === "compare") && this.#follow(),
      context,
    );
  }

  /** Zoom all images by a step, or switch between the whole images and their actual size. */
  zoom(how: ZoomStep) {
    this.#parts?.cells.zoom(how);
  }

  /** Switch between images that lie over each other and images side by side. */
  toggleOver() {
    if (!this.#parts) return;
    const { cells, dialog, mode } = this.#parts;
    const { activeElement } = this.#context.root;
    mode(!cells.isOver);
    if (activeElement === dialog) cells.focusDivider(); // a button that was pressed keeps it
    if (!this.#context.root.activeElement) dialog.focus(); // the divider that had it went
  }

  /** Swap two images; if there are more, move the first one behind the last. */
  swap() {
    if (!this.#parts || this.#data.length < 2) return;
    this.#parts.cells.moveFirstToEnd();
    this.#showData(this.#parts, [...this.#data.slice(1), this.#data[0]]);
  }

  /** Show the table of differences.
   * @param data of the images, in their order */
  #showData(parts: CompareParts, data: ComparedData[]) {
    this.#data = data;
    parts.difference.replaceChildren(...makeDifferenceTable(this.#context, data));
  }

  #follow() {
    this.#abort.abort();
    this.#abort = new AbortController();
    URL.revokeObjectURL(this.#fileUrl);
    this.#fileUrl = "";
    this.#data = [];
    const { panel, compared } = this.#context.store.get();
    if (panel !== "compare") {
      this.#parts?.cells.clear();
      if (this.#parts) closeModal(this.#parts.dialog);
      return;
    }
    this.#parts ??= buildDialog(this.#context);
    openModal(this.#parts.dialog);
    this.#parts.summary.replaceChildren();
    if (compared) this.#showPair(this.#parts, compared);
    else void this.#showMarked(this.#parts);
  }

  /** Show an image and a reproduction of it, one over the other. */
  #showPair(parts: CompareParts, pair: ComparedPair) {
    const context = this.#context;
    if (pair.file) this.#fileUrl = URL.createObjectURL(pair.file);
    const listeners = { keep: () => this.#keepFile(pair), remove: () => this.#removeStored(pair) };
    parts.summary.replaceChildren(makePairSummary(context, pair, listeners));
    parts.cells.showImages(makePairImages(context, pair, this.#fileUrl));
    parts.mode(true);
    this.#showData(parts, makePairData(context, pair));
  }

  /** Store the user's file as a reproduction, then close the dialog. */
  async #keepFile({ record, file }: ComparedPair) {
    const { api, translate, toast } = this.#context;
    if (!file) return;
    const query = new URLSearchParams({ keep: "1", name: file.name });
    await this.#changeAndClose(async () => {
      await api.postFile(`images/${record.id}/comparison?${query}`, file, this.#abort);
      toast(translate("reproduction_kept"));
    });
  }

  /** Remove a stored reproduction, then close the dialog. */
  async #removeStored({ record, stored }: ComparedPair) {
    const { api } = this.#context;
    if (!stored) return;
    const body = { ids: [stored.id] };
    const path = `images/${record.id}/reproductions/remove` as const;
    await this.#changeAndClose(() => api.post(path, body, this.#abort));
  }

  /** Send a request, then close the dialog; if the request fails, show the error instead. */
  async #changeAndClose(request: () => Promise<unknown>) {
    try {
      await request();
      this.#context.actions.panel("");
    } catch (error) {
      showError(error, this.#context);
    }
  }

  /** Show the marked images in the gallery's order. Images that the filter hides come last. */
  async #showMarked(parts: CompareParts) {
    const { store, translate } = this.#context;
    const { marks } = store.get();
    const order = getShown(store.get())
      .map((view) => view.id)
      .filter((id) => marks.has(id));
    const ids = [...new Set([...order, ...marks])].slice(0, MOST_COMPARED);
    const { signal } = this.#abort;
    parts.difference.replaceChildren(
      el("p", { class: "dim", role: "status" }, translate("reading")),
    );
    parts.mode(false);
    try {
      const records = await Promise.all(
        ids.map((id) => this.#context.records.getRecord(id, signal)),
      );
      if (signal.aborted) return;
      parts.cells.showImages(records.map((view) => ({ view })));
      this.#showData(
        parts,
        records.map((record, at) => ({ ...record, number: at + 1 })),
      );
    } catch (error) {
      if (isAborted(error)) return;
      const { code, message } = makeProblem(error, translate);
      parts.difference.replaceChildren(
        el("p", { role: "alert" }, message),
        makeRetryButton(code, translate, () => {
          parts.difference.focus(); // the button goes
          return this.#showMarked(parts);
        }),
      );
    }
  }
}

/** Build the dialog with its parts. */
function buildDialog(context: Context) {
  const { translate, actions, root, store, signal } = context;
  const leave = () => store.get().panel === "compare" && actions.panel("");
  const cells = new CompareGrid(context);
  const difference = el("section", { class: "difference", tabindex: 0 });
  difference.setAttribute("aria-label", translate("compare_difference"));
  difference.setAttribute("role", "region");
  const mode = (isOver: boolean) => {
    cells.layOver(isOver);
    over.setAttribute("aria-pressed", String(isOver));
  };
  const over = button(
    { action: "compare-over", icon: "over", label: translate("compare_over") },
    () => actions.toggleCompareOver(),
  );
  const swap = button(
    { action: "compare-swap", icon: "invert", label: translate("compare_swap") },
    () => actions.swapCompared(),
  );
  const close = iconButton("close-compare", "close", translate("say_close"), leave);
  const title = translate("compare_title");
  const bar = el("header", {}, el("h2", {}, title), over, swap, close);
  const summary = el("div", { class: "summary" });
  const theatre = el("div", { class: "viewer-main" }, bar, summary, cells.element);
  const props = { class: "compare", "data-panel": "compare", "aria-label": title, tabindex: -1 };
  const dialog = el("dialog", props, theatre, difference);
  makeModal(dialog, leave, signal);
  root.append(dialog);
  return { dialog, cells, difference, mode, summary };
}
