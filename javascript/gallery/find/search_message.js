/**
 * The sentence below the search field: which other scope was searched, and which words were
 * ignored.
 */

import { button, el, setText } from "../core/dom.js";
import { formatNumber } from "../core/format.js";

/** @import { Context, State, WidenedSearch, Translate } from "../types.js" */

/** Return an element that says which other scope was searched and which words were ignored, with a
 * button that continues the search in its first scope.
 * @param {Context} context */
export function makeSearchMessage(context) {
  const { store, translate, actions } = context;
  const sentence = el("p", { role: "status", dir: "auto" });
  const look = { action: "search-on", label: translate("search_on"), class: "chip" };
  const on = button(look, () => void actions.searchOn());
  const element = el("div", { class: "search-message row" }, sentence, on);
  const draw = (/** @type {State} */ { widened, notes, results, bootstrap }) => {
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

/** Return a text that says where nothing was found, and how many images were found elsewhere.
 * @param {WidenedSearch} widened
 * @param {string | undefined} language
 * @param {Translate} translate */
function describe({ from, scope, loaded: count, found }, language, translate) {
  const loaded = formatNumber(count, language);
  if (!found.count) return translate("widened_on", { loaded });
  const fromLoaded = scope === "gallery" ? "widened_gallery" : "widened_all";
  const n = `${formatNumber(found.count, language)}${found.is_more ? "+" : ""}`;
  return translate(from === "loaded" ? fromLoaded : "widened_from_gallery", { loaded, n });
}
