/** The actions on model files: look up which are needed, choose among them, download them. */

import { chooseCheckpoint } from "../host/host_page.js";
import { getChoice } from "../state/model_files.js";

/** @import { PageParts } from "../actions.js" */
/** @import { Actions, Context } from "../types.js" */

/** Return the actions on model files.
 * @param {Context} context
 * @param {PageParts} parts */
export function makeModelFileActions({ store, toast, words }, parts) {
  return {
    /** @type {Actions["showNeeds"]} */
    showNeeds: (place, query) => parts.neededFiles.show(place, query),
    /** @type {Actions["retryNeeds"]} */
    retryNeeds: (place) => parts.neededFiles.retry(place),
    /** @type {Actions["listNeeds"]} */
    listNeeds(of) {
      if (typeof of === "string") parts.neededFiles.show("list", of);
      else parts.neededFiles.showForImages(of);
      store.set({ panel: "model_files" });
    },
    /** @type {Actions["chooseFile"]} */
    chooseFile(needed, change) {
      const { fileChoices } = store.get();
      const choice = { ...getChoice(needed, fileChoices), ...change };
      store.set({ fileChoices: new Map(fileChoices).set(needed.key, choice) });
    },
    /** @type {Actions["getModelFiles"]} */
    getModelFiles: (files) => parts.neededFiles.get(files),
    chooseCheckpoint(/** @type {string} */ name) {
      chooseCheckpoint(name);
      toast(words("checkpoint_chosen", { name }), "good");
    },
  };
}
