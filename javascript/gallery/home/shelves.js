/** The shelves of the home page: rows of cards for galleries and for the user's collections. */

import { button, el } from "../core/dom.js";
import { formatNumber } from "../core/format.js";
import { icon } from "../core/icons.js";
import { getModelTypeName } from "../state/model_types.js";
import { buildAddress, makeDefaultQuery, withSource } from "../state/query.js";
import { listInvitations } from "./beginnings.js";
import { makeCard, makeHeading, makeShelf } from "./cards.js";

/** @import { RecentGallery } from "../contract" */
/** @import { CardLook } from "./cards.js" */
/** @import { Context, State, WatchedGallery, Where } from "../types.js" */

const COVER = 450; // pixels, a width that thumbnails come in
const SMALL = 320;

/** Return the shelf with the demo's models, null outside of the demo.
 * @param {Context} context
 * @param {State} state */
export function makeSamples(context, { samples }) {
  const { api, actions, translate } = context;
  if (!samples.length) return null;
  const cards = samples.map(({ id, name, type, cover }) =>
    makeCard({
      action: "open-model",
      href: buildHref(context, { model: id }),
      name,
      about: getModelTypeName(type, translate),
      images: cover ? [api.getThumbUrl(cover.id, COVER)] : [],
      blurhash: cover?.blurhash,
      glyph: "model",
      open: () => actions.openModel(id),
    }),
  );
  return makeShelf("samples", translate("home_samples"), cards);
}

/** Return the shelf with the recently opened galleries, null if there are none.
 * @param {Context} context
 * @param {State} state */
export function makeRecent(context, { home }) {
  if (!home?.recent.length) return null;
  const cards = home.recent.map((one) => makeGalleryCard(context, one, one.cover));
  return makeShelf("recent", context.translate("recent_models"), cards);
}

/** Return the shelf with the watched galleries, most new images first; null if there are none.
 * @param {Context} context
 * @param {State} state */
export function makeWatches(context, { home, watches, bootstrap }) {
  const { translate, actions } = context;
  if (!watches?.galleries.length) return null;
  const cards = watches.galleries.map((one) => {
    const news = formatNumber(one.new_count, bootstrap?.language) + (one.has_more ? "…" : "");
    return makeGalleryCard(context, one, home?.watch_covers[one.gallery] ?? null, {
      badge: one.new_count ? `+${news}` : "",
      about: translate(one.new_count ? "home_watch_new" : "home_watch_seen"),
    });
  });
  const all = button({ action: "watched", label: translate("home_all"), class: "quiet" }, () =>
    actions.panel("watches"),
  );
  return makeShelf("watches", translate("open_watches"), cards, all);
}

/** Return the card of a gallery.
 * @param {Context} context
 * @param {RecentGallery | WatchedGallery} gallery
 * @param {number | null} cover  id of the image, null for an icon
 * @param {Partial<CardLook>} [more]  properties that replace those of the card */
function makeGalleryCard(context, { name, model, user, ...rest }, cover, more = {}) {
  const { api, actions, translate } = context;
  const version = "version" in rest ? rest.version : null;
  return makeCard({
    action: "open-recent",
    href: buildHref(context, user ? { user } : { model, version }),
    name,
    about: user ? translate("home_author") : "",
    images: cover === null ? [] : [api.getThumbUrl(cover, COVER)],
    glyph: "model",
    open: () => (user ? actions.openUser(user) : model && actions.openModel(model, version)),
    ...more,
  });
}

/** Return the shelf of favourites, collections, downloads and the library, null if all are empty.
 * @param {Context} context
 * @param {State} state */
export function makeLibraryShelf(context, { home }) {
  if (!home) return null;
  const { translate, api, actions } = context;
  /** Return a card that opens a search of the library. @type {(glyph: CardLook["glyph"], name: string, what: {count: number, covers: number[]}, search: string) => HTMLElement} */
  const card = (glyph, name, { count, covers }, search) =>
    makeCard({
      action: "open-kept",
      href: buildHref(context, { search }),
      name,
      about: translate("home_count", { n: count }),
      images: covers.map((id) => api.getThumbUrl(id, SMALL)),
      glyph,
      open: () => actions.openLibrary(search),
    });
  const { favourites, library, collections } = home;
  const downloads = { count: home.download_count, covers: [] };
  const cards = collections.map((one) =>
    card("folder", one.name, one, `set="${one.name.replaceAll('"', " ")}"`),
  );
  if (favourites.count)
    cards.unshift(card("heart", translate("favourites"), favourites, "is:favourite"));
  if (downloads.count)
    cards.push(card("download", translate("home_downloads_name"), downloads, "is:saved"));
  if (home.recent.length) cards.push(card("library", translate("library_title"), library, ""));
  return cards.length ? makeShelf("kept", translate("home_kept"), cards) : null;
}

/** Return cards that invite the user to try an unused feature, null if there are none.
 * @param {Context} context
 * @param {State} state */
export function makeInvitations(context, state) {
  const { translate, actions } = context;
  const invitations = listInvitations(state);
  if (!invitations.length) return null;
  const begin = {
    settings: () => actions.panel("settings"),
    collections: () => actions.panel("collections"),
    gallery: () => openSomeGallery(context),
  };
  const cards = invitations.map(({ key, glyph, title, text, button: label, begins }) => {
    const made = button({ action: `begin-${key}`, label: translate(label) }, begin[begins]);
    // several have the same label: a screen reader says what for
    const name = translate("chip_text", { name: translate(label), value: translate(title) });
    made.setAttribute("aria-label", name);
    return el(
      "div",
      { class: "home-invitation" },
      icon(glyph),
      el("h4", { text: translate(title) }),
      el("p", { class: "dim", text: translate(text) }),
      made,
    );
  });
  return el(
    "section",
    { class: "home-shelf", "data-shelf": "begin" },
    makeHeading(translate("home_begin")),
    el("div", { class: "home-invitations" }, ...cards),
  );
}

/** Open the most recent gallery, or a model of the demo, or else focus the search field.
 * @param {Context} context */
function openSomeGallery({ store, actions }) {
  const { home, samples } = store.get();
  const [recent] = home?.recent ?? [];
  if (recent?.user) return actions.openUser(recent.user);
  const model = recent?.model ?? samples[0]?.id;
  return model ? actions.openModel(model) : actions.focusFind();
}

/** Return the URL of a gallery with the current filters.
 * @param {Context} context
 * @param {Partial<Where>} source  the part of a query that names the gallery
 * @param {string} [find]  words of a model search; the URL then leads to its results */
export function buildHref({ store }, source, find = "") {
  const { bootstrap, where } = store.get();
  const usual = bootstrap ? makeDefaultQuery(bootstrap) : where;
  return buildAddress(withSource(where, source), null, usual, location.href, { find });
}
