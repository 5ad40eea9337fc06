/** The details beside the viewer: how the open image was made, from what, and by whom. */

import type { ImageDetails, ImageView } from "../contract";
import { button, el, fill, icon } from "../core/dom";
import { ignoreFailure, isAborted, makeProblem, makeRetryButton, tryOrTell } from "../data/api";
import { describeModelSettings } from "../data/needed_files";
import { describeArrivals } from "../state/model_files";
import type { Context, Problem } from "../types";
import { makeAnnotations } from "./annotations";
import { makeProgress } from "./make_it";
import { Post, Tags } from "./post_and_tags";
import { makeCompatibility, makeReadiness } from "./readiness";
import { makeReproductions } from "./reproductions";
import { makeResources, makeWorkflowButton } from "./resources";
import { makeAbout, makeLinks, makeParameters, makeProblems, makeProse } from "./sections";
import { SendTo } from "./send_to";

export class Details {
  records;
  compatibility;
  readiness;
  resources;
  sendTo;
  tags;
  post;
  progress;
  body;
  element;
  reproductions;
  #abort = new AbortController();
  #frame = 0;
  #view: ImageView | null = null;
  #isFailed = false;
  #problem: HTMLElement | null = null;
  #said = ""; // why the stage shows no file
  /** the fields of the shown image, null until they are drawn */
  #annotations: HTMLElement | null = null;
  #wantsTags = false; // focus the field for tags once it is drawn

  /** @param listeners loaded: called with an image's record; failed: called with the problem if
   *     the record is not loaded, returns whether the viewer's stage shows the problem */
  constructor(
    readonly context: Context,
    readonly listeners: {
      loaded: (record: ImageDetails) => void;
      failed: (problem: Problem) => boolean;
    },
  ) {
    this.records = context.records;
    this.compatibility = makeCompatibility(context);
    this.readiness = makeReadiness(context);
    this.resources = makeResources(context);
    this.tags = new Tags(context);
    this.post = new Post(context);
    this.progress = makeProgress(context);
    this.sendTo = new SendTo(context, (text) => void this.compatibility.check(text));
    this.body = el("div", { class: "details-body" });
    const name = context.translate("details");
    this.element = el("aside", { class: "details", "aria-label": name, tabindex: -1 }, this.body);
    this.reproductions = makeReproductions(context, this.element);
    context.signal.addEventListener("abort", () => this.clear());
    const changes = [describeArrivals, describeModelSettings];
    context.store.on(changes, () => void this.#refreshModels(), context);
  }

  /** Show an image's details from the next frame on. For an image that is shown for only one frame,
   * nothing is loaded.
   * @param next ids of the images whose details are then loaded in advance
   * @param landed nothing is drawn before, since that would cost the image's flight frames */
  showImage(view: ImageView, next: number[], landed: Promise<void>) {
    if (view.id === this.#view?.id && view.saved === this.#view.saved) return;
    this.clear();
    this.#abort = new AbortController();
    this.#view = view;
    this.body.setAttribute("aria-busy", "true");
    this.#frame = requestAnimationFrame(() => void this.#load(view, next, landed));
  }

  clear() {
    this.#abort.abort();
    cancelAnimationFrame(this.#frame);
    this.reproductions.clear();
    this.tags.clear();
    this.post.clear();
    this.#view = this.#annotations = null;
    this.#wantsTags = false;
    this.context.actions.showNeeds("image", "");
  }

  /** Focus the field for the open image's tags, as soon as the details show it. */
  focusTags() {
    this.#wantsTags = !this.#annotations;
    this.#annotations?.querySelector("input")?.focus();
  }

  /** Load the open image's details again if loading has failed. */
  retry() {
    if (this.#view && this.#isFailed) void this.#load(this.#view, []);
  }

  /** Show an image's cached details, then the current ones from the server. */
  async #load(view: ImageView, next: number[], landed?: Promise<void>) {
    const { signal } = this.#abort;
    this.#isFailed = false;
    const request = this.records.getRecord(view.id, signal);
    request.catch(() => {}); // handled below
    await landed;
    if (signal.aborted) return;
    const known = this.records.getCached(view.id);
    if (known) this.#draw(view, known, signal);
    else this.#drawWaiting(view);
    try {
      const record = await request;
      const isNews = record !== known && JSON.stringify(record) !== JSON.stringify(known);
      if (isNews) this.#draw(view, record, signal);
    } catch (error) {
      if (isAborted(error) || known) return;
      this.#isFailed = true;
      const problem = makeProblem(error, this.context.translate);
      const about = view.kind ? makeAbout(this.context, view) : null; // else only the id is known
      if (this.listeners.failed(problem))
        this.#fill(about); // the stage says why the rest is missing
      else this.#drawProblem(view, problem);
    }
    await this.records.prefetch(next, signal);
  }

  #draw(view: ImageView, record: ImageDetails, signal: AbortSignal) {
    if (signal.aborted) return;
    const { context } = this;
    this.reproductions.show(record);
    const { stars, fields } = makeAnnotations(context, record, signal);
    this.#annotations = fields;
    // what some images lack, or what comes late, stands below what all have
    this.#fill(
      makeAbout(context, record, record, stars),
      this.sendTo.makeButtons(record),
      this.progress.show(record),
      this.readiness.show(record),
      record.infotext_source === "none" ? this.#makeFileButton(view, record) : null,
      makeProse(context, "prompt", record.prompt),
      makeProse(context, "negative", record.negative),
      makeParameters(context, record.parameters),
      makeProblems(record),
      this.compatibility.show(record.incompatibilities),
      this.resources.show(record),
      this.reproductions.element,
      this.sendTo.makeInfotextField(record),
      makeWorkflowButton(context, record),
      this.post.show(record),
      this.tags.show(record),
      fields,
      makeLinks(context, record),
    );
    if (this.#wantsTags) this.focusTags();
    const text = this.sendTo.getText(record);
    if (text !== record.infotext) void this.compatibility.check(text);
    this.listeners.loaded(record);
  }

  async #refreshModels() {
    const view = this.#view;
    this.records.outdate();
    if (!view || this.#isFailed || this.body.ariaBusy === "true") return;
    try {
      const record = await this.records.getRecord(view.id, this.#abort.signal);
      this.readiness.show(record);
      this.resources.show(record);
    } catch (error) {
      ignoreFailure(error);
    }
  }

  #fill(...parts: (Node | null)[]) {
    fill(this.body, ...parts);
    this.body.setAttribute("aria-busy", "false");
  }

  #drawWaiting(view: ImageView) {
    const bones = ["long", "long", "short", "long", "short"];
    const lines = bones.map((length) => el("span", { class: `skeleton-line ${length}` }));
    this.#fill(
      makeAbout(this.context, view),
      el("section", { class: "room" }),
      el("section", { class: "readiness row" }),
      el("div", { class: "skeleton stack" }, ...lines),
    );
    this.body.setAttribute("aria-busy", "true");
  }

