/** The dialog that compares two to four marked images, or an image and a reproduction of it. */

import { closeModal, makeModal, openModal } from "../core/dialogs";
import { button, el, iconButton } from "../core/dom";
import { isAborted, LatestRequest, makeProblem, makeRetryButton, tryOrTell } from "../data/api";
import { getReproductionThumb } from "../details/reproductions";
import { listCompared } from "../state/state";
import type { ComparedPair, Context, State, ZoomStep } from "../types";
import { type ComparedImage, makeCompareGrid } from "./compare_grid";
import { type ComparedData, makeDifferenceTable } from "./difference_table";

const MOST_CAUSES = 3; // shown above the images; the table below them has all

function getSecondLabel({ translate }: Context, { file }: ComparedPair) {
  return file?.name ?? translate("made_here");
}

function makePairImages(context: Context, pair: ComparedPair, fileUrl: string): ComparedImage[] {
  const { record } = pair;
  const label = getSecondLabel(context, pair);
  return [
    { view: record, label: context.translate("compare_original") },
    makeSecondImage(context, pair, fileUrl, label),
  ];
}

function makeSecondImage(
  { api }: Context,
  { record, made, stored }: ComparedPair,
  fileUrl: string,
  label: string,
): ComparedImage {
  const { width, height } = made;
  const view = { ...record, width, height, blurhash: "", user: "" };
  const thumb = stored ? getReproductionThumb(api, stored) : fileUrl;
  const file = stored?.file === "here" ? api.getUrl(`reproductions/${stored.id}/file`) : thumb;
  return { view, source: { thumb, file, label }, label };
}

/** Return how similar both images are, what differs, and the buttons for the second image. */
function makePairSummary(
  { translate }: Context,
  { made, stored }: ComparedPair,
  { keep, remove }: { keep: () => Promise<void>; remove: () => Promise<void> },
) {
  const notes = [
    stored?.is_edited && translate("reproduction_edited"),
    stored?.file === "gone" && translate("reproduction_gone_path", { path: stored.path }),
    stored?.file === "thumbnail" && translate("reproduction_thumbnail"),
  ];
  const causes = made.differences.slice(0, MOST_CAUSES);
  const more = made.differences.length - causes.length;
  if (more > 0) causes.push(translate("compare_more_causes", { n: more }));
  const act = stored
    ? button(
        {
          action: "remove-reproduction",
          icon: "trash",
          label: translate("reproduction_remove"),
          title: translate("reproduction_remove_hint"),
        },
        remove,
      )
    : button(
        { action: "keep-reproduction", icon: "save", label: translate("reproduction_keep") },
        keep,
      );
  return el(
    "section",
    { class: "pair-summary small", "data-nearness": made.nearness || null, "aria-live": "polite" },
    el("p", { class: "nearness" }, made.summary),
    causes.length > 0 && el("ul", {}, ...causes.map((cause) => el("li", { dir: "auto" }, cause))),
    ...notes.filter(Boolean).map((note) => el("p", { class: "note", dir: "auto" }, note)),
    act,
  );
}

type CompareParts = ReturnType<typeof buildDialog>;

export class Compare {
  /** made when it is first opened */
  #parts: CompareParts | null = null;
  #requests;
  #fileUrl = ""; // of the user's file that is compared
  /** of the images that are shown, in their order */
  #data: ComparedData[] = [];

  constructor(private readonly context: Context) {
    this.#requests = new LatestRequest(context);
    const isOpen = ({ panel }: State) => panel === "compare";
    const follow = (now: State, before: State) => (isOpen(now) || isOpen(before)) && this.#follow();
    context.store.on([isOpen, "compared"], follow, context);
  }

  /** Zoom all images by a step, or switch between the whole images and their actual size. */
  zoom(how: ZoomStep) {
    this.#parts?.cells.zoom(how);
  }

