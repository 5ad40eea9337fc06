/**
 * Lists the invitations of the home page: one for each feature that the user has not used yet.
 * Pure.
 */

import type { IconName } from "../core/icons";
import type { State } from "../types";

/** Title, text and button are keys of texts. */
interface Invitation {
  key: string;
  glyph: IconName;
  title: string;
  text: string; // one sentence that says what the thing is for
  button: string;
  begins: "settings" | "gallery" | "collections"; // what the button does
}

const OPEN = { button: "home_open_gallery", begins: "gallery" } as const;
const ALL: Record<string, Invitation> = {
  folders: {
    key: "models",
    glyph: "model",
    title: "home_models",
    text: "home_folders_for",
    button: "home_folders",
    begins: "settings",
  },
  models: { key: "models", glyph: "model", title: "home_models", text: "home_models_for", ...OPEN },
  watches: {
    key: "watches",
    glyph: "bell",
    title: "home_watches",
    text: "home_watches_for",
    ...OPEN,
  },
  favourites: {
    key: "favourites",
    glyph: "heart",
    title: "home_favourites",
    text: "home_favourites_for",
    ...OPEN,
  },
  collections: {
    key: "collections",
    glyph: "folder",
    title: "home_collections",
    text: "home_collections_for",
    button: "home_new_collection",
    begins: "collections",
  },
  library: {
    key: "library",
    glyph: "library",
    title: "home_library",
    text: "home_library_for",
    ...OPEN,
  },
  downloads: {
    key: "downloads",
    glyph: "download",
    title: "home_downloads",
    text: "home_downloads_for",
    ...OPEN,
  },
};

/** Return an invitation for each feature that the user has not used yet. */
export function listInvitations({
  home,
  watches,
  bootstrap,
}: Pick<State, "home" | "watches" | "bootstrap">): Invitation[] {
  if (!home) return [];
  const isEmpty = {
    folders: !home.local_models.count && !bootstrap?.host.has_models,
    models: !home.local_models.count && bootstrap?.host.has_models,
    watches: !watches?.galleries.length,
    favourites: !home.favourites.count,
    collections: !home.collections.length,
    library: !home.recent.length, // until then it has only covers that were shown here
    downloads: !home.download_count,
  };
  return Object.entries(isEmpty).flatMap(([name, isInvited]) => (isInvited ? ALL[name] : []));
}
