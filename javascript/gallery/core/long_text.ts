/**
 * Shows texts of any length: first the beginning, and the rest on request, in pieces that are laid
 * out when visible.
 */

import type { Translate } from "../types";
import { el } from "./dom";

const SHOWN = 3000; // letters; a prompt of a person is shorter
const PIECE = 4000;

/** Return an element with the text. A text of more than 3000 letters is cut, with a button that
 * shows the rest. */
export function makeLongText(text: string, translate: Translate): HTMLElement {
  const node = el("div", { class: "long-text", dir: "auto" });
  if (text.length <= SHOWN) {
    node.textContent = text;
    return node;
  }
  const [beginning] = splitText(text.slice(0, 2 * SHOWN), SHOWN);
  node.textContent = `${beginning}…`;
  const count = text.length.toLocaleString();
  const all = el("button", { type: "button", class: "quiet", "data-do": "show-all" });
  all.textContent = translate("show_all", { n: count });
  all.addEventListener("click", () => {
    node.replaceChildren(...splitText(text).map((piece) => el("span", { class: "piece" }, piece)));
    all.remove();
  });
  return el("div", {}, node, all);
}

/** Split a text into pieces, after spaces where possible.
 * @param length maximum number of letters of a piece */
export function splitText(text: string, length: number = PIECE) {
  const piece = new RegExp(`.{1,${length - 1}}(?: |$)|.{1,${length}}`, "gsu");
  return text.match(piece) ?? [];
}
