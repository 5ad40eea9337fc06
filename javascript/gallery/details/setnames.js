/** Names of the sets that there are, offered where one is typed. */

import { ApiError } from "../asking/api.js";
import { el } from "../ground/dom.js";

const ID = "set-names";

/**
 * @param {import("../types.js").Context} context
 * @param {HTMLInputElement} field
 */
export function offerSets({ api, signal }, field) {
  const names = el("datalist", { id: ID });
  field.setAttribute("list", ID);
  field.addEventListener("focus", async () => {
    try {
      /** @type {{name: string}[]} */
      const sets = await api.get("sets", { signal });
      names.replaceChildren(...sets.map(({ name }) => el("option", { value: name })));
    } catch (error) {
      if (!(error instanceof ApiError) && !signal.aborted) throw error; // one can type all the same
    }
  });
  return names;
}
