/** The menu items that hide the images of an author or with a word. */

import type { MenuItem } from "../core/menu";
import type { Context } from "../types";

/** Return the menu items that hide images: those of an author, if the author is known, and those
 * with a word.
 * @param user the author, "" if unknown */
export function listHideItems(
  user: string,
  { translate, actions }: Pick<Context, "translate" | "actions">,
): MenuItem[] {
  const hideAuthor = {
    key: "hide-author",
    text: translate("hide_author", { user }),
    do: () => actions.hide({ kind: "author", text: user }),
  };
  const hideWord = {
    key: "hide-word",
    text: translate("hide_word"),
    do: () => actions.openHiddenRules({ isToAdd: true }),
  };
  return user ? [hideAuthor, hideWord] : [hideWord];
}
