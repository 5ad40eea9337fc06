/** At the viewer's side: how the open picture was made, with what, by whom. */

import { button, el } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { isAborted } from "../data/api.js";
import { errorWords, tellLoss } from "../data/problems.js";
import { Records } from "../data/records.js";
import { own } from "./annotations.js";
import { Arriving } from "./compatibility.js";
import { resources, workflow } from "./resources.js";
import { about, places, problems, prose, table } from "./sections.js";
import { Sending } from "./send_to.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").PictureRecord} PictureRecord */
/** @typedef {import("../types.js").View} View */

export class Details {
  #abort = new AbortController();
  #frame = 0;
  /** @type {View | null} */
  #view = null;
  #isFailed = false;

  /**
   * @param {Context} context
   * @param {{came: (record: PictureRecord) => void, failed: (message: string) => void}} ties
   *     what the viewer is told: a record is a view too
   */
  constructor(context, ties) {
    this.context = context;
    this.ties = ties;
    this.records = new Records(context);
    this.arriving = new Arriving(context);
    this.sending = new Sending(context, (text) => void this.arriving.check(text));
    this.body = el("div", { class: "details-body" });
    const name = context.words("details");
    this.element = el("aside", { class: "details", "aria-label": name, tabindex: -1 }, this.body);
    context.signal.addEventListener("abort", () => this.clear());
  }

  /**
   * Drawn in the next frame: of pictures that are passed within one, nothing is asked.
   *
   * @param {View} view
   * @param {number[]} next  those that one may come to
   */
  show(view, next) {
    if (view.id === this.#view?.id && view.saved === this.#view.saved) return;
    this.clear();
    this.#abort = new AbortController();
    this.#view = view;
    this.#frame = requestAnimationFrame(() => void this.#load(view, next));
  }

  clear() {
    this.#abort.abort();
    cancelAnimationFrame(this.#frame);
    this.#view = null;
  }

  /** Asks once more for the open one's record, if it did not come. */
  retry() {
    if (this.#view && this.#isFailed) void this.#load(this.#view, []);
  }

  /** The open picture's whole text, as it would be sent; "" while it is not known. */
  get infotext() {
    const record = this.#view && this.records.peek(this.#view.id);
    return record ? this.sending.textOf(record) : "";
  }

  /**
   * @param {View} view
   * @param {number[]} next
   */
  async #load(view, next) {
    const { signal } = this.#abort;
    this.#isFailed = false;
    const known = this.records.peek(view.id);
    if (known) this.#draw(view, known, signal);
    else this.#drawWaiting(view);
    try {
      const record = await this.records.ask(view.id, signal);
      const isNews = record !== known && JSON.stringify(record) !== JSON.stringify(known);
      if (isNews) this.#draw(view, record, signal);
    } catch (error) {
      if (isAborted(error) || known) return;
      this.#isFailed = true;
      tellLoss(error, this.context.store);
      const message = errorWords(error, this.context.words);
      this.#drawProblem(view, message);
      this.ties.failed(message);
    }
    await this.records.prefetch(next, signal);
  }

  /**
   * @param {View} view
   * @param {PictureRecord} record
   * @param {AbortSignal} signal
   */
  #draw(view, record, signal) {
    if (signal.aborted) return;
    const { context } = this;
    this.body.replaceChildren(
      ...[
        about(context, record, record),
        problems(record),
        this.sending.buttons(record),
        this.arriving.show(record.losses),
        prose(context, "prompt", record.prompt),
        prose(context, "negative", record.negative),
        table(context, record.parameters),
        this.sending.whole(record),
        workflow(context, record),
        own(context, record, (changed) => this.records.put(changed)),
        resources(context, record),
        this.#nothing(view, record),
        places(context, record),
      ].filter((part) => part !== null),
    );
    this.body.setAttribute("aria-busy", "false");
    const text = this.sending.textOf(record);
    if (text !== record.infotext) void this.arriving.check(text);
    this.ties.came(record);
  }

  /** @param {View} view */
  #drawWaiting(view) {
    const bones = ["long", "long", "short", "long", "short"];
    this.body.replaceChildren(
      about(this.context, view),
      el(
        "div",
        { class: "bones" },
        ...bones.map((length) => el("span", { class: `bone ${length}` })),
      ),
    );
    this.body.setAttribute("aria-busy", "true");
  }

  /**
   * @param {View} view
   * @param {string} message
   */
  #drawProblem(view, message) {
    const again = button(
      { deed: "details-again", icon: icon("again"), words: this.context.words("do_retry") },
      () => void this.#load(view, []),
    );
    this.body.replaceChildren(
      about(this.context, view),
      el(
        "section",
        { class: "problems", role: "alert" },
        icon("warning"),
        el("p", {}, message),
        again,
      ),
    );
    this.body.setAttribute("aria-busy", "false");
  }

  /**
   * Nothing was published with it; its file may tell.
   *
   * @param {View} view
   * @param {PictureRecord} record
   */
  #nothing(view, record) {
    const { words } = this.context;
    if (record.from !== "none") return null;
    const look = button(
      { deed: "look-in-file", icon: icon("search"), words: words("look_in_file") },
      () => this.#lookInFile(view),
    );
    return el(
      "section",
      { class: "nothing" },
      el("p", { class: "dim" }, words("no_infotext")),
      look,
    );
  }

  /**
   * @param {View} view
   */
  async #lookInFile(view) {
    const { signal } = this.#abort;
    const { words, toast } = this.context;
    try {
      const record = await this.records.askFile(view.id, signal);
      this.#draw(view, record, signal);
      if (record.from === "none") toast(record.problems[0] ?? words("nothing_in_file"));
    } catch (error) {
      if (isAborted(error)) return;
      toast(errorWords(error, words), "bad");
    }
  }
}
