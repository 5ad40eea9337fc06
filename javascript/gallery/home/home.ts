/** The page while no gallery is open: shelves, or the models that are on disk. */

import type { LocalModel } from "../contract";
import { button, el, fill, scrollBy } from "../core/dom";
import { formatDate, formatNumber } from "../core/text";
import type { LocalModelData } from "../data/home_data";
import { getModelTypeName } from "../state/model_files";
import { buildHref } from "../state/query";
import { isHome } from "../state/state";
import type { Context, State } from "../types";
import {
  makeCard,
  makeFoldersRow,
  makeHeading,
  makeLibraryShelf,
  makeNewerVersions,
  makePopular,
  makeRecent,
  makeSamples,
  makeWatches,
} from "./shelves";

const COVER = 450; // pixels, a width that thumbnails come in

class ModelGrid {
  #grid = el("div", { class: "home-grid" });
  /** the cards, and the data that they show */
  #cards = new Map<number, { of: string; card: HTMLElement }>();
  #sight;

  constructor(
    private readonly context: Context,
    private readonly data: LocalModelData,
  ) {
    this.#sight = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting || !(target instanceof HTMLElement)) continue;
        this.#sight.unobserve(target);
        this.data.resolve(Number(target.dataset.key));
      }
    });
    context.signal.addEventListener("abort", () => this.#sight.disconnect());
  }

  /** Return the shelf of model files, null if there is none. */
  makeShelf({ home }: State) {
    const { translate } = this.context;
    const { models = [], count = 0 } = home?.local_models ?? {};
    if (!count) return null;
    const cards = models.map((one) => this.#getCard(one));
    if (cards.some((card, at) => this.#grid.children[at] !== card)) {
      this.#grid.replaceChildren(...cards);
    }
    const more = { action: "more-models", label: translate("home_more_models"), class: "wide" };
    return el(
      "section",
      { class: "home-shelf", "data-shelf": "models" },
      makeHeading(
        translate("home_models"),
        formatNumber(count),
        this.#makeCheckButton(home?.newer_versions.checked_at ?? ""),
      ),
      this.#grid,
      models.length < count && button(more, () => this.data.loadMore()),
    );
  }

  #makeCheckButton(checkedAt: string) {
    const { translate } = this.context;
    const date = formatDate(checkedAt);
    const title = date && translate("newer_checked", { date });
    const look = { action: "check-versions", label: translate("newer_check"), class: "quiet" };
    return button({ ...look, title, takesFocus: true }, () => this.data.checkVersions(true));
  }

  /** Return a model file's card, reused while its data are unchanged. */
  #getCard(model: LocalModel) {
    const of = JSON.stringify(model);
    const known = this.#cards.get(model.key);
    const card = known?.of === of ? known.card : this.#makeCard(model);
    if (known && known.card !== card) this.#sight.unobserve(known.card);
    this.#cards.set(model.key, { of, card });
    card.dataset.key = String(model.key);
    if (model.can_resolve) this.#sight.observe(card); // again, where the home page was left meanwhile
    return card;
  }

  /** Return a card that opens a model's gallery, after finding the model of the file. */
  #makeCard(local: LocalModel) {
    const { key, file, kind, name, version_name, model, version, preview, cover } = local;
    const { api, actions, translate } = this.context;
    const beside = preview && api.getUrl(`local_models/${key}/preview?v=${preview}`);
    const image = beside || (cover !== null && api.getThumbUrl(cover, COVER));
    const press =
      model === null
        ? {
            action: "identify-model",
            href: buildHref(this.context, {}, local.search_words),
            open: () => this.#identify(card, local),
          }
        : {
            action: "open-model",
            href: buildHref(this.context, { model, version }),
            open: () => actions.openModel(model, version),
          };
    const card = makeCard({
      ...press,
      name: name || file,
      about: [getModelTypeName(kind, translate), version_name].filter(Boolean).join(" · "),
      images: image ? [image] : [],
      glyph: "model",
    });
    return card;
  }

  async #identify(card: HTMLElement, local: LocalModel) {
    const about = card.querySelector(".dim");
    const before = about?.textContent ?? "";
    if (about) about.textContent = this.context.translate("home_identifying");
    await this.data.identify(local);
    if (about) about.textContent = before;
  }
}

