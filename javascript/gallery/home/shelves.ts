/** The shelves of Home: what each one shows, and the links its cards are. */

import type { ImageView, NewerVersionView, RecentGallery, WatchedGallery } from "../contract";
import { showBlurhash } from "../core/blurhash";
import { button, el, type IconName, icon, onPlainClick } from "../core/dom";
import { formatDate, formatNumber } from "../core/text";
import { getAspectRatio } from "../grid/layout";
import { describeImage } from "../grid/tile";
import { getModelTypeName, makeNeedsQuery } from "../state/model_files";
import { buildHref, makeCollectionSearch } from "../state/query";
import type { Context, State, Where } from "../types";

interface CardLook {
  action: string; // the card's `data-do`
  href: string;
  name: string;
  about?: string; // a line below the name
  images: string[]; // URLs: one, or up to four that are shown as a square
  blurhash?: string; // shown until the only image is loaded
  glyph: IconName; // shown if there is no image
  badge?: string;
  open?: () => unknown;
}

/** Return a card. A plain click opens it in this page; the browser handles other clicks. */
export function makeCard({
  action,
  href,
  name,
  about,
  images,
  blurhash,
  glyph,
  badge,
  open,
}: CardLook) {
  const card = el(
    "a",
    { class: "home-card", "data-do": action, href, title: name },
    makeCover(images, glyph, blurhash),
    el("span", { class: "name clamp", dir: "auto", text: name }),
    about ? el("span", { class: "dim one-line small", dir: "auto", text: about }) : null,
    badge ? el("span", { class: "badge", text: badge }) : null,
  );
  onPlainClick(card, () => open?.());
  return card;
}

function makeCover(urls: string[], glyph: IconName, blurhash?: string) {
  const frame = el("span", { class: "home-cover" }, icon(glyph));
  const images = el("span", { class: "home-images" });
  if (blurhash) showBlurhash(images, blurhash);
  for (const url of urls) {
    const image = el("img", { alt: "", loading: "lazy", decoding: "async", draggable: "false" });
    image.addEventListener("load", () => image.setAttribute("data-shows", ""));
    image.addEventListener("error", () => image.remove()); // the icon below it is seen
    image.src = url;
    images.append(image);
  }
  frame.append(images);
  return frame;
}

function makeShelf(key: string, title: string, cards: HTMLElement[], more?: HTMLElement) {
  return el(
    "section",
    { class: "home-shelf", "data-shelf": key },
    makeHeading(title, "", more),
    el("div", { class: "home-row" }, ...cards),
  );
}

