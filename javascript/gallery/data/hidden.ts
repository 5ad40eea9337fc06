/** Hides the images of an author or with a word, on the server and among the loaded images. */

import type { PageContext } from "../actions";
import { hideImages } from "../state/state";
import { tryOrTell } from "./api";

type HiddenRule = import("../contract").HiddenRule;

export class HiddenImages {
  /** the last request: a response must not overtake an earlier one */
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly context: PageContext) {}

  /** Fetch the rules that hide images, and store them in the state. */
  async loadRules() {
    const { api, store, signal } = this.context;
    const rules = await this.#request(() => api.get("hidden", { signal }));
    if (rules) store.set({ hiddenRules: rules });
  }

  /** Hide the images of an author or those with a word, and show a message with an Undo button. */
  async hide(rule: HiddenRule) {
    const { store, toast, translate, parts } = this.context;
    const before = store.get();
    const place = parts.grid.getScrollPlace();
    const ids = await this.#send("hide", rule);
    if (!ids) return;
    store.set((state) => hideImages(state, new Set(ids)));
    const after = store.get();
    const { images, hiddenCount, marks } = before;
    const key = rule.kind === "author" ? "hidden_author" : "hidden_word";
    toast(translate(key, { text: rule.text }), undefined, async () => {
      if (!(await this.#send("unhide", rule))) return;
      if (store.get().images !== after.images) return this.#restart();
      store.set({ images, hiddenCount, marks });
      if (place) parts.grid.scrollToPlace(place);
    });
  }

  /** Delete a rule, so that its images are shown again, and show a message with an Undo button. */
  async unhide(rule: HiddenRule) {
    const { toast, translate } = this.context;
    if (!(await this.#send("unhide", rule))) return;
    toast(translate("unhidden", { text: rule.text }), undefined, () => this.hide(rule));
    await this.#restart();
  }

  /** Set whether hidden images are shown, until another gallery is opened. */
  async show(showsHidden: boolean) {
    this.context.store.set({ showsHidden });
    await this.#restart();
  }

  #restart() {
    return this.context.parts.pager.restart({ isSameSource: true });
  }

  /** Let the server add or delete a rule. Return the ids of the loaded images that are hidden now,
   * or null after an error, which is shown to the user. */
  async #send(action: "hide" | "unhide", { kind, text }: HiddenRule) {
    const { api, store, signal } = this.context;
    const ids = store.get().images.map((view) => view.id);
    const changed = await this.#request(() =>
      api.post("hidden", { action, kind, text, ids }, { signal }),
    );
    if (!changed) return null;
    store.set({ hiddenRules: changed.rules });
    return changed.hidden_ids;
  }

  /** Send a request after all earlier ones have ended. Return null after an error, which is shown
   * to the user. */
  #request<Result>(send: () => Promise<Result>): Promise<Result | null> {
    const request = tryOrTell(this.context, () => this.#last.then(send));
    this.#last = request;
    return request;
  }
}
