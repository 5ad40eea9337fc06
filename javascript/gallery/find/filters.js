/** What of a gallery is asked for, and what of that which was read is shown. */

import { button, el, setAttribute } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { filterCount, sourceOf, unfiltered } from "../state/query.js";
import { TILE_HIGH, TILE_LOW } from "../state/state.js";
import { Search } from "./search.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").Choice} Choice */
/** @typedef {"version" | "sort" | "period" | "level" | "type" | "base"} Name */

const KEPT_SORTS = ["Newest", "Oldest", "Most Reactions"]; // of what was kept
const NAMES = /** @type {const} */ (["version", "sort", "period", "level", "type", "base"]);

export class Filters {
  #context;
  element = el("section", { class: "filters", hidden: true });
  #dropped = el("p", { class: "dropped", role: "status", hidden: true });
  #meta;
  #tile;
  /** @type {Record<Name, HTMLSelectElement>} */
  #selects;

  /** @param {Context} context */
  constructor(context) {
    const { words, store, acts, signal } = context;
    this.#context = context;
    this.#selects = this.#makeSelects();
    this.#meta = el("input", { type: "checkbox", "data-field": "meta" });
    this.#meta.addEventListener("change", () => void acts.setWhere({ meta: this.#meta.checked }));
    this.#tile = this.#slider();
    const look = { deed: "filters", icon: icon("filter"), words: words("do_filters") };
    /** Unfolds them on a narrow page; it stands among the gallery's other buttons. */
    this.fold = button({ ...look, class: "fold" }, () => this.#toggle());
    this.fold.setAttribute("aria-expanded", "false");
    this.element.append(this.#asked(), new Search(context).element);
    store.on(["where", "model", "hello", "tile", "notes", "found"], (now) => this.#draw(now), {
      signal,
    });
    this.#draw(store.get());
  }

  #toggle() {
    const isOpen = this.element.toggleAttribute("data-open");
    this.fold.setAttribute("aria-expanded", String(isOpen));
  }

  #asked() {
    const { words } = this.#context;
    const { sort } = this.#selects;
    return el(
      "div",
      { class: "asked" },
      ...NAMES.map((name) => labelled(words(`pick_${name}`), this.#selects[name])),
      el("label", { class: "switch" }, this.#meta, el("span", { text: words("pick_meta") })),
      el(
        "label",
        { class: "size" },
        el("span", { class: "dim", text: words("tile_width") }),
        this.#tile,
      ),
      sort && this.#dropped,
    );
  }

  /** @returns {Record<Name, HTMLSelectElement>} */
  #makeSelects() {
    const { acts } = this.#context;
    const made = NAMES.map((name) => {
      const select = el("select", { "data-field": name });
      select.addEventListener("change", () => {
        const { value } = select;
        void acts.setWhere(
          name === "version" ? { version: value ? Number(value) : null } : { [name]: value },
        );
      });
      return [name, select];
    });
    return Object.fromEntries(made);
  }

  #slider() {
    const { acts } = this.#context;
    const slider = el("input", {
      type: "range",
      "data-field": "tile",
      min: TILE_LOW,
      max: TILE_HIGH,
      step: 20,
    });
    slider.addEventListener("input", () => acts.setTile(slider.valueAsNumber));
    return slider;
  }

  /** @param {State} now */
  #draw(now) {
    const { hello, where, found, notes, tile } = now;
    this.element.hidden = !hello || !sourceOf(where) || found !== null;
    if (!hello || this.element.hidden) return;
    for (const [name, choices] of Object.entries(this.#choices(now))) {
      const value = String(where[/** @type {Name} */ (name)] ?? "");
      fill(this.#selects[/** @type {Name} */ (name)], choices, value);
    }
    this.#meta.checked = where.meta;
    this.#selects.version.parentElement?.toggleAttribute("hidden", where.model === null);
    this.#selects.period.parentElement?.toggleAttribute("hidden", where.search !== null);
    if (this.#tile.valueAsNumber !== tile) this.#tile.value = String(tile);
    const count = filterCount(where, unfiltered(hello));
    const words = count
      ? this.#context.words("do_filters_n", { n: count })
      : this.#context.words("do_filters");
    this.fold.lastElementChild?.replaceChildren(words);
    const dropped = notes.find((note) => note.code === "sort_dropped");
    this.#dropped.textContent = dropped?.message ?? "";
    this.#dropped.hidden = !dropped;
  }

  /**
   * @param {State} now
   * @returns {Record<Name, Choice[]>}
   */
  #choices({ hello, model, where }) {
    const { words } = this.#context;
    const choices = hello?.choices;
    const versions = (model?.versions ?? []).map(({ id, name, base_model }) => ({
      value: String(id),
      label: base_model ? `${name} · ${base_model}` : name,
    }));
    const bases = (choices?.base_models ?? []).map((name) => ({ value: name, label: name }));
    return {
      version: [{ value: "", label: words("every_version") }, ...versions],
      sort: (choices?.sort ?? []).filter(
        ({ value }) => where.search === null || KEPT_SORTS.includes(value),
      ),
      period: choices?.period ?? [],
      level: choices?.level ?? [],
      type: choices?.type ?? [],
      base: [{ value: "", label: words("any_base") }, ...bases],
    };
  }
}

/**
 * @param {string} words
 * @param {HTMLElement} field
 */
function labelled(words, field) {
  return el("label", { class: "pick" }, el("span", { text: words }), field);
}

/** What is chosen but not offered (an address may say it) stays chosen, and in sight.
 *
 * @param {HTMLSelectElement} select
 * @param {Choice[]} choices
 * @param {string} value
 */
function fill(select, choices, value) {
  const isOffered = choices.some((choice) => choice.value === value);
  const all = isOffered ? choices : [...choices, { value, label: value || "–" }];
  const key = JSON.stringify(all);
  if (select.dataset.choices !== key) {
    setAttribute(select, "data-choices", key);
    select.replaceChildren(
      ...all.map((one) => el("option", { value: one.value, text: one.label })),
    );
  }
  select.value = value;
}