/** Return the heading of a shelf. */
export function makeHeading(title: string, count?: string, more?: HTMLElement) {
  return el(
    "div",
    { class: "row" },
    el("h3", { text: title }),
    count ? el("span", { class: "dim", text: count }) : null,
    more,
  );
}

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
export function makeWatches(context: Context, { home, watches }: State) {
  const { translate, actions } = context;
  if (!watches?.galleries.length) return null;
  const cards = watches.galleries.map((one) => {
    const news = formatNumber(one.new_count) + (one.has_more ? "…" : "");
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

/** Return the shelf of favourites, collections, downloads and the library, if any. */
export function makeLibraryShelf(context: Context, { home }: State) {
  if (!home) return null;
  const { translate, api, actions } = context;
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
  const { favourites, library, downloads, collections } = home;
  const cards = collections.map((one) =>
    card("folder", one.name, one, makeCollectionSearch(one.name)),
  );
  if (favourites.count)
    cards.unshift(card("heart", translate("favourites"), favourites, "is:favourite"));
  if (downloads.count)
    cards.push(card("download", translate("home_downloads_name"), downloads, "is:saved"));
  if (home.recent.length) cards.push(card("library", translate("library_title"), library, ""));
  return cards.length ? makeShelf("kept", translate("home_kept"), cards) : null;
}

const FEW_VERSIONS = 4; // newer versions in sight before the user asks for all

/** Return the shelf with newer versions of the models on disk, null if there are none. */
export function makeNewerVersions(
  context: Context,
  { home }: State,
  showsAll: boolean,
  does: { dismiss: (version: NewerVersionView) => unknown; showAll: () => void },
) {
  const { translate } = context;
  const all = home?.newer_versions.versions ?? [];
  if (!all.length) return null;
  const shown = showsAll ? all : all.slice(0, FEW_VERSIONS);
  const more = {
    action: "all-versions",
    label: translate("newer_show_all", { n: all.length }),
    class: "wide",
  };
  return el(
    "section",
    { class: "home-shelf", "data-shelf": "versions" },
    makeHeading(translate("newer_title"), String(all.length)),
    el(
      "ul",
      { class: "home-versions" },
      ...shown.map((one) => makeNewerVersion(context, one, does.dismiss)),
    ),
    shown.length < all.length && button(more, () => does.showAll()),
  );
}

function makeNewerVersion(
  context: Context,
  newer: NewerVersionView,
  dismiss: (version: NewerVersionView) => unknown,
) {
  const { translate, actions } = context;
  const { model, version, name, version_name, here, date, base_model, about, remarks } = newer;
  const title = `${name} ${version_name}`;
  const get = { action: "get-version", icon: "download", label: translate("model_get") } as const;
  const getButton = button(get, () => actions.listNeeds(makeNeedsQuery({ model, version })));
  getButton.setAttribute(
    "aria-label",
    translate("model_get_name", { label: get.label, name: title }),
  );
  const not = { action: "dismiss-version", label: translate("newer_not_this"), class: "quiet" };
  const dismissButton = button({ ...not, takesFocus: true }, () => dismiss(newer));
  dismissButton.setAttribute(
    "aria-label",
    translate("model_get_name", { label: not.label, name: title }),
  );
  return el(
    "li",
    { class: "stack", "data-version": version },
    el(
      "div",
      {},
      makeLink(context, { model, version }, title, () => actions.openModel(model, version)),
      el(
        "p",
        { class: "dim", dir: "auto" },
        [formatDate(date, false), base_model, translate("newer_instead_of", { name: here })]
          .filter(Boolean)
          .join(" · "),
      ),
      about && el("p", { class: "about clamp", dir: "auto", text: about }),
      ...remarks.map((remark) => el("p", { class: "warns", dir: "auto", text: remark })),
    ),
    el("div", { class: "row" }, getButton, dismissButton),
  );
}

/** Return the row that asks for the folders of model files, null if they are known. */
export function makeFoldersRow({ translate, actions }: Context, { home, bootstrap }: State) {
  if (home?.local_models.count || bootstrap?.has_models) return null;
  const look = {
    action: "begin-models",
    label: translate("home_folders"),
    icon: "folder",
  } as const;
  return el(
    "section",
    { class: "home-shelf", "data-shelf": "folders" },
    makeHeading(translate("home_models")),
    el(
      "div",
      { class: "row" },
      el("p", { class: "dim", text: translate("home_folders_for") }),
      button(look, () => actions.panel("settings")),
    ),
  );
}

/** Return this week's most liked images in rows of equal height, null if there are none. */
export function makePopular(context: Context, { popular }: State) {
  if (!popular.length) return null;
  return el(
    "section",
    { class: "home-shelf", "data-shelf": "popular" },
    makeHeading(context.translate("home_popular")),
    el("div", { class: "home-pictures" }, ...popular.map((view) => makePicture(context, view))),
  );
}

function makePicture(context: Context, view: ImageView) {
  const { api, actions, translate } = context;
  const { id, user, reactions } = view;
  const image = el("img", { alt: "", loading: "lazy", decoding: "async", draggable: "false" });
  image.src = api.getThumbUrl(id, COVER);
  image.addEventListener("error", () => image.remove()); // the blurhash below it is seen
  const name = describeImage(view, false, translate);
  const open = el(
    "button",
    {
      class: "plain",
      "data-do": "open-popular",
      "data-id": id,
      "aria-label": name,
      on: { click: () => actions.open(id) },
    },
    image,
  );
  showBlurhash(open, view.blurhash);
  const ratio = getAspectRatio(view);
  const number = formatNumber(reactions);
  const author = user
    ? makeLink(context, { user }, user, () => actions.openUser(user))
    : el("span");
  const about = el(
    "figcaption",
    { class: "row" },
    author,
    icon("like"),
    el("span", { text: number }),
  );
  const tile = el("figure", {}, open, about);
  tile.style.setProperty("--ratio", String(ratio));
  return tile;
}

function makeLink(context: Context, source: Partial<Where>, text: string, open: () => unknown) {
  const link = el("a", { class: "one-line", dir: "auto", href: buildHref(context, source), text });
  onPlainClick(link, open);
  return link;
}
