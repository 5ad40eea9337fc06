/** The actions on model files: find out which are needed, choose among them, download them. */

import type { PageContext } from "../actions";
import { chooseCheckpoint } from "../host/host_page";
import { getChoice } from "../state/model_files";
import type { Actions } from "../types";

/** Return the actions on model files. */
export function makeModelFileActions({ store, toast, translate, parts }: PageContext) {
  return {
    /** Fetch the list of model files that a query asks for, and show it in a part of the page. */
    showNeeds: (place, query) => parts.neededFiles.show(place, query),
    /** Fetch the list of model files for a part of the page again after a failure. */
    retryNeeds: (place) => parts.neededFiles.retry(place),
    /** Open the panel with the model files that some images need. The images are given by ids or by
     * a query. */
    listNeeds(of) {
      if (typeof of === "string") parts.neededFiles.show("list", of);
      else parts.neededFiles.showForImages(of);
      store.set({ panel: "model_files" });
    },
    /** Change the user's choice for a needed model: its file, the companions to download with it,
     * or the permission for a file that may run code. Fields that `change` lacks stay. */
    chooseFile(needed, change) {
      const { fileChoices } = store.get();
      const choice = { ...getChoice(needed, fileChoices), ...change };
      store.set({ fileChoices: new Map(fileChoices).set(needed.key, choice) });
    },
    /** Start the download of the chosen files of these models. */
    getModelFiles: (files) => parts.neededFiles.get(files),
    chooseCheckpoint(name) {
      chooseCheckpoint(name);
      toast(translate("checkpoint_chosen", { name }), "good");
    },
  } satisfies Partial<Actions>;
}
