/** "What works here": what the pictures of the open model that were read have in common. */

import { isAborted } from "../asking/api.js";
import { errorWords } from "../asking/problems.js";
import { button, el } from "../ground/dom.js";
import { icon } from "../ground/icons.js";
import { written } from "../ground/numbers.js";
import { Panel } from "../panels/panel.js";
import { barsOf } from "./bars.js";
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
  #body = el("div", { class: "figures-body" });
  #abort = new AbortController();

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
    context.signal.addEventListener("abort", () => this.#abort.abort());
    this.panel = new Panel(context, "figures", {
      title: "figures_title",
      build: () => [this.#body],
      opened: () => void this.#read(),
    });
    context.store.on(["where"], () => this.panel.isOpen && void this.#read(), context);
  }

  async #read() {
    const { api, store, words } = this.#context;
    const { model, version, level } = store.get().where;
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    if (model === null) return this.#say(words("figures_open_a_model"));
    if (!this.#body.childElementCount) this.#say(words("reading"));
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
    this.#body.replaceChildren(
      el("p", { class: "dim", role: "status" }, text),
      ...(isProblem ? [button(again, () => this.#read())] : []),
    );
  }

  /** @param {Found} found */
  #draw(found) {
    const { words } = this.#context;
    const groups = [...found.groups].sort((one, other) => placeOf(one) - placeOf(other));
    const show = (/** @type {import("./types.js").Bar} */ bar) => this.#show(bar.search);
    const bars = groups.map((group) => barsOf(this.#context, group, show));
    this.#body.replaceChildren(
      this.#sample(found),
      ...(found.recipe ? [recipeOf(this.#context, found)] : []),
      ...(bars.length ? [el("p", { class: "dim" }, words("figures_hint"))] : []),
      el("div", { class: "kinds" }, ...bars),
      ...(found.versions.length > 1 ? [this.#versions(found)] : []),
    );
  }

  /** @param {Found} found */
  #sample({ pictures, with_data, reactions }) {
    const { words, store } = this.#context;
    const { hello, model, where } = store.get();
    const version = model?.versions.find((one) => one.id === where.version);
    const number = (/** @type {number} */ value) => written(value, hello?.language);
    const counts = { pictures: number(pictures), with_data: number(with_data) };
    const all = button({ deed: "figures-every", words: words("every_version") }, () =>
      this.#context.acts.setWhere({ version: null }),
    );
    return el(
      "header",
      { class: "sample" },
      el("p", { dir: "auto" }, el("strong", {}, version?.name ?? model?.name ?? "")),
      el(
        "p",
        { role: "status" },
        pictures
          ? words("figures_sample", { ...counts, reactions: number(reactions) })
          : words("figures_none"),
      ),
      pictures > 0 && with_data < FEW && el("p", { class: "few" }, words("figures_few")),
      version && all,
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
    acts.setWithin({ words: search });
  }
}

/** @param {Group} group */
function placeOf({ kind, bars }) {
  return kind === "lora" && bars.some(isItsOwn) ? -1 : ORDER.indexOf(kind);
}
