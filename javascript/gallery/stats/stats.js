/** "What works here": what the pictures of the open model that were read have in common. */

import { button, el } from "../core/dom.js";
import { written } from "../core/format.js";
import { icon } from "../core/icons.js";
import { isAborted } from "../data/api.js";
import { errorWords } from "../data/problems.js";
import { Panel } from "../panels/panel.js";
import { barsOf } from "./bars.js";
import { Reading } from "./read_more.js";
import { isItsOwn, recipeOf } from "./recipe.js";
import { versionsOf } from "./versions.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("./types.js").Figures} Found */
/** @typedef {import("./types.js").Group} Group */

const FEW = 30; // pictures with data that say little
/** How one makes a picture, then what is in it. */
const ORDER = [
  ...["sampler", "schedule", "steps", "cfg", "guidance", "size", "clip"],
  ...["lora", "word", "negative", "embedding", "checkpoint", "upscaler", "upscale", "denoising"],
];

export class Figures {
  #context;
  #sample = el("header", { class: "sample" });
  #reading;
  #found = el("div", { class: "found" });
  #abort = new AbortController();

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
    context.signal.addEventListener("abort", () => this.#abort.abort());
    this.panel = new Panel(context, "figures", {
      title: "figures_title",
      build: () => [this.#sample, this.#reading.element, this.#found],
      opened: () => void this.#read(),
    });
    this.#reading = new Reading(context, () => this.panel.isOpen && void this.#read());
    // The model tells its versions and what its files are called.
    context.store.on(["where", "model"], () => this.panel.isOpen && void this.#read(), context);
  }

  async #read() {
    const { api, store, words } = this.#context;
    const { model, version, level } = store.get().where;
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#reading.element.hidden = model === null;
    if (model === null) return this.#say(words("figures_open_a_model"));
    if (!this.#found.childElementCount) this.#say(words("reading"));
    const asked = new URLSearchParams({ model: String(model), level });
    if (version !== null) asked.set("version", String(version));
    try {
      this.#draw(await api.get(`figures?${asked}`, { signal }));
    } catch (error) {
      if (isAborted(error)) return;
      this.#say(errorWords(error, words), true);
    }
  }

  /**
   * @param {string} text
   * @param {boolean} [isProblem]
   */
  #say(text, isProblem = false) {
    const again = { deed: "retry", icon: icon("again"), words: this.#context.words("do_retry") };
    this.#sample.replaceChildren();
    this.#found.replaceChildren(
      el("p", { class: "dim", role: "status" }, text),
      ...(isProblem ? [button(again, () => this.#read())] : []),
    );
  }

  /** @param {Found} found */
  #draw(found) {
    const { words, root } = this.#context;
    const groups = [...found.groups].sort((one, other) => placeOf(one) - placeOf(other));
    const show = (/** @type {import("./types.js").Bar} */ bar) => this.#show(bar.search);
    const bars = groups.map((group) => barsOf(this.#context, group, show));
    const focused = nameOf(root.activeElement);
    this.#drawSample(found);
    this.#found.replaceChildren(
      ...(found.recipe ? [recipeOf(this.#context, found)] : []),
      ...(bars.length ? [el("p", { class: "dim" }, words("figures_hint"))] : []),
      el("div", { class: "kinds" }, ...bars),
      ...(found.versions.length > 1 ? [this.#versions(found)] : []),
    );
    if (!focused || root.activeElement !== this.#found.closest("dialog")) return;
    const all = /** @type {HTMLElement[]} */ ([...this.#found.querySelectorAll("button")]);
    all.find((one) => nameOf(one) === focused)?.focus();
  }

  /** @param {Found} found */
  #drawSample({ pictures, with_data, reactions }) {
    const { words, store, acts } = this.#context;
    const { hello, model, where } = store.get();
    const version = model?.versions.find((one) => one.id === where.version);
    const number = (/** @type {number} */ value) => written(value, hello?.language);
    const counts = { pictures: number(pictures), with_data: number(with_data) };
    const all = { deed: "figures-every", words: words("every_version"), class: "quiet" };
    const told = pictures
      ? words("figures_sample", { ...counts, reactions: number(reactions) })
      : words("figures_none");
    this.#sample.replaceChildren(
      el("h3", { dir: "auto" }, model?.name, version && ` · ${version.name}`),
      el("p", { role: "status" }, told),
      with_data < FEW ? el("p", { class: "few" }, words("figures_few")) : "",
      version ? button(all, () => acts.setWhere({ version: null })) : "",
    );
  }

  /** @param {Found} found */
  #versions(found) {
    const { acts } = this.#context;
    return versionsOf(this.#context, found.versions, (id) => void acts.setWhere({ version: id }));
  }

  /** @param {string} search */
  #show(search) {
    const { acts } = this.#context;
    acts.panel("");
    acts.setWithin({ words: "" });
    void acts.setWhere({ search }); // of all that was read, as the bars are
  }
}

/** What a redrawn button is known by. @param {Element | null} element */
function nameOf(element) {
  const { do: deed, value = "" } = /** @type {HTMLElement | null} */ (element)?.dataset ?? {};
  const kind = element?.closest("[data-kind]")?.getAttribute("data-kind") ?? "";
  return deed ? `${deed} ${kind} ${value}` : "";
}

/** @param {Group} group */
function placeOf({ kind, bars }) {
  return kind === "lora" && bars.some(isItsOwn) ? -1 : ORDER.indexOf(kind);
}
