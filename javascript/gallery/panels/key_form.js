/** The API key: can be written, tested and removed, never read. */

import { button, el } from "../core/dom.js";
import { errorWords } from "../data/problems.js";

/** @typedef {import("../types.js").Context} Context */

const CIVITAI_ACCOUNT = "https://civitai.com/user/account";

export class KeyForm {
  #field = el("input", {
    type: "password",
    id: "key",
    "data-field": "key",
    autocomplete: "off",
    spellcheck: "false",
  });
  #told = el("p", { class: "told", role: "status" });
  /** @type {HTMLButtonElement[]} */
  #buttons = [];
  #isAsking = false;

  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    context.store.on(["hello"], () => this.show(), context);
  }

  /** No `<form>`: a browser offers to keep the password of one. */
  element() {
    const { words } = this.context;
    this.#field.placeholder = words("api_key_hint");
    this.#buttons = [
      button({ deed: "save-key", words: words("save_key"), class: "primary" }, () => this.#save()),
      button({ deed: "test-key", words: words("test_key") }, () => this.#test()),
      button({ deed: "remove-key", words: words("remove_key") }, () => this.#put("")),
    ];
    this.#field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing) void this.#save();
    });
    const where = { href: CIVITAI_ACCOUNT, target: "_blank", rel: "noopener noreferrer" };
    return el(
      "fieldset",
      { class: "key" },
      el("legend", {}, words("key_legend")),
      el("label", { for: "key" }, words("api_key")),
      this.#field,
      el("div", { class: "row" }, ...this.#buttons),
      this.#told,
      el("a", where, words("where_to_get_key")),
    );
  }

  show() {
    const { store, words } = this.context;
    const key = store.get().hello?.key;
    if (!key || !this.#buttons.length) return;
    const [save, , remove] = this.#buttons;
    const isFixed = key.from_environment || key.locked !== "";
    this.#field.disabled = save.disabled = isFixed;
    if (!key.saved && this.context.root.activeElement === remove) this.#field.focus();
    remove.disabled = isFixed || !key.saved;
    const said = key.from_environment
      ? "key_of_environment"
      : key.saved
        ? "key_is_saved"
        : "key_none";
    this.#tell(key.locked ? `${words(said)} · ${words(`reason_${key.locked}`)}` : words(said));
  }

  async #save() {
    const key = this.#field.value.trim();
    if (key) await this.#put(key);
    else this.#tell(this.context.words("key_empty"), true);
  }

  /** @param {string} key  "" removes the one that is kept */
  async #put(key) {
    const { api, store, signal } = this.context;
    await this.#ask(async () => {
      const answer = await api.put("key", { key }, { signal });
      this.#field.value = "";
      const { hello } = store.get();
      if (hello) store.set({ hello: { ...hello, key: answer.key } });
      return answer.message;
    });
  }

  /** The one that was typed, or the saved one. */
  async #test() {
    const { api, signal } = this.context;
    const key = this.#field.value.trim();
    await this.#ask(async () => (await api.post("key/test", { key }, { signal })).message);
  }

  /** @param {() => Promise<string>} asked */
  async #ask(asked) {
    const { words, signal } = this.context;
    if (this.#isAsking) return;
    this.#isAsking = true;
    this.#tell(words("waiting"));
    let told = { message: "", isWrong: false };
    try {
      told = { message: await asked(), isWrong: false };
    } catch (error) {
      if (signal.aborted) return;
      told = { message: errorWords(error, words), isWrong: true };
    }
    this.#isAsking = false;
    this.show();
    this.#tell(told.message, told.isWrong);
  }

  /**
   * @param {string} message
   * @param {boolean} [isWrong]
   */
  #tell(message, isWrong = false) {
    this.#told.textContent = message;
    this.#told.classList.toggle("wrong", isWrong);
  }
}
