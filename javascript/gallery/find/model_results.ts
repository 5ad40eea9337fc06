/** The models that a search found, as cards instead of the gallery. */

import type { ModelCard } from "../contract";
import { showBlurhash } from "../core/blurhash";
import { button, el, fill, scrollBy } from "../core/dom";
import { getModelTypeName } from "../state/model_files";
import { getSource } from "../state/query";
import type { Context, State } from "../types";

const COVER = 450; // pixels, a width that thumbnails come in

export class ModelResultCards {
  #section = el("section", { class: "model-results", hidden: true });
  #cards = el("div", { class: "cards" });
  /** the models that have a card */
  #drawn: readonly ModelCard[] = [];
  #top = 0;

  constructor(private readonly context: Context) {
    const { page, store, signal } = context;
    page.append(this.#section);
    store.on(["results"], (now) => this.#draw(now), { signal });
  }

  /** Return how far the results are scrolled, in pixels. */
  get top() {
    if (this.#section.hidden) return this.#top;
    return -this.context.root.host.getBoundingClientRect().top;
  }

  /** Scroll the results back to a position, and focus the card of a model by its id. */
  revealCard(id: number | null, top: number) {
    scrollBy(this.#section, top - this.top);
    const cards = [...this.#cards.children];
    const card = cards.find((one) => one instanceof HTMLElement && one.dataset.id === String(id));
    if (card instanceof HTMLElement) card.focus({ preventScroll: true });
  }

  /** Focus the first model or else the first button. Return whether there is any. */
  focusFirst() {
    const first = this.#cards.querySelector("button") ?? this.#section.querySelector("button.wide");
    if (first instanceof HTMLElement) first.focus({ preventScroll: true });
    return first !== null;
  }

  #draw({ results, where }: State) {
    if (!results) this.#top = this.top;
    this.#section.hidden = results === null;
    if (!results) return;
    const { translate, actions } = this.context;
    const title = translate(results.models.length ? "models_for" : "no_model_for", {
      words: results.query,
    });
    this.#section.toggleAttribute("data-empty", !results.models.length);
    const look = { action: "close-found", label: translate("back_to_gallery") };
    const back = button({ ...look, icon: "previous" }, () => actions.closeResults());
    const more = { action: "find-more", label: translate("more_models"), class: "wide" };
    const inLibrary = { action: "search-library", icon: "library" } as const;
    const { cursor } = results;
    fill(
      this.#section,
      el(
        "div",
        { class: "row" },
        el("h2", { text: title, dir: "auto" }),
        results.models.length > 0 && getSource(where) !== "" && back,
      ),
      this.#cards,
      !results.models.length &&
        button({ ...inLibrary, label: translate("search_library"), class: "wide" }, () =>
          actions.search(results.query, "all"),
        ),
      cursor !== null && button(more, () => actions.findMore(cursor)),
    );
    const { models } = results;
    if (models[0] !== this.#drawn[0] || models.length < this.#drawn.length) {
      this.#cards.replaceChildren();
      this.#drawn = [];
      scrollBy(this.#section, Math.min(0, -this.top)); // other results are shown from the first
    }
    this.#cards.append(...models.slice(this.#drawn.length).map((card) => this.#makeCard(card)));
    this.#drawn = models;
  }

  #makeCard(card: ModelCard) {
    const { actions, translate } = this.context;
    return el(
      "button",
      {
        type: "button",
        class: "card plain",
        "data-do": "open-model",
        "data-id": card.id,
        on: { click: () => void actions.openModel(card.id) },
      },
      this.#makeCover(card),
      el("span", { class: "name clamp", dir: "auto", text: card.name }),
      el("span", {
        class: "dim one-line",
        dir: "auto",
        text: [getModelTypeName(card.type, translate), card.creator].filter(Boolean).join(" · "),
      }),
      el(
        "span",
        { class: "row" },
        ...card.base_models.slice(0, 3).map((base) => el("span", { class: "tag", text: base })),
      ),
    );
  }

  #makeCover({ cover }: ModelCard) {
    const frame = el("span", { class: "cover" });
    if (!cover) return frame;
    const image = el("img", { alt: "", loading: "lazy", decoding: "async" });
    image.addEventListener("load", () => image.setAttribute("data-shows", ""));
    image.src = this.context.api.getThumbUrl(cover.id, COVER);
    showBlurhash(frame, cover.blurhash);
    frame.append(image);
    return frame;
  }
}
