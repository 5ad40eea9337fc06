/** The filters of a gallery, and the width of its tiles. */

import { button, el, setAttribute } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { getSource, listSetFilters, makeDefaultQuery } from "../state/query.js";
import { MAX_TILE, MIN_TILE } from "../state/state.js";
import { Chips } from "./chips.js";

/** @import { Choice } from "../contract" */
/** @import { Context, State } from "../types.js" */
/** @typedef {"version" | "sort" | "period" | "level" | "type" | "base"} Name */

const LIBRARY_SORTS = ["Newest", "Oldest", "Most Reactions", "Random"]; // sort orders of the library
const NAMES = /** @type {const} */ (["version", "sort", "period", "level", "type", "base"]);

export class Filters {
  #context;
  element = el("section", { class: "filters", hidden: true });
  #sortNote = el("p", { class: "warns", role: "status", hidden: true });
  #meta;
  #tile;
  /** @type {Record<Name, HTMLSelectElement>} */
  #selects;

  /** @param {Context} context */
  constructor(context) {
    const { words, store, actions, signal } = context;
    this.#context = context;
    this.#selects = this.#makeSelects();
    this.#meta = el("input", { type: "checkbox", "data-field": "meta" });
    this.#meta.addEventListener(
      "change",
      () => void actions.setWhere({ meta: this.#meta.checked }),
    );
    this.#tile = this.#slider();
    const look = { action: "filters", icon: icon("filter"), words: words("do_filters") };
    /** Unfolds them on a narrow page; it stands among the gallery's other buttons. */
    this.fold = button({ ...look, class: "fold" }, () => this.#toggle());
    this.fold.setAttribute("aria-expanded", "false");
    this.element.append(this.#makeFilters(), new Chips(context).element);
    store.on(
      ["where", "model", "bootstrap", "tile", "notes", "results"],
      (now) => this.#draw(now),
      {
        signal,
      },
    );
    this.#draw(store.get());
  }

  #toggle() {
    const isOpen = this.element.toggleAttribute("data-open");
    this.fold.setAttribute("aria-expanded", String(isOpen));
  }

  #makeFilters() {
    const { words } = this.#context;
    const { sort } = this.#selects;
    return el(
      "div",
      { class: "gallery-filters" },
      ...NAMES.map((name) => makeLabelled(words(`pick_${name}`), this.#selects[name])),
      el("label", { class: "switch" }, this.#meta, el("span", { text: words("pick_meta") })),
      el(
        "label",
        { class: "size" },
        el("span", { class: "dim", text: words("tile_width") }),
        this.#tile,
      ),
      sort && this.#sortNote,
    );
  }

  /** @returns {Record<Name, HTMLSelectElement>} */
  #makeSelects() {
    const { actions } = this.#context;
    const made = NAMES.map((name) => {
      const select = el("select", { "data-field": name });
      select.addEventListener("change", () => {
        const { value } = select;
        void actions.setWhere(
          name === "version" ? { version: value ? Number(value) : null } : { [name]: value },
        );
      });
      return [name, select];
    });
    return Object.fromEntries(made);
  }

  #slider() {
    const { actions } = this.#context;
    const slider = el("input", {
      type: "range",
      "data-field": "tile",
      min: MIN_TILE,
      max: MAX_TILE,
      step: 20,
    });
    slider.addEventListener("input", () => actions.setTile(slider.valueAsNumber));
    return slider;
  }

  /** Show the filters of the open gallery. @param {State} now */
  #draw(now) {
    const { bootstrap, where, results, notes, tile } = now;
    this.element.hidden = !bootstrap || !getSource(where) || results !== null;
    if (!bootstrap || this.element.hidden) return;
    for (const [name, choices] of Object.entries(this.#choices(now))) {
      const value = String(where[/** @type {Name} */ (name)] ?? "");
      fillSelect(this.#selects[/** @type {Name} */ (name)], choices, value);
    }
    this.#meta.checked = where.meta;
    this.#selects.version.parentElement?.toggleAttribute("hidden", where.model === null);
    this.#selects.period.parentElement?.toggleAttribute("hidden", where.search !== null);
    if (this.#tile.valueAsNumber !== tile) this.#tile.value = String(tile);
    const count = listSetFilters(where, makeDefaultQuery(bootstrap)).length;
    const words = count
      ? this.#context.words("do_filters_n", { n: count })
      : this.#context.words("do_filters");
    this.fold.lastElementChild?.replaceChildren(words);
    const sortNote = notes.find((note) => note.code === "sort_dropped");
    this.#sortNote.textContent = sortNote?.message ?? "";
    this.#sortNote.hidden = !sortNote;
  }

  /** Return what each filter offers.
   * @param {State} now
   * @returns {Record<Name, Choice[]>} */
  #choices({ bootstrap, model, where }) {
    const { words } = this.#context;
    const choices = bootstrap?.choices;
    const versions = (model?.versions ?? []).map(({ id, name, base_model }) => ({
      value: String(id),
      label: base_model ? `${name} · ${base_model}` : name,
    }));
    const bases = (choices?.base_models ?? []).map((name) => ({ value: name, label: name }));
    return {
      version: [{ value: "", label: words("every_version") }, ...versions],
      sort: (choices?.sort ?? []).filter(
        ({ value }) => where.search === null || LIBRARY_SORTS.includes(value),
      ),
      period: choices?.period ?? [],
      level: choices?.level ?? [],
      type: choices?.type ?? [],
      base: [{ value: "", label: words("any_base") }, ...bases],
    };
  }
}

/** Return a label around a field.
 * @param {string} words
 * @param {HTMLElement} field */
function makeLabelled(words, field) {
  return el("label", { class: "pick" }, el("span", { text: words }), field);
}

/** Fill a select element with choices and choose `value`. If the value is no choice, it is added.
 * @param {HTMLSelectElement} select
 * @param {Choice[]} choices
 * @param {string} value */
function fillSelect(select, choices, value) {
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