export class Home {
  #models;
  #section = el("section", { class: "home stack", hidden: true });
  #intro = el("div", { class: "home-intro stack" });
  #top = 0;
  #shelves = el("div", { class: "home-shelves" });
  #showsAllVersions = false;
  /** by name: the shelves with images, and the data that they show */
  #kept = new Map<string, { of: string; shelf: HTMLElement | null }>();

  constructor(
    private readonly context: Context,
    private readonly localModels: LocalModelData,
  ) {
    const { page, store, signal } = context;
    this.#models = new ModelGrid(context, localModels);
    this.#section.append(this.#intro, this.#shelves);
    // an image that failed is loaded anew with its shelf
    const onFailed = ({ target }: Event) => {
      this.#kept.clear();
      if (target instanceof HTMLImageElement) context.actions.checkServer(target.src);
    };
    this.#shelves.addEventListener("error", onFailed, { capture: true, signal });
    page.append(this.#section);
    store.on([isHome], (now, before) => this.#show(now, before), { signal });
    store.on(["home", "samples", "popular", "watches", "bootstrap"], (now) => this.#draw(now), {
      signal,
    });
    this.#show(store.get(), store.get());
  }

  /** Return the scroll position of the home page in pixels, or the last one while it is hidden. */
  get top() {
    if (this.#section.hidden) return this.#top;
    return -this.context.root.host.getBoundingClientRect().top;
  }

  /** Focus the first link or button below the introduction. Return whether there is any. */
  focusFirst() {
    const first = this.#shelves.querySelector("a, button");
    if (first instanceof HTMLElement) first.focus({ preventScroll: true });
    return first !== null;
  }

  /** Return the tile of one of the most liked images, null if the image has none. */
  findTile(id: number): HTMLElement | null {
    return this.#shelves.querySelector(`[data-do="open-popular"][data-id="${id}"]`);
  }

  /** Scroll the page to a position in pixels. */
  scrollTo(top: number) {
    scrollBy(this.#section, top - this.top);
  }

  #show(now: State, before: State) {
    if (!isHome(now)) this.#top = this.top;
    this.#section.hidden = !isHome(now);
    if (this.#section.hidden) return;
    this.#draw(now);
    if (!isHome(before)) scrollBy(this.#section, Math.min(0, -this.top));
  }

  #draw(now: State) {
    const { home, bootstrap } = now;
    const { translate } = this.context;
    if (this.#section.hidden || !home) return;
    const isNew = home.recent.length === 0;
    // who comes back wants the pictures
    this.#intro.classList.toggle("visually-hidden", !isNew && !bootstrap?.is_demo);
    this.#intro.replaceChildren(
      el("h2", { text: translate(isNew ? "home_welcome" : "home_title") }),
      el("p", { class: "dim", text: translate(bootstrap?.is_demo ? "home_demo" : "home_intro") }),
    );
    const { recent, watch_covers, newer_versions, local_models, ...library } = home;
    const keep = (name: string, of: unknown, make: typeof makeSamples) =>
      this.#keepShelf(name, [of, buildHref(this.context, {}), bootstrap?.language], () =>
        make(this.context, now),
      );
    const samples = keep("samples", now.samples, makeSamples);
    fill(
      this.#shelves,
      isNew && samples,
      keep("recent", recent, makeRecent),
      keep("watches", [now.watches, watch_covers], makeWatches),
      !isNew && samples,
      keep("library", [library, isNew], makeLibraryShelf),
      makeNewerVersions(this.context, now, this.#showsAllVersions, {
        dismiss: (version) => this.localModels.dismissVersion(version),
        showAll: () => {
          this.#showsAllVersions = true;
          this.#draw(this.context.store.get());
        },
      }),
      this.#models.makeShelf(now),
      keep("popular", now.popular, makePopular),
      makeFoldersRow(this.context, now),
    );
  }

  /** Return a shelf, which is made anew only if its data have changed: its images would flicker. */
  #keepShelf(name: string, data: unknown, make: () => HTMLElement | null) {
    const of = JSON.stringify(data);
    const kept = this.#kept.get(name);
    if (kept?.of === of) return kept.shelf;
    const shelf = make();
    this.#kept.set(name, { of, shelf });
    return shelf;
  }
}
