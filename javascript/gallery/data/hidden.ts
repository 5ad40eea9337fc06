/** Hides images by author, word or id, on the server and among the loaded images. */

import type { PageContext } from "../actions";
import type { HiddenRule, ImageView } from "../contract";
import { hideImages, restoreImages } from "../state/state";
import { tryOrTell } from "./api";

export function makeHiddenImages(context: PageContext) {
  const { api, parts, signal, store, toast, translate } = context;
  /** the last request: a response must not overtake an earlier one */
  let last: Promise<unknown> = Promise.resolve();
  const channel = new BroadcastChannel(`civitai-shortcut-hidden ${api.getUrl("")}`);
  channel.addEventListener("message", ({ data }) => follow(data.rules, data.hidden));
  signal.addEventListener("abort", () => channel.close());

  /** Fetch the rules that hide images, and store them in the state. */
  async function loadRules() {
    const rules = await request(() => api.get("hidden", { signal }));
    if (rules) store.set({ hiddenRules: rules });
  }

  /** Hide the images of a rule, and show a message with an Undo button. Return whether that succeeded. */
  async function hide(rule: HiddenRule) {
    const before = store.get();
    const place = parts.grid.getScrollPlace();
    const ids = await send("hide", rule);
    if (!ids) return false;
    store.set((state) => hideImages(state, new Set(ids)));
    const after = store.get();
    const { kind, text } = rule;
    const message =
      kind === "image"
        ? translate("hidden_image")
        : translate(kind === "author" ? "hidden_author" : "hidden_word", { text });
    toast(message, undefined, async () => {
      if (!(await send("unhide", rule))) return;
      const restored = restoreImages(store.get(), before, after);
      if (!restored) return void (await restart());
      store.set(restored);
      if (place) parts.grid.scrollToPlace(place);
    });
    return true;
  }

  /** Delete a rule, so that its images are shown again, and show a message with an Undo button. */
  async function unhide(rule: HiddenRule) {
    if (!(await send("unhide", rule))) return;
    toast(translate("unhidden", { text: rule.text }), undefined, () => hide(rule));
    await restart();
  }

  /** Set whether hidden images are shown, until another gallery is opened. */
  async function show(showsHidden: boolean) {
    store.set({ showsHidden });
    await restart();
  }

  function restart() {
    return parts.pager.restart({ isSameSource: true });
  }

  /** Add or delete a rule. Return the ids that are hidden now, null after an error. */
  async function send(action: "hide" | "unhide", { kind, text }: HiddenRule) {
    const ids = store.get().images.map((view) => view.id);
    const changed = await request(() =>
      api.post("hidden", { action, kind, text, ids }, { signal }),
    );
    if (!changed) return null;
    store.set({ hiddenRules: changed.rules });
    channel.postMessage({
      rules: changed.rules,
      hidden: action === "hide" ? { kind, text } : null,
    });
    return changed.hidden_ids;
  }

  /** Show what another tab has hidden or shown again. A word may be in a prompt, which is not here. */
  function follow(hiddenRules: HiddenRule[], hidden: HiddenRule | null) {
    store.set({ hiddenRules });
    if (!hidden || hidden.kind === "word") return void restart();
    const { kind, text } = hidden;
    const isIt = ({ id, user }: ImageView) =>
      kind === "image" ? String(id) === text : user.toLowerCase() === text.toLowerCase();
    store.set((state) => hideImages(state, new Set(state.images.filter(isIt).map(({ id }) => id))));
  }

  /** Send a request after all earlier ones. Return null after an error, which is shown. */
  function request<Result>(ask: () => Promise<Result>): Promise<Result | null> {
    const sent = tryOrTell(context, () => last.then(ask));
    last = sent;
    return sent;
  }
  return { loadRules, hide, unhide, show };
}

export type HiddenImages = ReturnType<typeof makeHiddenImages>;
