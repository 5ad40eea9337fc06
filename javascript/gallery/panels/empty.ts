/** What an empty panel shows: what the panel is for, and a button that opens a gallery. */

import { button, el } from "../core/dom";
import type { Context } from "../types";

/** Return the text and the button to show in an empty panel.
 * @param text what the panel is for */
export function makeEmpty({ translate, actions }: Context, text: string) {
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
