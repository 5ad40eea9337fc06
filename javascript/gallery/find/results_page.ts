/** The models that a search found, as cards instead of the gallery. */

import type { ModelCard } from "../contract";
import { showBlurhash } from "../core/blurhash";
import { button, el, fill, onPlainClick, scrollBy } from "../core/dom";
import { getModelTypeName } from "../state/model_files";
import { buildHref, getSource } from "../state/query";
import type { Context, State } from "../types";

const MOST_LETTERS = 100; // of a search that are repeated
const COVER = 450; // pixels, a width that thumbnails come in

export function makeResultsPage(context: Context) {
  const { actions, api, page, root, signal, store, translate } = context;
  const section = el("section", { class: "model-results stack", hidden: true });
  const grid = el("div", { class: "cards" });
  /** the models that have a card */
  let drawn: readonly ModelCard[] = [];
  let lastTop = 0;
  page.append(section);
  store.on(["results"], draw, { signal });

  /** Return how far the results are scrolled, in pixels. */
  function getTop() {
    if (section.hidden) return lastTop;
    return -root.host.getBoundingClientRect().top;
  }

  /** Scroll the results back to a position, and focus the card of a model by its id. */
  function revealCard(id: number | null, top: number) {
    scrollBy(section, top - getTop());
    const cards = [...grid.children];
    const card = cards.find((one) => one instanceof HTMLElement && one.dataset.id === String(id));
    if (card instanceof HTMLElement) card.focus({ preventScroll: true });
  }

  /** Focus the first model or else the first button. Return whether there is any. */
  function focusFirst() {
    const first = grid.querySelector("a") ?? section.querySelector("button.wide");
    if (first instanceof HTMLElement) first.focus({ preventScroll: true });
    return first !== null;
  }

  function draw({ results, where }: State) {
    if (!results) lastTop = getTop();
    section.hidden = results === null;
    if (!results) return;
    const letters = [...results.query];
    const isLong = letters.length > MOST_LETTERS;
    const title = translate(results.models.length ? "models_for" : "no_model_for", {
      words: isLong ? `${letters.slice(0, MOST_LETTERS).join("")}…` : results.query,
    });
    section.toggleAttribute("data-empty", !results.models.length);
    const look = { action: "close-found", label: translate("back_to_gallery") };
    const back = button({ ...look, icon: "previous" }, () => actions.closeResults());
    const more = { action: "find-more", label: translate("more_models"), class: "wide" };
    const inLibrary = { action: "search-library", icon: "library" } as const;
    const { cursor } = results;
    fill(
      section,
      el(
        "div",
        { class: "row" },
        el("h2", { text: title, dir: "auto" }),
        results.models.length > 0 && getSource(where) !== "" && back,
      ),
      grid,
      !results.models.length &&
        button({ ...inLibrary, label: translate("search_library"), class: "wide" }, () =>
          actions.search(results.query, "all"),
        ),
      cursor !== null && button(more, () => actions.findMore(cursor)),
    );
    const { models } = results;
    if (models[0] !== drawn[0] || models.length < drawn.length) {
      grid.replaceChildren();
      drawn = [];
      scrollBy(section, Math.min(0, -getTop())); // other results are shown from the first
    }
    grid.append(...models.slice(drawn.length).map(makeCard));
    drawn = models;
  }

  function makeCard(card: ModelCard) {
    const link = el(
      "a",
      {
        class: "card",
        href: buildHref(context, { model: card.id }),
        "data-do": "open-model",
        "data-id": card.id,
      },
      makeCover(card),
      el("span", { class: "name clamp", dir: "auto", text: card.name }),
      el("span", {
        class: "dim one-line small",
        dir: "auto",
        text: [getModelTypeName(card.type, translate), card.creator].filter(Boolean).join(" · "),
      }),
      el(
        "span",
        { class: "row" },
        ...card.base_models.slice(0, 3).map((base) => el("span", { class: "tag", text: base })),
      ),
    );
    onPlainClick(link, () => actions.openModel(card.id));
    return link;
  }

  function makeCover({ cover }: ModelCard) {
    const frame = el("span", { class: "cover" });
    if (!cover) return frame;
    const image = el("img", { alt: "", loading: "lazy", decoding: "async" });
    image.addEventListener("load", () => image.setAttribute("data-shows", ""));
    image.src = api.getThumbUrl(cover.id, COVER);
    showBlurhash(frame, cover.blurhash);
    frame.append(image);
    return frame;
  }
  return { getTop, revealCard, focusFirst };
}

export type ResultsPage = ReturnType<typeof makeResultsPage>;
