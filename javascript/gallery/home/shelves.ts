/** The shelves of the home page: rows of cards for galleries and for the user's collections. */

import type { RecentGallery } from "../contract";
import { button, el } from "../core/dom";
import { formatNumber } from "../core/format";
import { icon } from "../core/icons";
import { getModelTypeName } from "../state/model_types";
import { buildAddress, makeDefaultQuery, withSource } from "../state/query";
import type { Context, State, WatchedGallery, Where } from "../types";
import { listInvitations } from "./beginnings";
import { type CardLook, makeCard, makeHeading, makeShelf } from "./cards";

const COVER = 450; // pixels, a width that thumbnails come in
const SMALL = 320;

/** Return the shelf with the demo's models, null outside of the demo. */
export function makeSamples(context: Context, { samples }: State) {
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

/** Return the shelf with the recently opened galleries, null if there are none. */
export function makeRecent(context: Context, { home }: State) {
  if (!home?.recent.length) return null;
  const cards = home.recent.map((one) => makeGalleryCard(context, one, one.cover));
  return makeShelf("recent", context.translate("recent_models"), cards);
}

/** Return the shelf with the watched galleries, most new images first; null if there are none. */
export function makeWatches(context: Context, { home, watches, bootstrap }: State) {
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
 * @param cover id of the image, null for an icon
 * @param more properties that replace those of the card */
function makeGalleryCard(
  context: Context,
  { name, model, user, ...rest }: RecentGallery | WatchedGallery,
  cover: number | null,
  more: Partial<CardLook> = {},
) {
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

/** Return the shelf of favourites, collections, downloads and the library, null if all are empty. */
export function makeLibraryShelf(context: Context, { home }: State) {
  if (!home) return null;
  const { translate, api, actions } = context;
  /** Return a card that opens a search of the library. */
  const card: (
    glyph: CardLook["glyph"],
    name: string,
    what: { count: number; covers: number[] },
    search: string,
  ) => HTMLElement = (glyph, name, { count, covers }, search) =>
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

/** Return cards that invite the user to try an unused feature, null if there are none. */
export function makeInvitations(context: Context, state: State) {
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

/** Open the most recent gallery, or a model of the demo, or else focus the search field. */
function openSomeGallery({ store, actions }: Context) {
  const { home, samples } = store.get();
  const [recent] = home?.recent ?? [];
  if (recent?.user) return actions.openUser(recent.user);
  const model = recent?.model ?? samples[0]?.id;
  return model ? actions.openModel(model) : actions.focusFind();
}

/** Return the URL of a gallery with the current filters.
 * @param source the part of a query that names the gallery
 * @param find words of a model search; the URL then leads to its results */
export function buildHref({ store }: Context, source: Partial<Where>, find: string = "") {
  const { bootstrap, where } = store.get();
  const usual = bootstrap ? makeDefaultQuery(bootstrap) : where;
  return buildAddress(withSource(where, source), null, usual, location.href, { find });
}
