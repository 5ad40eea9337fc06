/** The gallery's filters: their button, the sort order, the chips, the width of the tiles. */

import type { Choice } from "../contract";
import { button, el, fill, setAttribute } from "../core/dom";
import { makePopover } from "../core/widgets";
import { countBeforeHeldBack, getSource, hasPeriod } from "../state/query";
import { getPost, MAX_TILE, MIN_TILE } from "../state/state";
import type { Context, State } from "../types";
import { makeChips } from "./chips";

type Name = "version" | "sort" | "period" | "level" | "base";

const LIBRARY_SORTS = ["Newest", "Oldest", "Most Reactions", "Random"]; // sort orders of the library
const NAMES = ["version", "sort", "period", "level", "base"] as const;

export class Filters {
  /** for the gallery's header */
  element = el("div", { class: "filters" });
  sizeSlider;
  sortNote = el("p", { class: "warns", role: "status", hidden: true });
  /** Says that Civitai's host may hold images back, with a button that asks the other host. */
  heldBack = el("div", { class: "row held-back", role: "status", hidden: true });
  #types;
  #meta = el("input", { type: "checkbox", "data-field": "meta" });
  #groups = el("input", { type: "checkbox", "data-field": "group-posts" });
  #narrowSlider;
  #fold;
  #popover;
  #selects: Record<Name, HTMLSelectElement>;

