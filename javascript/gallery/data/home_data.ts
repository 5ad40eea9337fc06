/** Fetches what the home page shows, and the list of the models on this machine. */

import type { Home, LocalModel, NewerVersions, NewerVersionView } from "../contract";
import { observeSize } from "../core/dom";
import { getSetting, isBlurred, isHome, type Key } from "../state/state";
import type { Context, State } from "../types";
import { ignoreFailure, isAborted, makeProblem, showError, tryOrTell } from "./api";

const FEW = 6; // of his own galleries, models or favourites, a user is shown what others like

export class LocalModelData {
  #abort = new AbortController();
  /** keys of the model files in sight that Civitai has not been asked about */
  #waiting = new Set<number>();
  #hasChecked = false; // Civitai was asked for newer versions since the page was loaded
  #asked = 0; // the key that Civitai is being asked about, 0 for none

  constructor(private readonly context: Context) {
    const { store, signal } = context;
    store.on([isHome, "watches"], (now) => (isHome(now) ? this.#resolveNext() : this.#stop()), {
      signal,
    });
    const hasModels = (now: State) => isHome(now) && Boolean(now.home?.local_models.count);
    store.on([hasModels], (now) => hasModels(now) && this.checkVersions(false), { signal });
    signal.addEventListener("abort", () => this.#stop());
  }

  /** Fetch the next part of the model files. */
  async loadMore() {
    const { store, api } = this.context;
    const start = store.get().home?.local_models.models.length ?? 0;
    await tryOrTell(this.context, async () => {
      const { models, count } = await api.get(`local_models?from=${start}`, this.context);
      this.#change((before) => [...before.slice(0, start), ...models], count);
    });
  }

  /** Ask Civitai to which model a file on this machine belongs. The files are asked about one after
   * the other. */
  resolve(key: number) {
    if (key !== this.#asked) this.#waiting.add(key);
    void this.#resolveNext();
  }

  /** Open the gallery of the model to which a file on this machine belongs. The server reads the
   * file if its hash is unknown. If Civitai does not know the file, search models by its name. */
  async identify({ key, file, search_words: name }: LocalModel) {
    const { api, translate, toast, actions } = this.context;
    const { signal } = this.#abort;
    await tryOrTell(this.context, async () => {
      const found = await api.post(`local_models/${key}/identify`, {}, { signal });
      if (signal.aborted) return;
      this.#change((models) => models.map((one) => (one.key === key ? found : one)));
      if (found.model !== null) return await actions.openModel(found.model, found.version);
      toast(translate("home_unknown_file", { name: file }));
      await actions.searchModels(name);
    });
  }

  async #resolveNext() {
    const { store, api } = this.context;
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

  /** Ask Civitai for newer versions of the models on this machine.
   * @param isRequested whether the user asks; if not, Civitai is asked at most once, and only if
   *     the last check is a week ago */
  async checkVersions(isRequested: boolean) {
    const { store, api, signal, toast, translate } = this.context;
    const { home } = store.get();
    if (!isRequested && (this.#hasChecked || !home?.newer_versions.is_due)) return;
    this.#hasChecked = true;
    try {
      const found = await api.post("newer_versions/check", {}, { signal });
      this.#showVersions(found);
      const n = found.versions.length;
      if (isRequested) toast(n ? translate("newer_found", { n }) : translate("newer_none"));
    } catch (error) {
      if (isRequested) showError(error, this.context);
      else ignoreFailure(error); // the user can still ask
    }
  }

  /** Do not show a newer version any more; the message offers to undo that. */
  async dismissVersion({ version, name, version_name }: NewerVersionView) {
    const { api, signal, toast, translate } = this.context;
    const dismiss = (isDismissed: boolean) =>
      tryOrTell(this.context, async () => {
        const body = { version, is_dismissed: isDismissed };
        this.#showVersions(await api.post("newer_versions/dismiss", body, { signal }));
        return true;
      });
    const text = translate("newer_dismissed", { name: `${name} ${version_name}` });
    if (await dismiss(true)) toast(text, undefined, () => dismiss(false));
  }

  #showVersions(newer_versions: NewerVersions) {
    this.context.store.set(({ home }) => (home ? { home: { ...home, newer_versions } } : {}));
  }

  #stop() {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#waiting.clear();
  }

  #change(change: (models: LocalModel[]) => LocalModel[], count?: number) {
    this.context.store.set(({ home }) => {
      if (!home) return {};
      const { models, count: before } = home.local_models;
      return {
        home: { ...home, local_models: { models: change(models), count: count ?? before } },
      };
    });
  }
}

export class HomeData {
  #abort = new AbortController();
  #isVisible = false;

