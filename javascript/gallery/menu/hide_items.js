/** The menu items that hide the images of an author or with a word. */

/** Return the menu items that hide images: those of an author, if the author is known, and those
 * with a word.
 * @param {string} user  the author, "" if unknown
 * @param {Pick<import("../types.js").Context, "words" | "actions">} context
 * @returns {import("../core/menu.js").MenuItem[]} */
export function listHideItems(user, { words, actions }) {
  const hideAuthor = {
    key: "hide-author",
    text: words("hide_author", { user }),
    do: () => actions.hide({ kind: "author", text: user }),
  };
  const hideWord = {
    key: "hide-word",
    text: words("hide_word"),
    do: () => actions.openHiddenRules({ isToAdd: true }),
  };
  return user ? [hideAuthor, hideWord] : [hideWord];
}
