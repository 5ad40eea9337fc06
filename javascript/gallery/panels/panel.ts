/** A panel that slides in when the state names it: from the side, or from below on a narrow page.
 * If its data cannot be read, it shows the problem with a button in place of its contents. */

import { closeModal, makeModal, openModal } from "../core/dialogs";
import { button, el, type IconName, iconButton, makeDrawing } from "../core/dom";
import { isAborted, makeProblem, makeRetryButton, ResponseOrder, tryOrTell } from "../data/api";
import { hasGallery } from "../state/query";
import { isOffline } from "../state/state";
import type { Context, Problem, State } from "../types";

const PATIENCE = 3000; // ms without a response that go without saying

interface PanelContents {
  title: string; // key of a message
  build: () => Node[]; // returns the contents; called when the panel is first opened
  opened?: () => void; // called whenever the panel is opened
  // reads the panel's data by `readData`; called when the panel is opened, when the user tries
  // again, and when our server responds again
  read?: () => unknown;
}

export class Panel {
  #dialog: HTMLDialogElement | null = null;
  #body = el("div", { class: "panel-body", tabindex: 0 });
  #order = new ResponseOrder();
  #hasData = false;
  /** why the data could not be read, unless our server does not respond */
  #problem: Problem | null = null;
  #message = el("p", { role: "alert", dir: "auto" });
  #problemBox = el("div", { class: "none panel-problem" }, this.#message);

  constructor(
    readonly context: Context,
    readonly name: import("../types").Panel,
    readonly how: PanelContents,
  ) {
    const { store } = context;
    store.on(["panel"], () => this.#follow(), context);
    const follow = (now: State) => {
      this.#drawProblem();
      if (this.isOpen && !isOffline(now)) this.how.read?.();
    };
    store.on([isOffline], follow, context);
    this.#follow();
  }

  /** Return the response of a request that reads; null if it is outdated or has failed. */
  async readData<T>(request: () => Promise<T>): Promise<T | null> {
    const { store, translate } = this.context;
    const slow =
      this.#hasData || this.#problem
        ? 0
        : window.setTimeout(
            () => this.showProblem({ code: "", message: translate("server_slow") }),
            PATIENCE,
          );
    try {
      const response = await this.#order.read(request);
      this.#hasData = true;
      this.showProblem(null);
      return response;
    } catch (error) {
      if (isAborted(error)) return null;
      this.showProblem(isOffline(store.get()) ? null : makeProblem(error, translate));
      return null;
    } finally {
      window.clearTimeout(slow);
    }
  }

  /** Return the response of a request that changes the data; null after an error. */
  changeData<T>(request: () => Promise<T>): Promise<T | null> {
    return tryOrTell(this.context, () => this.#order.change(request));
  }

  /** Show a problem in place of the contents; null shows the contents. */
  showProblem(problem: Problem | null) {
    this.#problem = problem;
    this.#drawProblem();
  }

  /** Show the problem in place of the contents. */
  #drawProblem() {
    const { read } = this.how;
    if (!this.#dialog || !read) return;
    const { store, translate } = this.context;
    const offline = { code: "offline", message: translate("problem_offline") };
    const problem = isOffline(store.get()) ? offline : this.#problem;
    const message = problem?.message ?? "";
    if (message === this.#message.textContent) return;
    this.#message.textContent = message;
    this.#problemBox.replaceChildren(
      this.#message,
      makeRetryButton(problem?.code ?? "", translate, read),
    );
    this.#dialog.toggleAttribute("data-failed", message !== "");
  }

  get isOpen() {
    return this.context.store.get().panel === this.name;
  }

  /** Focus the panel's body, so that the keys scroll it. */
  focus() {
    this.#body.focus();
  }

  #follow() {
    if (!this.isOpen) {
      if (this.#dialog) closeModal(this.#dialog);
      return;
    }
    this.#dialog ??= this.#build();
    openModal(this.#dialog);
    this.focus();
    this.#drawProblem();
    this.how.opened?.();
    this.how.read?.();
  }

  #build() {
    const { root, translate, actions, signal } = this.context;
    const leave = () => this.isOpen && actions.panel("");
    const title = translate(this.how.title);
    const close = iconButton("close-panel", "close", translate("say_close"), leave, "quiet");
    this.#body.append(this.#problemBox, ...this.how.build());
    const dialog = el(
      "dialog",
      {
        class: `panel ${this.name}`,
        "aria-label": title,
        "data-panel": this.name,
        tabindex: -1,
      },
      el("header", {}, el("h2", {}, title), close),
      this.#body,
    );
    makeModal(dialog, leave, signal);
    dialog.addEventListener("keydown", clearSearch);
    root.append(dialog);
    return dialog;
  }
}

/** Clear a search field on Escape, in all browsers; the next Escape closes the panel. */
function clearSearch(event: KeyboardEvent) {
  const { key, target, isComposing } = event;
  if (key !== "Escape" || isComposing) return;
  if (!(target instanceof HTMLInputElement) || target.type !== "search" || !target.value) return;
  event.preventDefault();
  target.value = "";
  target.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

/** Return the text to show in an empty panel, with a button that leads home unless a gallery is
 * open. */
export function makeEmpty(context: Context, text: string, drawing: IconName) {
  const { translate, actions, store } = context;
  const look = { action: "begin", label: translate("home_open_gallery") };
  const begin = button(look, () => {
    actions.panel("");
    return actions.openHome();
  });
  const draw = () => {
    begin.hidden = hasGallery(store.get().where);
  };
  store.on(["where"], draw, context);
  draw();
  return el("div", { class: "none" }, makeDrawing(drawing), el("p", { class: "dim", text }), begin);
}