  constructor(private readonly context: Context) {
    const { store, root, signal } = context;
    const keys: Key[] = [isHome, "bookmarksRevision", "hiddenRules", getShownAtHome];
    store.on(keys, (now) => this.#onChange(now), { signal });
    signal.addEventListener("abort", () => this.#abort.abort());
    this.#onChange(store.get());
    this.#isVisible = isVisible(root.host);
    observeSize(root.host, () => this.#onVisibility(), signal); // in a host, another tab hides it
    document.addEventListener("visibilitychange", () => this.#onVisibility(), { signal });
  }

  /** Fetch what the home page shows. In the demo, wait for the demo's models too, so that the page
   * is drawn only once. */
  async load() {
    const { store, api, translate } = this.context;
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    store.set(({ problems }) => ({
      startedAt: performance.now(),
      problems: { ...problems, home: null },
    }));
    try {
      const [home, samples] = await Promise.all([
        api.get("home", { signal }),
        this.#fetchSamples(signal),
      ]);
      if (signal.aborted) return;
      store.set({ home: keepLoadedModels(home, store.get().home), samples });
      void this.#loadPopular(home, signal);
    } catch (error) {
      if (signal.aborted || isAborted(error)) return;
      const home = makeProblem(error, translate);
      store.set(({ problems }) => ({ problems: { ...problems, home } }));
    }
  }

  async #loadPopular(home: Home, signal: AbortSignal) {
    const { store, api } = this.context;
    const isOn = getSetting(store.get().bootstrap, "shows_popular") !== false;
    const { recent, local_models: models, favourites } = home;
    const isRich = [recent.length, models.count, favourites.count].some((n) => n >= FEW);
    const request = isOn && !isRich ? api.get("popular", { signal }) : { images: [] };
    // after a failure the rest of the home page is there
    const popular = await Promise.resolve(request).catch(ignoreFailure);
    if (!popular || signal.aborted) return;
    const images = popular.images.filter((view) => !isBlurred(store.get(), view));
    const isSame = JSON.stringify(images) === JSON.stringify(store.get().popular);
    if (!isSame) store.set({ popular: images });
  }

  /** Return the models of the demo, [] outside of the demo. */
  async #fetchSamples(signal: AbortSignal) {
    const { store, api } = this.context;
    const { bootstrap, samples, where } = store.get();
    if (!bootstrap?.is_demo || samples.length) return samples;
    const query = new URLSearchParams({ q: "", level: where.level });
    const { models } = await api.get(`models?${query}`, { signal });
    return models;
  }

  /** Fetch the home page again if the user comes back to it: a model may have been added. */
  #onVisibility() {
    const { store, root } = this.context;
    const before = this.#isVisible;
    this.#isVisible = isVisible(root.host);
    if (this.#isVisible && !before && isHome(store.get())) void this.load();
  }

  #onChange(now: State) {
    if (isHome(now)) void this.load();
    else this.#abort.abort();
  }
}

/** Return the settings on which other people's images at home depend. */
function getShownAtHome({ bootstrap }: State) {
  const names = ["gallery_level", "blur_level", "shows_popular"];
  return names.map((name) => getSetting(bootstrap, name)).join(" ");
}

function isVisible(host: Element) {
  return !document.hidden && host.getClientRects().length > 0;
}

/** Return the new data with the model files loaded so far, unless their number changed. */
function keepLoadedModels(home: Home, before: Home | null) {
  const { models, count } = home.local_models;
  if (before?.local_models.count !== count) return home;
  const loaded = before.local_models.models.slice(models.length);
  return { ...home, local_models: { models: [...models, ...loaded], count } };
}
