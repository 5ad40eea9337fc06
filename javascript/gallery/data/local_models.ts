/** Fetches the list of models on this machine in parts, and looks them up on Civitai. */

import type { LocalModel } from "../contract";
import { isHome } from "../state/state";
import type { Context } from "../types";
import { ignoreFailure, showError } from "./problems";

export class LocalModelData {
  #context;
  #abort = new AbortController();
  /** keys of the model files in sight that Civitai has not been asked about */
  #waiting: Set<number> = new Set();
  #asked = 0; // the key that Civitai is being asked about, 0 for none

  constructor(context: Context) {
    this.#context = context;
    const { store, signal } = context;
    store.on([isHome, "watches"], (now) => (isHome(now) ? this.#resolveNext() : this.#stop()), {
      signal,
    });
    signal.addEventListener("abort", () => this.#stop());
  }

  /** Fetch the next part of the model files. */
  async loadMore() {
    const { store, api, signal } = this.#context;
    const start = store.get().home?.local_models.models.length ?? 0;
    try {
      const { models, count } = await api.get(`local_models?from=${start}`, { signal });
      this.#change((before) => [...before.slice(0, start), ...models], count);
    } catch (error) {
      showError(error, this.#context);
    }
  }

  /** Ask Civitai to which model a file on this machine belongs. The files are asked about one after
   * the other.
   * @param key the file's key in the list of local models */
  resolve(key: number) {
    if (key !== this.#asked) this.#waiting.add(key);
    void this.#resolveNext();
  }

  /** Open the gallery of the model to which a file on this machine belongs. The server reads the
   * file if its hash is unknown. If Civitai does not know the file, search models by its name. */
  async identify({ key, file, search_words: name }: LocalModel) {
    const { api, translate, toast, actions } = this.#context;
    const { signal } = this.#abort;
    try {
      const found = await api.post(`local_models/${key}/identify`, {}, { signal });
      if (signal.aborted) return;
      this.#change((models) => models.map((one) => (one.key === key ? found : one)));
      if (found.model !== null) return await actions.openModel(found.model, found.version);
      toast(translate("home_unknown_file", { name: file }));
      await actions.searchModels(name);
    } catch (error) {
      showError(error, this.#context);
    }
  }

  /** Ask Civitai about the next model file, unless another such request is running. */
  async #resolveNext() {
    const { store, api } = this.#context;
    const [key] = this.#waiting;
    if (key === undefined || this.#asked || store.get().watches?.checking) return;
    const { signal } = this.#abort;
    this.#asked = key;
    this.#waiting.delete(key);
    try {
      const found = await api.get(`local_models/${key}`, { signal });
      this.#change((models) => models.map((one) => (one.key === key ? found : one)));
    } catch (error) {
      ignoreFailure(error);
      this.#waiting.clear(); // Civitai does not respond: the cards stay as they are
    } finally {
      this.#asked = 0;
    }
    void this.#resolveNext();
  }

  #stop() {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#waiting.clear();
  }

  /** Change the shown model files.
   * @param count the new number of all model files; the number stays if this is omitted */
  #change(change: (models: LocalModel[]) => LocalModel[], count?: number) {
    this.#context.store.set(({ home }) => {
      if (!home) return {};
      const { models, count: before } = home.local_models;
      return {
        home: { ...home, local_models: { models: change(models), count: count ?? before } },
      };
    });
  }
}
