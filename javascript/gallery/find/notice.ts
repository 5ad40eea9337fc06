/**
 * The notices above the images: that the images are from the library, and what Civitai left out.
 */

import { button, el } from "../core/dom";
import { formatDate } from "../core/format";
import { getMissingPart } from "../state/state";
import type { Context, State } from "../types";

const ELSEWHERE = ["sort_dropped", "empty_end", "no_author", "search"]; // said where they belong

/** Add the notices above the images to the page. */
export function addNotices(context: Context) {
  const { page, store, translate, actions } = context;
  const section = el("div", { class: "notices", role: "status" });
  page.append(section);
  const retry = () =>
    button(
      { action: "read-anew", icon: "again", label: translate("do_retry"), class: "quiet" },
      () => actions.reloadGallery(),
    );
  let drawn = "";
  const draw = ({ libraryDate, notes, results, bootstrap }: State) => {
    const date = formatDate(libraryDate, bootstrap?.language);
    const others = notes.filter(({ code }) => !ELSEWHERE.includes(code));
    const texts = others.map(({ message }) => message);
    if (libraryDate) texts.unshift(translate("library_since", { date }));
    const shown = results ? [] : texts;
    if (shown.join("\n") === drawn) return;
    drawn = shown.join("\n");
    section.replaceChildren(
      ...shown.map((text, at) =>
        el("div", { class: "notice row" }, el("p", { text }), libraryDate && !at ? retry() : null),
      ),
    );
  };
  store.on(["libraryDate", "notes", "results"], draw, context);
  const markMissing = (now: State) => (page.dataset.missing = getMissingPart(now));
  store.on([getMissingPart], markMissing, context); // hides what cannot work then
}
