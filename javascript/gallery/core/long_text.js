/**
 * Shows texts of any length: first the beginning, and the rest on request, in pieces that are laid
 * out when visible.
 */

import { el } from "./dom.js";

const SHOWN = 3000; // letters; a prompt of a person is shorter
const PIECE = 4000;

/** Return an element with the text; a long text is cut, with a button that shows the rest.
 * @param {string} text
 * @param {import("../types.js").Words} words
 * @returns {HTMLElement} */
export function makeLongText(text, words) {
  const node = el("div", { class: "long-text", dir: "auto" });
  if (text.length <= SHOWN) {
    node.textContent = text;
    return node;
  }
  node.textContent = `${text.slice(0, findBreak(text, SHOWN))}…`;
  const count = text.length.toLocaleString();
  const all = el("button", { type: "button", class: "quiet", "data-do": "show-all" });
  all.textContent = words("show_all", { n: count });
  all.addEventListener("click", () => {
    node.replaceChildren(...splitText(text).map((piece) => el("span", { class: "piece" }, piece)));
    all.remove();
  });
  return el("div", {}, node, all);
}

/** Split a text into pieces, after spaces where possible.
 * @param {string} text
 * @param {number} [length]  maximum length of a piece */
export function splitText(text, length = PIECE) {
  const parts = [];
  for (let at = 0; at < text.length; ) {
    const end = at + length >= text.length ? text.length : findBreak(text, at + length, at);
    parts.push(text.slice(at, end));
    at = end;
  }
  return parts;
}

/** Return the index at which to end a piece of a text: after the last space in the piece, else at
 * the last index that does not split a surrogate pair.
 * @param {string} text
 * @param {number} end  the highest index at which the piece may end
 * @param {number} [start]  the index at which the piece begins */
function findBreak(text, end, start = 0) {
  const space = text.lastIndexOf(" ", end - 1) + 1;
  if (space > start) return space;
  const isTorn = /[\uD800-\uDBFF]/.test(text[end - 1]) && end - 1 > start;
  return isTorn ? end - 1 : end;
}
