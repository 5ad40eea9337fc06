/**
 * The header of the open gallery: the model with its creator and trigger words, or the user or
 * post.
 */

import { button, el } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { makeLimitField, makeLimitForm } from "../core/limit_field.js";
import { GetModel } from "../model_files/get_model.js";
import { getWatchKey } from "../panels/watches.js";
import { getSource } from "../state/query.js";
import { getSetting } from "../state/state.js";
import { getGalleryName } from "./gallery_name.js";

/** @import { Context, Model, State } from "../types.js" */

const LIMIT = "gallery_download_limit";
const MOST_WORDS = 24; // trigger words in sight
const SECOND_PAGE = 89; // images a request, as the server walks a gallery the second time

export class GalleryHeader {
  #context;
  #section = el("section", { class: "gallery-header", hidden: true });
  #line = el("div", { class: "line" }); // kept, for the user may have scrolled it sideways
  #about = el("div", { class: "about", hidden: true });
  #unfold;
  #fold;
  #limit;
  #getModel;
  #watch;
  #verify = el("input", { type: "checkbox", "data-field": "verify" });
  #cost = el("span", { class: "dim" });
  #verifyLabel;

  /** @param {Context} context
   * @param {HTMLElement} fold  the button that opens the filters */
  constructor(context, fold) {
    const { page, store, words, actions, signal } = context;
    this.#context = context;
    this.#fold = fold;
    this.#limit = this.#limitField();
    this.#getModel = new GetModel(context);
    this.#unfold = button(
      { action: "about", words: words("about_model"), class: "unfold plain" },
      () => this.#showAbout(this.#about.hidden === true),
    );
    this.#showAbout(false);
    const look = { action: "watch", icon: icon("bell"), words: words("do_watch") };
    this.#watch = button({ ...look, title: words("watch_hint") }, () => actions.toggleWatch());
    const verifyLabel = el("span", { text: words("make_sure") });
    this.#verifyLabel = el("label", { class: "switch" }, this.#verify, verifyLabel, this.#cost);
    this.#verify.addEventListener("change", () => this.#drawCost());
    this.#limit.addEventListener("input", () => this.#drawCost());
    page.append(this.#section);
    store.on(["where", "model", "title", "results"], (now) => this.#draw(now), { signal });
    store.on(["model"], (now) => this.#drawAbout(now), { signal });
    store.on(["watches", "where"], (now) => this.#drawWatch(now), { signal });
    store.on(["bootstrap"], (now, before) => this.#updateLimit(now, before), { signal });
    store.on(["ended"], () => this.#drawCost(), { signal });
    this.#drawCost();
    this.#draw(store.get());
    this.#drawAbout(store.get());
    this.#drawWatch(store.get());
  }

  /** Show the header of the open gallery. @param {State} now */
  #draw(now) {
    const { where, model, results } = now;
    this.#section.hidden = !getSource(where) || results !== null;
    if (this.#section.hidden) return;
    const waits = where.model !== null && !model;
    const focused = this.#context.root.activeElement; // its place is taken for a moment
    this.#line.replaceChildren(
      this.#makeActions(where),
      this.#unfold,
      model ? this.#triggerWords(model, where.version) : "",
    );
    this.#section.replaceChildren(this.#title(now), this.#line, this.#about);
    if (focused instanceof HTMLElement && this.#section.contains(focused)) focused.focus();
    this.#section.toggleAttribute("data-waits", waits);
  }

  /** Return the gallery's name with its link and creator. @param {State} now */
  #title({ where, model, title, bootstrap }) {
    const { words } = this.#context;
    const name = getGalleryName({ where, model, title }, words);
    const url = model?.url ?? buildGalleryUrl(where, bootstrap?.civitai_url ?? "");
    return el(
      "div",
      { class: "title" },
      el(
        "div",
        { class: "name" },
        el("h2", { dir: "auto", text: name }),
        model && el("span", { class: "tag", text: model.type }),
      ),
      url && this.#makeLink(url),
      model?.creator && this.#makeCreatorButton(model.creator),
    );
  }

  /** Return the link to the gallery on Civitai. @param {string} url */
  #makeLink(url) {
    const words = this.#context.words("see_on_civitai");
    const props = { class: "button icon quiet", href: url, target: "_blank", rel: "noreferrer" };
    return el("a", { ...props, "aria-label": words, title: words }, icon("external"));
  }

  /** Return a button that opens the creator's gallery. @param {string} user */
  #makeCreatorButton(user) {
    const { words, actions } = this.#context;
    const title = words("see_creator", { user });
    return button({ action: "open-user", words: user, title, class: "quiet" }, () =>
      actions.openUser(user),
    );
  }

  /** Return the trigger words of a version, or of all versions, to copy by a click.
   * @param {Model} model
   * @param {number | null} version */
  #triggerWords({ versions }, version) {
    const shown = versions.filter((one) => version === null || one.id === version);
    const triggers = [...new Set(shown.flatMap((one) => one.trained_words))].slice(0, MOST_WORDS);
    if (!triggers.length) return "";
    const { words, actions } = this.#context;
    return el(
      "div",
      { class: "trigger-words", role: "group", "aria-label": words("trained_words") },
      el("span", { class: "dim", text: words("trained_words") }),
      ...triggers.map((one) =>
        button(
          {
            action: "copy-words",
            words: one,
            title: words("copy_words", { words: one }),
            class: "chip",
          },
          () => actions.copy(one),
        ),
      ),
    );
  }

  /** @param {State} now */
  #drawAbout({ model }) {
    const { description = "", tags = [] } = model ?? {};
    this.#about.replaceChildren(
      el("p", { dir: "auto", text: description.trim() }),
      el("p", { class: "row" }, ...tags.map((tag) => el("span", { class: "tag", text: tag }))),
    );
    this.#unfold.toggleAttribute("data-empty", !this.#about.textContent);
    this.#showAbout(false);
  }

  /** Show or hide the model's description. @param {boolean} isShown */
  #showAbout(isShown) {
    this.#about.hidden = !isShown;
    this.#unfold.setAttribute("aria-expanded", String(isShown));
  }

  #limitField() {
    const { store, words } = this.#context;
    const setting = store.get().bootstrap?.settings.find((one) => one.name === LIMIT);
    const [value, high] = [Number(setting?.value ?? 100), setting?.high ?? null];
    return makeLimitField(words, { name: "limit", label: "download_most", value, high });
  }

  /** Show a changed setting in the limit field, without overwriting what the user has typed.
   * @param {State} now
   * @param {State} before */
  #updateLimit(now, before) {
    const value = getSetting(now.bootstrap, LIMIT);
    if (value === getSetting(before.bootstrap, LIMIT)) return;
    this.#limit.value = String(value);
    this.#drawCost();
  }

  /** Show how many requests it takes to read the gallery a second time. */
  #drawCost() {
    const { store, words } = this.#context;
    const { ended, images } = store.get();
    const limit = this.#limit.valueAsNumber || 1;
    const count = ended ? Math.min(limit, images.length) : limit;
    const n = Math.max(1, Math.ceil(count / SECOND_PAGE));
    this.#cost.textContent = this.#verify.checked ? words("make_sure_costs", { n }) : "";
    this.#verifyLabel.title = words("make_sure_hint", { n });
  }

  /** Return the buttons of the gallery. @param {import("../types.js").Where} where */
  #makeActions({ model, search }) {
    const { words, actions } = this.#context;
    const look = { action: "figures", icon: icon("stats"), words: words("stats_title") };
    const statsButton = button(look, () => actions.panel("stats"));
    const download = search === null && this.#download();
    const stats = model !== null && statsButton;
    const getModel = model !== null && this.#getModel.element;
    const verifyLabel = search === null && this.#verifyLabel;
    return el(
      "div",
      { class: "actions" },
      this.#fold,
      getModel,
      this.#watch,
      stats,
      download,
      verifyLabel,
    );
  }

  /** Show whether the gallery is watched. @param {State} now */
  #drawWatch({ where, watches }) {
    const { words } = this.#context;
    const gallery = getWatchKey(where);
    const isWatched = watches?.galleries.some((one) => one.gallery === gallery) ?? false;
    const label = this.#watch.querySelector("span");
    if (label) label.textContent = words(isWatched ? "is_watched" : "do_watch");
    this.#watch.toggleAttribute("data-on", isWatched);
    const isKnown = watches && (watches.galleries.length > 0 || !watches.problem);
    this.#watch.hidden = !gallery || !isKnown;
  }

  #download() {
    const { words, actions } = this.#context;
    const start = button(
      { action: "download-gallery", icon: icon("download"), words: words("download_whole") },
      () =>
        this.#limit.reportValidity() &&
        actions.downloadGallery(this.#limit.valueAsNumber, this.#verify.checked),
    );
    return makeLimitForm(words, this.#limit, start);
  }
}

/** Return the URL of a user or post on Civitai, "" for anything else.
 * @param {import("../types.js").Where} where
 * @param {string} civitai */
function buildGalleryUrl({ user, post }, civitai) {
  if (user) return `${civitai}/user/${encodeURIComponent(user)}`;
  return post === null ? "" : `${civitai}/posts/${post}`;
}