  #drawProblem(view: ImageView, { code, message }: Problem) {
    const retry = () => this.#load(view, []);
    const again = makeRetryButton(code, this.context.translate, retry);
    const props = { class: "problems", role: "alert", "data-problem": message };
    const text = el("p", {}, message);
    this.#problem = el("section", props, icon("warning"), text, again);
    this.omitProblem(this.#said);
    this.#fill(makeAbout(this.context, view), this.#problem);
  }

  /** Hide why the details are missing if the stage says the same of the file. */
  omitProblem(said: string) {
    this.#said = said;
    if (this.#problem) this.#problem.hidden = this.#problem.dataset.problem === said;
  }

  /** Return the line that no infotext is known, with a button that looks for one in the file. */
  #makeFileButton(view: ImageView, { problems }: ImageDetails) {
    const { translate } = this.context;
    const look = button(
      { action: "look-in-file", icon: "search", label: translate("look_in_file") },
      () => this.#lookInFile(view),
    );
    const text = problems.join(" ") || translate("no_infotext");
    return el("section", { class: "readiness nothing row" }, el("p", { dir: "auto" }, text), look);
  }

  async #lookInFile(view: ImageView) {
    const { signal } = this.#abort;
    const { translate, toast } = this.context;
    const fetchRecord = () => this.records.fetchWithFile(view.id, signal);
    const record = await tryOrTell(this.context, fetchRecord);
    if (!record) return;
    this.#draw(view, record, signal);
    if (record.infotext_source === "none")
      toast(record.problems[0] ?? translate("nothing_in_file"));
  }
}
