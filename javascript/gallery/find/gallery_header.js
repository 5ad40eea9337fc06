/** What is open: the model with its creator and trigger words, or whose pictures these are. */

import { button, el } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { limitField, upTo } from "../core/limit_field.js";
import { watchable } from "../panels/watches.js";
import { sourceOf } from "../state/query.js";
import { settingOf } from "../state/state.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").Model} Model */

const LIMIT = "gallery_download_limit";
const MOST_WORDS = 24; // trigger words in sight
const SECOND_PAGE = 89; // pictures a request, as the server walks a gallery the second time

export class Head {
  #context;
  #section = el("section", { class: "head", hidden: true });
  #line = el("div", { class: "line" }); // stays: one may have scrolled it sideways
  #about = el("div", { class: "about", hidden: true });
  #unfold;
  #fold;
  #limit;
  #watch;
  #verify = el("input", { type: "checkbox", "data-field": "verify" });
  #cost = el("span", { class: "dim" });
  #sure;

  /**
   * @param {Context} context
   * @param {HTMLElement} fold  opens the filters
   */
  constructor(context, fold) {
    const { root, store, words, acts, signal } = context;
    this.#context = context;
    this.#fold = fold;
    this.#limit = this.#limitField();
    this.#unfold = button({ deed: "about", words: words("about_model"), class: "unfold" }, () =>
      this.#showAbout(this.#about.hidden === true),
    );
    this.#showAbout(false);
    const look = { deed: "watch", icon: icon("bell"), words: words("do_watch") };
    this.#watch = button({ ...look, title: words("watch_hint") }, () => acts.toggleWatch());
    const sure = el("span", { text: words("make_sure") });
    this.#sure = el("label", { class: "switch sure" }, this.#verify, sure, this.#cost);
    this.#verify.addEventListener("change", () => this.#drawCost());
    this.#limit.addEventListener("input", () => this.#drawCost());
    root.append(this.#section);
    store.on(["where", "model", "title", "found"], (now) => this.#draw(now), { signal });
    store.on(["model"], (now) => this.#drawAbout(now), { signal });
    store.on(["watched", "where"], (now) => this.#drawWatch(now), { signal });
    store.on(["hello"], (now, before) => this.#takeLimit(now, before), { signal });
    store.on(["ended"], () => this.#drawCost(), { signal });
    this.#drawCost();
    this.#draw(store.get());
    this.#drawAbout(store.get());
    this.#drawWatch(store.get());
  }

  /** @param {State} now */
  #draw(now) {
    const { where, model, found } = now;
    this.#section.hidden = !sourceOf(where) || found !== null;
    if (this.#section.hidden) return;
    const waits = where.model !== null && !model;
    const held = this.#context.root.activeElement; // its place is taken for a moment
    this.#line.replaceChildren(
      this.#deeds(where),
      this.#unfold,
      model ? this.#trained(model, where.version) : "",
    );
    this.#section.replaceChildren(this.#title(now), this.#line, this.#about);
    if (held instanceof HTMLElement && this.#section.contains(held)) held.focus();
    this.#section.toggleAttribute("data-waits", waits);
  }

  /** @param {State} now */
  #title({ where, model, title, hello }) {
    const { words } = this.#context;
    const name = model?.name ?? (title || nameOf(where, words));
    const page = model?.page ?? pageOf(where, hello?.civitai ?? "");
    return el(
      "div",
      { class: "title" },
      el(
        "div",
        { class: "name" },
        el("h2", { dir: "auto", text: name }),
        model && el("span", { class: "tag", text: model.type }),
      ),
      page && this.#link(page),
      model?.creator && this.#creator(model.creator),
    );
  }

  /** @param {string} page */
  #link(page) {
    const words = this.#context.words("see_on_civitai");
    const props = { class: "button icon quiet", href: page, target: "_blank", rel: "noreferrer" };
    return el("a", { ...props, "aria-label": words, title: words }, icon("external"));
  }

  /** @param {string} user */
  #creator(user) {
    const { words, acts } = this.#context;
    const title = words("see_creator", { user });
    return button({ deed: "open-user", words: user, title, class: "quiet" }, () =>
      acts.openUser(user),
    );
  }

  /**
   * @param {Model} model
   * @param {number | null} version
   */
  #trained({ versions }, version) {
    const shown = versions.filter((one) => version === null || one.id === version);
    const trained = [...new Set(shown.flatMap((one) => one.trained_words))].slice(0, MOST_WORDS);
    if (!trained.length) return "";
    const { words, acts } = this.#context;
    return el(
      "div",
      { class: "trained", role: "group", "aria-label": words("trained_words") },
      el("span", { class: "dim", text: words("trained_words") }),
      ...trained.map((one) =>
        button(
          {
            deed: "copy-words",
            words: one,
            title: words("copy_words", { words: one }),
            class: "chip",
          },
          () => acts.copy(one),
        ),
      ),
    );
  }

  /** @param {State} now */
  #drawAbout({ model }) {
    const { description = "", tags = [] } = model ?? {};
    this.#about.replaceChildren(
      el("p", { dir: "auto", text: description.trim() }),
      el("p", { class: "tags" }, ...tags.map((tag) => el("span", { class: "tag", text: tag }))),
    );
    this.#unfold.toggleAttribute("data-empty", !this.#about.textContent);
    this.#showAbout(false);
  }

  /** @param {boolean} isShown */
  #showAbout(isShown) {
    this.#about.hidden = !isShown;
    this.#unfold.setAttribute("aria-expanded", String(isShown));
  }

  #limitField() {
    const { store, words } = this.#context;
    const setting = store.get().hello?.settings.find((one) => one.name === LIMIT);
    const [value, high] = [Number(setting?.value ?? 100), setting?.high ?? null];
    return limitField(words, { name: "limit", label: "download_most", value, high });
  }

  /**
   * A changed setting; what was typed here stays at any other greeting of the server.
   *
   * @param {State} now
   * @param {State} before
   */
  #takeLimit(now, before) {
    const value = settingOf(now.hello, LIMIT);
    if (value === settingOf(before.hello, LIMIT)) return;
    this.#limit.value = String(value);
    this.#drawCost();
  }

  /** What a second walk asks of Civitai: known where all is loaded, else what the number allows. */
  #drawCost() {
    const { store, words } = this.#context;
    const { ended, images } = store.get();
    const limit = this.#limit.valueAsNumber || 1;
    const count = ended ? Math.min(limit, images.length) : limit;
    const n = Math.max(1, Math.ceil(count / SECOND_PAGE));
    this.#cost.textContent = this.#verify.checked ? words("make_sure_costs", { n }) : "";
    this.#sure.title = words("make_sure_hint", { n });
  }

  /** @param {import("../types.js").Where} where */
  #deeds({ model, search }) {
    const { words, acts } = this.#context;
    const look = { deed: "figures", icon: icon("figures"), words: words("figures_title") };
    const figures = button(look, () => acts.panel("figures"));
    const download = search === null && this.#download();
    const own = model !== null && figures;
    const sure = search === null && this.#sure;
    return el("div", { class: "deeds" }, this.#fold, this.#watch, own, download, sure);
  }

  /** @param {State} now */
  #drawWatch({ where, watched }) {
    const { words } = this.#context;
    const gallery = watchable(where);
    const isWatched = watched?.galleries.some((one) => one.gallery === gallery) ?? false;
    const label = this.#watch.querySelector("span");
    if (label) label.textContent = words(isWatched ? "is_watched" : "do_watch");
    this.#watch.toggleAttribute("data-on", isWatched);
    const isKnown = watched && (watched.galleries.length > 0 || !watched.problem);
    this.#watch.hidden = !gallery || !isKnown;
  }

  #download() {
    const { words, acts } = this.#context;
    const start = button(
      { deed: "download-gallery", icon: icon("download"), words: words("download_whole") },
      () =>
        this.#limit.reportValidity() &&
        acts.downloadGallery(this.#limit.valueAsNumber, this.#verify.checked),
    );
    return upTo(words, this.#limit, start);
  }
}

/**
 * @param {import("../types.js").Where} where
 * @param {import("../types.js").Words} words
 */
function nameOf({ user, post, search }, words) {
  if (!user && post === null && search !== null) return words("search_kept");
  if (user) return words("pictures_by", { user });
  return post === null ? "…" : words("post_number", { id: post });
}

/**
 * @param {import("../types.js").Where} where
 * @param {string} civitai
 */
function pageOf({ user, post }, civitai) {
  if (user) return `${civitai}/user/${encodeURIComponent(user)}`;
  return post === null ? "" : `${civitai}/posts/${post}`;
}
