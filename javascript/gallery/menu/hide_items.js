/** The menu items that hide the images of an author or with a word. */

/** Return the menu items that hide images: those of an author, if the author is known, and those
 * with a word.
 * @param {string} user  the author, "" if unknown
 * @param {Pick<import("../types.js").Context, "translate" | "actions">} context
 * @returns {import("../core/menu.js").MenuItem[]} */
export function listHideItems(user, { translate, actions }) {
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
