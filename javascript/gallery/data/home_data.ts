/** Fetches what the home page shows, and the list of the models on this machine. */

import type { Home, LocalModel, NewerVersions, NewerVersionView } from "../contract";
import { observeSize } from "../core/dom";
import { annotate, getSetting, isBlurred, isHome, type Key } from "../state/state";
import type { Context, State } from "../types";
import { ignoreFailure, isAborted, LatestRequest, makeProblem, showError, tryOrTell } from "./api";

const FEW = 6; // of his own galleries, models or favourites, a user is shown what others like

export function makeLocalModelData(context: Context) {
  const { actions, api, signal, store, toast, translate } = context;
  const request = new LatestRequest(context);
  /** keys of the model files in sight that Civitai has not been asked about */
  const waiting = new Set<number>();
  let hasChecked = false; // Civitai was asked for newer versions since the page was loaded
  let asked = 0; // the key that Civitai is being asked about, 0 for none
  store.on([isHome, "watches"], (now) => (isHome(now) ? resolveNext() : stop()), {
    signal,
  });
  const hasModels = (now: State) => isHome(now) && Boolean(now.home?.local_models.count);
  store.on([hasModels], (now) => hasModels(now) && checkVersions(false), { signal });
  signal.addEventListener("abort", stop);

  /** Fetch the next part of the model files. */
  async function loadMore() {
    const start = store.get().home?.local_models.models.length ?? 0;
    await tryOrTell(context, async () => {
      const { models, count } = await api.get(`local_models?from=${start}`, context);
      change((before) => [...before.slice(0, start), ...models], count);
    });
  }

  /** Ask Civitai to which model a file belongs, after the files asked about before. */
  function resolve(key: number) {
    if (key !== asked) waiting.add(key);
    void resolveNext();
  }

  /** Open the gallery of the model to which a file on this machine belongs. The server reads the
   * file if its hash is unknown. If Civitai does not know the file, search models by its name. */
  async function identify({ key, file, search_words: name }: LocalModel) {
    const { signal } = request;
    await tryOrTell(context, async () => {
      const found = await api.post(`local_models/${key}/identify`, {}, { signal });
      if (signal.aborted) return;
      change((models) => models.map((one) => (one.key === key ? found : one)));
      if (found.model !== null) return await actions.openModel(found.model, found.version);
      toast(translate("home_unknown_file", { name: file }));
      await actions.searchModels(name);
    });
  }

  async function resolveNext() {
    const [key] = waiting;
    if (key === undefined || asked || store.get().watches?.checking) return;
    const { signal } = request;
    asked = key;
    waiting.delete(key);
    try {
      const found = await api.get(`local_models/${key}`, { signal });
      change((models) => models.map((one) => (one.key === key ? found : one)));
    } catch (error) {
      ignoreFailure(error);
      waiting.clear(); // Civitai does not respond: the cards stay as they are
    } finally {
      asked = 0;
    }
    void resolveNext();
  }

  /** Ask Civitai for newer versions of the models on this machine.
   * @param isRequested whether the user asks; if not, Civitai is asked at most once, and only if
   *     the last check is a week ago */
  async function checkVersions(isRequested: boolean) {
    const { home } = store.get();
    if (!isRequested && (hasChecked || !home?.newer_versions.is_due)) return;
    hasChecked = true;
    try {
      const found = await api.post("newer_versions/check", {}, { signal });
      showVersions(found);
      const n = found.versions.length;
      if (isRequested) toast(n ? translate("newer_found", { n }) : translate("newer_none"));
    } catch (error) {
      if (isRequested) showError(error, context);
      else ignoreFailure(error); // the user can still ask
    }
  }

  /** Do not show a newer version any more; the message offers to undo that. */
  async function dismissVersion({ version, name, version_name }: NewerVersionView) {
    const dismiss = (isDismissed: boolean) =>
      tryOrTell(context, async () => {
        const body = { version, is_dismissed: isDismissed };
        showVersions(await api.post("newer_versions/dismiss", body, { signal }));
        return true;
      });
    const text = translate("newer_dismissed", { name: `${name} ${version_name}` });
    if (await dismiss(true)) toast(text, undefined, () => dismiss(false));
  }

  function showVersions(newer_versions: NewerVersions) {
    store.set(({ home }) => (home ? { home: { ...home, newer_versions } } : {}));
  }

  function stop() {
    request.begin();
    waiting.clear();
  }

  function change(update: (models: LocalModel[]) => LocalModel[], count?: number) {
    store.set(({ home }) => {
      if (!home) return {};
      const { models, count: before } = home.local_models;
      return {
        home: { ...home, local_models: { models: update(models), count: count ?? before } },
      };
    });
  }
  return { loadMore, resolve, identify, checkVersions, dismissVersion };
}

export type LocalModelData = ReturnType<typeof makeLocalModelData>;

export function makeHomeData(context: Context) {
  const { api, root, signal, store, translate } = context;
  const request = new LatestRequest(context);
  let wasVisible = false;
  const keys: Key[] = [isHome, "bookmarksRevision", "hiddenRules", getShownAtHome];
  store.on(keys, onChange, { signal });
  onChange(store.get());
  wasVisible = isVisible(root.host);
  observeSize(root.host, onVisibility, signal); // in a host, another tab hides it
  document.addEventListener("visibilitychange", onVisibility, { signal });

  /** Fetch what the home page shows; in the demo with its models, to draw only once. */
  async function load() {
    const signal = request.begin();
    store.set(({ problems }) => ({
      startedAt: performance.now(),
      problems: { ...problems, home: null },
    }));
    try {
      const [home, samples] = await Promise.all([
        api.get("home", { signal }),
        fetchSamples(signal),
      ]);
      if (signal.aborted) return;
      store.set({ home: keepLoadedModels(home, store.get().home), samples });
      void loadPopular(home, signal);
    } catch (error) {
      if (signal.aborted || isAborted(error)) return;
      const home = makeProblem(error, translate);
      store.set(({ problems }) => ({ problems: { ...problems, home } }));
    }
  }

  async function loadPopular(home: Home, signal: AbortSignal) {
    const isOn = getSetting(store.get().bootstrap, "shows_popular") !== false;
    const { recent, local_models: models, favourites } = home;
    const isRich = [recent.length, models.count, favourites.count].some((n) => n >= FEW);
    const found = isOn && !isRich ? api.get("popular", { signal }) : { images: [] };
    // after a failure the rest of the home page is there
    const popular = await Promise.resolve(found).catch(ignoreFailure);
    if (!popular || signal.aborted) return;
    const state = store.get();
    const images = popular.images
      .filter((view) => !isBlurred(state, view))
      .map((view) => annotate(view, state.annotated));
    const isSame = JSON.stringify(images) === JSON.stringify(state.popular);
    if (!isSame) store.set({ popular: images });
  }

  async function fetchSamples(signal: AbortSignal) {
    const { bootstrap, samples, where } = store.get();
    if (!bootstrap?.is_demo || samples.length) return samples;
    const query = new URLSearchParams({ q: "", level: where.level });
    const { models } = await api.get(`models?${query}`, { signal });
    return models;
  }

  /** Fetch the home page again if the user comes back to it: a model may have been added. */
  function onVisibility() {
    const before = wasVisible;
    wasVisible = isVisible(root.host);
    if (wasVisible && !before && isHome(store.get())) void load();
  }

  function onChange(now: State) {
    if (isHome(now)) void load();
    else request.abort();
  }
  return { load };
}

export type HomeData = ReturnType<typeof makeHomeData>;

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
