/** Hides images by author, word or id, on the server and among the loaded images. */

import type { PageContext } from "../actions";
import { hideImages } from "../state/state";
import type { State } from "../types";
import { tryOrTell } from "./api";

type HiddenRule = import("../contract").HiddenRule;

export function makeHiddenImages(context: PageContext) {
  const { api, parts, signal, store, toast, translate } = context;
  /** the last request: a response must not overtake an earlier one */
  let last: Promise<unknown> = Promise.resolve();

  /** Fetch the rules that hide images, and store them in the state. */
  async function loadRules() {
    const rules = await request(() => api.get("hidden", { signal }));
    if (rules) store.set({ hiddenRules: rules });
  }

  /** Hide the images of a rule, and show a message with an Undo button. */
  async function hide(rule: HiddenRule) {
    const before = store.get();
    const place = parts.grid.getScrollPlace();
    const ids = await send("hide", rule);
    if (!ids) return;
    store.set((state) => hideImages(state, new Set(ids)));
    const after = store.get();
    const { kind, text } = rule;
    const message =
      kind === "image"
        ? translate("hidden_image")
        : translate(kind === "author" ? "hidden_author" : "hidden_word", { text });
    toast(message, undefined, async () => {
      if (!(await send("unhide", rule))) return;
      if (!canRestore(store.get(), after)) return void (await restart());
      store.set((now) => restoreImages(now, before));
      if (place) parts.grid.scrollToPlace(place);
    });
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
    return changed.hidden_ids;
  }

  /** Send a request after all earlier ones. Return null after an error, which is shown. */
  function request<Result>(ask: () => Promise<Result>): Promise<Result | null> {
    const sent = tryOrTell(context, () => last.then(ask));
    last = sent;
    return sent;
  }
  return { loadRules, hide, unhide, show };
}

/** Return whether all that came after images were hidden are pages of which nothing is hidden. */
function canRestore({ images, hiddenCount, where }: State, after: State) {
  const isSame = after.images.every(({ id }, at) => images[at]?.id === id);
  return isSame && where === after.where && hiddenCount === after.hiddenCount;
}

/** Put hidden images back to where they were, and keep what came or was changed since. */
function restoreImages({ images, marks }: State, before: State): Partial<State> {
  const now = new Map(images.map((view) => [view.id, view]));
  const known = new Set(before.images.map(({ id }) => id));
  const restored = before.images.map((view) => now.get(view.id) ?? view);
  return {
    images: [...restored, ...images.filter(({ id }) => !known.has(id))],
    hiddenCount: before.hiddenCount,
    marks: new Set([...marks, ...[...before.marks].filter((id) => known.has(id) && !now.has(id))]),
  };
}

export type HiddenImages = ReturnType<typeof makeHiddenImages>;
