/** The models on this machine as cards. Those that become visible are looked up on Civitai. */

import type { LocalModel } from "../contract";
import { button, el } from "../core/dom";
import { formatNumber } from "../core/format";
import type { LocalModelData } from "../data/local_models";
import { getModelTypeName } from "../state/model_types";
import type { Context, State } from "../types";
import { makeCard, makeHeading } from "./cards";
import { buildHref } from "./shelves";

const COVER = 450; // pixels, a width that thumbnails come in

export class ModelGrid {
  #context;
  #data;
  #grid = el("div", { class: "home-grid" });
  /** the cards, and the data that they show */
  #cards: Map<number, { of: string; card: HTMLElement }> = new Map();
  #sight;

  constructor(context: Context, data: LocalModelData) {
    this.#context = context;
    this.#data = data;
    this.#sight = new IntersectionObserver((entries) => this.#onSight(entries));
    context.signal.addEventListener("abort", () => this.#sight.disconnect());
  }

  /** Return the shelf of model files, null if there is none. */
  makeShelf({ home, bootstrap }: State) {
    const { translate } = this.#context;
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
      makeHeading(translate("home_models"), formatNumber(count, bootstrap?.language)),
      this.#grid,
      models.length < count && button(more, () => this.#data.loadMore()),
    );
  }

  /** Return the card of a model file. The element is reused while the data are unchanged. */
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

  /** Return a card that opens a model's gallery. The card of a file whose model is not known yet
   * finds the model first. */
  #makeCard(local: LocalModel) {
    const { key, file, kind, name, version_name, model, version, preview, cover } = local;
    const { api, actions, translate } = this.#context;
    const beside = preview && api.getUrl(`local_models/${key}/preview?v=${preview}`);
    const image = beside || (cover !== null && api.getThumbUrl(cover, COVER));
    const press =
      model === null
        ? {
            action: "identify-model",
            href: buildHref(this.#context, {}, local.search_words),
            open: () => this.#identify(card, local),
          }
        : {
            action: "open-model",
            href: buildHref(this.#context, { model, version }),
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

  /** Find the model of a file and open the model's gallery. Meanwhile, the card says so. */
  async #identify(card: HTMLElement, local: LocalModel) {
    const about = card.querySelector(".dim");
    const before = about?.textContent ?? "";
    if (about) about.textContent = this.#context.translate("home_identifying");
    await this.#data.identify(local);
    if (about) about.textContent = before;
  }

  /** Find the models of the model files whose cards have become visible. */
  #onSight(entries: IntersectionObserverEntry[]) {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting || !(target instanceof HTMLElement)) continue;
      this.#sight.unobserve(target);
      this.#data.resolve(Number(target.dataset.key));
    }
  }
}