  constructor(private readonly context: Context) {
    const { translate, store, root, signal } = context;
    this.#selects = this.#makeSelects();
    const label = translate("pick_type");
    this.#types = el("fieldset", {
      class: "pick types",
      "aria-label": label,
    });
    const name = translate("pick_sort");
    this.#selects.sort.setAttribute("aria-label", name);
    this.#selects.sort.title = name;
    this.sizeSlider = this.#makeSlider("tile");
    this.#narrowSlider = this.#makeSlider("tile-narrow");
    this.#fold = button(
      {
        action: "filters",
        icon: "filter",
        label: translate("do_filters"),
        title: "",
        takesFocus: true,
      },
      () => {},
    );
    const filters = { id: "filters", label: translate("do_filters") };
    this.#popover = makePopover(this.#fold, filters, ...this.#makeFields());
    root.append(this.#popover);
    const chips = makeChips(context);
    this.element.append(this.#fold, this.#selects.sort, chips);
    const keys = ["where", "model", "bootstrap", "tile", "notes", "results"] as const;
    store.on([...keys, "groupsPosts", getPost], (now) => this.#draw(now), { signal });
    this.#draw(store.get());
    store.on([countBeforeHeldBack], (now) => this.#drawHeldBack(now), { signal });
  }

  /** Open the filters and focus the first one; without a gallery, say that there is none. */
  open() {
    const { toast, translate } = this.context;
    if (!this.#fold.getClientRects().length) return toast(translate("no_picture_here"));
    this.#fold.focus(); // which brings the header back
    if (!this.#popover.matches(":popover-open")) this.#fold.click(); // then Tab leads out as from it
    const fields = [...this.#popover.querySelectorAll("select, input")];
    const first = fields.find((one) => one.getClientRects().length);
    if (first instanceof HTMLElement) first.focus();
  }

  #makeFields() {
    const { translate, actions } = this.context;
    this.#meta.addEventListener(
      "change",
      () => void actions.setWhere({ meta: this.#meta.checked }),
    );
    this.#types.addEventListener("change", ({ target }) => {
      if (target instanceof HTMLInputElement) void actions.setWhere({ type: target.value });
    });
    this.#groups.addEventListener("change", () => actions.groupPosts(this.#groups.checked));
    return [
      ...NAMES.filter((name) => name !== "sort").map((name) =>
        makeLabelled(translate(`pick_${name}`), this.#selects[name]),
      ),
      this.#types,
      el("label", { class: "switch" }, this.#meta, el("span", { text: translate("pick_meta") })),
      el(
        "label",
        { class: "switch" },
        this.#groups,
        el("span", { text: translate("group_posts") }),
      ),
      makeLabelled(translate("tile_width"), this.#narrowSlider),
      button({ action: "hidden-rules", label: translate("hidden_list"), class: "quiet" }, () => {
        this.#popover.hidePopover();
        void actions.openHiddenRules();
      }),
    ];
  }

  #makeSelects(): Record<Name, HTMLSelectElement> {
    const { actions } = this.context;
    const made = NAMES.map((name) => {
      const select = el("select", { "data-field": name });
      select.addEventListener("change", () => {
        const { value } = select;
        if (name === "sort") return void actions.sortBy(value);
        void actions.setWhere(
          name === "version" ? { version: value ? Number(value) : null } : { [name]: value },
        );
      });
      return [name, select];
    });
    return Object.fromEntries(made);
  }

  #makeSlider(name: string) {
    const { actions, translate } = this.context;
    const label = translate("tile_width");
    const slider = el("input", {
      type: "range",
      class: "size",
      "data-field": name,
      "aria-label": label,
      title: label,
      min: MIN_TILE,
      max: MAX_TILE,
      step: 20,
    });
    slider.addEventListener("input", () => actions.setTile(slider.valueAsNumber));
    return slider;
  }

  #draw(now: State) {
    const { bootstrap, where, results, notes, tile } = now;
    if (!bootstrap || !getSource(where) || results) return;
    for (const [name, choices] of Object.entries(this.#listChoices(now))) {
      const value = String(where[name as Name] ?? "");
      fillSelect(this.#selects[name as Name], choices, value);
    }
    this.#drawTypes(now);
    this.#meta.checked = where.meta;
    this.#groups.checked = now.groupsPosts;
    this.#groups.parentElement?.toggleAttribute("hidden", where.post !== null);
    this.#selects.version.parentElement?.toggleAttribute("hidden", where.model === null);
    this.#selects.period.parentElement?.toggleAttribute("hidden", !hasPeriod(where));
    this.#selects.sort.hidden = where.images !== "" && where.search === null; // in its own order
    for (const slider of [this.sizeSlider, this.#narrowSlider])
      if (slider.valueAsNumber !== tile) slider.value = String(tile);
    const sortNote = notes.find((note) => note.code === "sort_dropped");
    this.sortNote.textContent = sortNote?.message ?? "";
    this.sortNote.hidden = !sortNote;
  }

  #drawHeldBack(state: State) {
    const { translate, actions } = this.context;
    const count = countBeforeHeldBack(state);
    const setting = state.bootstrap?.settings.find(({ name }) => name === "civitai_host");
    const host = (state.bootstrap?.civitai_url ?? "").replace(/^https?:\/\//, "");
    const other = setting?.choices.find(({ value }) => value !== setting.value)?.value;
    const text = count
      ? translate("held_back", { host, n: count })
      : translate("held_back_all", { host });
    const ask =
      other &&
      !setting?.locked &&
      button({ action: "other-host", label: translate("held_back_ask", { host: other }) }, () =>
        actions.useHost(other),
      );
    this.heldBack.hidden = count === null;
    fill(this.heldBack, el("p", { class: "warns" }, count === null ? "" : text), ask);
  }

  #drawTypes({ bootstrap, where }: State) {
    if (!this.#types.childElementCount) {
      const label = el("span", {
        class: "dim small",
        text: this.context.translate("pick_type"),
        "aria-hidden": "true",
      });
      const looks = { type: "radio", name: "type", "data-field": "type" };
      const choices = (bootstrap?.choices.type ?? []).map(({ value, label: text }) =>
        el("label", {}, el("input", { ...looks, value }), el("span", { text })),
      );
      this.#types.append(label, el("div", {}, ...choices));
    }
    for (const input of this.#types.querySelectorAll("input")) {
      input.checked = input.value === where.type;
    }
  }

  #listChoices(state: State): Record<Name, Choice[]> {
    const { translate } = this.context;
    const { bootstrap, model, where } = state;
    const choices = bootstrap?.choices;
    const versions = (model?.versions ?? []).map(({ id, name, base_model }) => ({
      value: String(id),
      label: base_model ? `${name} · ${base_model}` : name,
    }));
    const bases = (choices?.base_models ?? []).map((name) => ({ value: name, label: name }));
    return {
      version: [{ value: "", label: translate("every_version") }, ...versions],
      sort: (choices?.sort ?? [])
        .filter(({ value }) => where.search === null || LIBRARY_SORTS.includes(value))
        .map((one) =>
          getPost(state) && one.value === "Newest"
            ? { ...one, label: translate("sort_of_post") } // then its images are in this order
            : one,
        ),
      period: choices?.period ?? [],
      level: choices?.level ?? [],
      base: [{ value: "", label: translate("any_base") }, ...bases],
    };
  }
}

function makeLabelled(words: string, field: HTMLElement) {
  return el("label", { class: "pick" }, el("span", { class: "dim small", text: words }), field);
}

function fillSelect(select: HTMLSelectElement, choices: Choice[], value: string) {
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
