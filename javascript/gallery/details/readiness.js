/**
 * One line that says whether the models of the open image are present, with buttons for what is
 * missing.
 */

import { button, el } from "../core/dom.js";
import { formatBytes } from "../core/format.js";
import { icon } from "../core/icons.js";
import { canChooseCheckpoint } from "../host/host_page.js";
import { findJobFile, isAbsent, listGettable, sumSizes } from "../state/model_files.js";

/** @import { Context, ImageRecord, Resource } from "../types.js" */
/** @typedef {Resource | import("../types.js").NeededFile} Used */

/** Keys of the messages that count resources, by type; "" is for all other types.
 * @type {Record<string, string>} */
const COUNTS = {
  model: "count_model",
  lora: "count_lora",
  embed: "count_embed",
  vae: "count_vae",
  hypernet: "count_hypernet",
  "": "count_other",
};

export class Readiness {
  #context;
  #line = el("p", { role: "status" });
  #get;
  #choose;
  #settings;
  /** @type {Resource[]} */
  #resources = [];

  /** @param {Context} context */
  constructor(context) {
    const { words, actions, store, signal } = context;
    this.#context = context;
    this.#get = button(
      { action: "get-missing", icon: icon("download"), words: words("model_get") },
      () => actions.getModelFiles(this.#listGettable()),
    );
    this.#choose = button(
      { action: "choose-checkpoint", icon: icon("check"), words: words("choose_checkpoint") },
      () => actions.chooseCheckpoint(this.#checkpoint?.local_name ?? ""),
    );
    this.#settings = button(
      { action: "models-settings", icon: icon("settings"), words: words("open_settings") },
      () => actions.panel("settings"),
    );
    this.element = el(
      "section",
      { class: "readiness" },
      this.#line,
      this.#get,
      this.#choose,
      this.#settings,
    );
    store.on([(state) => state.needs.image, "jobs", "fileChoices", hasModels], () => this.#draw(), {
      signal,
    });
  }

  /** Return the section for an image. It is hidden if no generation data is known.
   * @param {ImageRecord} record */
  show(record) {
    this.#resources = record.resources;
    this.#draw();
    return this.element;
  }

  #draw() {
    const { store, words } = this.#context;
    const hasFolders = hasModels(store.get());
    // a record may name a model twice, by its name and by its number
    const used = store.get().needs.image.answer?.files ?? this.#resources;
    const here = used.filter((one) => one.availability === "here");
    const absent = used.filter(isAbsent);
    this.element.hidden = !this.#resources.length || (hasFolders && !here.length && !absent.length);
    if (this.element.hidden) return;
    const state = absent.length ? "missing" : "here";
    this.element.dataset.here = hasFolders ? state : "";
    const line = hasFolders ? this.#describe(here, absent) : words("model_no_folders");
    if (this.#line.textContent !== line) this.#line.textContent = line;
    this.#settings.hidden = hasFolders;
    const locked = store.get().needs.image.answer?.locked;
    this.#get.hidden = Boolean(locked) || this.#isComing || !this.#listGettable().length;
    this.#choose.hidden = !this.#checkpoint || !canChooseCheckpoint();
    this.#choose.title = this.#checkpoint?.local_name ?? "";
  }

  /** Return the line about an image: whether all its resources are present, else which are missing
   * or being downloaded.
   * @param {Used[]} here  the resources that are present
   * @param {Used[]} absent  the resources that are missing */
  #describe(here, absent) {
    const { words, store } = this.#context;
    const { needs, jobs, fileChoices, bootstrap } = store.get();
    const files = needs.image.answer?.files ?? [];
    const coming = files.filter((needed) => findJobFile(jobs, needed)).length;
    if (coming) return words("ready_coming", { n: coming, all: files.filter(isAbsent).length });
    if (!absent.length) return this.#describeHere(here);
    const told = this.#resources.filter(({ availability }) => availability === "missing");
    const bytes = needs.image.answer
      ? sumSizes(files.filter(isAbsent), fileChoices)
      : told.reduce((sum, { size }) => sum + size, 0);
    const size = formatBytes(bytes, bootstrap?.language);
    const list = this.#listKinds(absent);
    const missing = words(absent.length === 1 ? "ready_missing_one" : "ready_missing", { list });
    return size ? `${missing} (${size})` : missing;
  }

  /** Return the line about an image whose known resources are all present.
   * @param {Used[]} here  all resources of which the record tells */
  #describeHere(here) {
    const { words } = this.#context;
    const list = this.#listKinds(here);
    if (!here.some(({ type }) => type === "model")) return words("ready_no_checkpoint", { list });
    return words(here.length === 1 ? "ready_here_one" : "ready_here", { list });
  }

  /** Return how many models of each kind there are, such as "checkpoint and 2 LoRAs".
   * @param {Used[]} used */
  #listKinds(used) {
    const { words, store } = this.#context;
    const texts = Object.entries(COUNTS).flatMap(([kind, key]) => {
      const n = used.filter(({ type }) => (type in COUNTS ? type : "") === kind).length;
      if (!n) return [];
      return [kind === "model" && n === 1 ? words("one_checkpoint") : words(key, { n })];
    });
    const list = new Intl.ListFormat(store.get().bootstrap?.language).format(texts);
    return list.charAt(0).toUpperCase() + list.slice(1);
  }

  get #checkpoint() {
    return this.#resources.find((one) => one.type === "model" && one.availability === "here");
  }

  get #isComing() {
    const { needs, jobs } = this.#context.store.get();
    return needs.image.answer?.files.some((needed) => findJobFile(jobs, needed)) ?? false;
  }

  #listGettable() {
    const state = this.#context.store.get();
    return listGettable(state, state.needs.image.answer?.files ?? []);
  }
}

/** @param {import("../types.js").State} state */
function hasModels({ bootstrap }) {
  return bootstrap?.host.has_models ?? false;
}