  /** Switch between images that lie over each other and images side by side. */
  toggleOver() {
    if (!this.#parts) return;
    const { cells, dialog, mode } = this.#parts;
    const { activeElement } = this.context.root;
    mode(!cells.isOver());
    if (activeElement === dialog) cells.focusDivider(); // a button that was pressed keeps it
  }

  /** Swap two images; if there are more, move the first one behind the last. */
  swap() {
    if (!this.#parts || this.#data.length < 2) return;
    this.#parts.cells.moveFirstToEnd();
    this.#showData(this.#parts, [...this.#data.slice(1), this.#data[0]]);
  }

  #showData(parts: CompareParts, data: ComparedData[]) {
    this.#data = data;
    parts.difference.replaceChildren(...makeDifferenceTable(this.context, data));
  }

  #follow() {
    this.#requests.begin();
    URL.revokeObjectURL(this.#fileUrl);
    this.#fileUrl = "";
    this.#data = [];
    const { panel, compared } = this.context.store.get();
    if (panel !== "compare") {
      this.#parts?.cells.clear();
      if (this.#parts) closeModal(this.#parts.dialog);
      return;
    }
    this.#parts ??= buildDialog(this.context);
    openModal(this.#parts.dialog);
    this.#parts.summary.replaceChildren();
    if (compared?.row) this.#showRow(this.#parts, compared, compared.row);
    else if (compared) this.#showPair(this.#parts, compared);
    else void this.#showMarked(this.#parts);
  }

  #showPair(parts: CompareParts, pair: ComparedPair) {
    const context = this.context;
    if (pair.file) this.#fileUrl = URL.createObjectURL(pair.file);
    const listeners = { keep: () => this.#keepFile(pair), remove: () => this.#removeStored(pair) };
    parts.summary.replaceChildren(makePairSummary(context, pair, listeners));
    parts.cells.showImages(makePairImages(context, pair, this.#fileUrl));
    parts.mode(true);
    this.#showData(parts, [
      { ...pair.record, label: context.translate("compare_original") },
      { ...pair.made, user: "", label: getSecondLabel(context, pair) },
    ]);
  }

  #showRow(parts: CompareParts, pair: ComparedPair, row: NonNullable<ComparedPair["row"]>) {
    const images = row.map(({ made, label }) =>
      makeSecondImage(this.context, { ...pair, made, stored: made }, "", label),
    );
    parts.cells.showImages(images);
    parts.mode(false);
    this.#showData(
      parts,
      row.map(({ made, label }) => ({ ...made, user: "", label })),
    );
  }

  async #keepFile({ record, file }: ComparedPair) {
    const { api, translate, toast } = this.context;
    if (!file) return;
    const query = new URLSearchParams({ keep: "1", name: file.name });
    await this.#changeAndClose(async () => {
      await api.postFile(`images/${record.id}/comparison?${query}`, file, this.#requests);
      toast(translate("reproduction_kept"));
    });
  }

  async #removeStored({ record, stored }: ComparedPair) {
    const { api } = this.context;
    if (!stored) return;
    const body = { ids: [stored.id] };
    const path = `images/${record.id}/reproductions/remove` as const;
    await this.#changeAndClose(() => api.post(path, body, this.#requests));
  }

  async #changeAndClose(request: () => Promise<unknown>) {
    await tryOrTell(this.context, async () => {
      await request();
      this.context.actions.panel("");
    });
  }

  async #showMarked(parts: CompareParts) {
    const { store, translate } = this.context;
    const ids = listCompared(store.get());
    const { signal } = this.#requests;
    parts.difference.replaceChildren(
      el("p", { class: "dim", role: "status" }, translate("reading")),
    );
    parts.mode(false);
    try {
      const records = await Promise.all(
        ids.map((id) => this.context.records.getRecord(id, signal)),
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
        makeRetryButton(code, translate, () => this.#showMarked(parts)),
      );
    }
  }
}

function buildDialog(context: Context) {
  const { translate, actions, root, store, signal } = context;
  const leave = () => store.get().panel === "compare" && actions.panel("");
  const cells = makeCompareGrid(context);
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
