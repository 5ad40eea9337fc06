/**
 * The sentence below the search field: which other scope was searched, and which words were
 * ignored.
 */

import { button, el, setText } from "../core/dom";
import { formatNumber } from "../core/format";
import type { Context, State, Translate, WidenedSearch } from "../types";

/** Return an element that says which other scope was searched and which words were ignored, with a
 * button that continues the search in its first scope. */
export function makeSearchMessage(context: Context) {
  const { store, translate, actions } = context;
  const sentence = el("p", { role: "status", dir: "auto" });
  const look = { action: "search-on", label: translate("search_on"), class: "chip" };
  const on = button(look, () => void actions.searchOn());
  const element = el("div", { class: "search-message row" }, sentence, on);
  const draw = ({ widened, notes, results, bootstrap }: State) => {
    const ignored = notes.find(({ code }) => code === "search")?.message ?? "";
    const wider = widened ? describe(widened, bootstrap?.language, translate) : "";
    const text = results ? "" : [wider, ignored].filter(Boolean).join(" ");
    setText(sentence, text);
    on.hidden = widened?.from !== "loaded";
    element.hidden = !text;
  };
  store.on(["widened", "notes", "results", "where"], draw, context);
  draw(store.get());
  return element;
}

/** Return a text that says where nothing was found, and how many images were found elsewhere. */
function describe(
  { from, scope, loaded: count, found }: WidenedSearch,
  language: string | undefined,
  translate: Translate,
) {
  const loaded = formatNumber(count, language);
  if (!found.count) return translate("widened_on", { loaded });
  const fromLoaded = scope === "gallery" ? "widened_gallery" : "widened_all";
  const n = `${formatNumber(found.count, language)}${found.is_more ? "+" : ""}`;
  return translate(from === "loaded" ? fromLoaded : "widened_from_gallery", { loaded, n });
}
