/** What an empty panel shows: what the panel is for, and a button that opens a gallery. */

import { button, el } from "../core/dom.js";

/** Return the text and the button to show in an empty panel.
 * @param {import("../types.js").Context} context
 * @param {string} text  what the panel is for */
export function makeEmpty({ translate, actions }, text) {
  const begin = { action: "begin", label: translate("home_open_gallery") };
  return el(
    "div",
    { class: "none" },
    el("p", { class: "dim", text }),
    button(begin, () => {
      actions.panel("");
      return actions.openHome();
    }),
  );
}
