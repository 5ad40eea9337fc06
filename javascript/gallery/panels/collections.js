/** The user's favourites and named sets: opened, filled with what is marked, taken out and in. */

import { button, el } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { ApiError, isAborted } from "../data/api.js";
import { errorWords } from "../data/problems.js";
import { setRow } from "./collection_row.js";
import { Panel } from "./panel.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("./collection_row.js").NamedSet} NamedSet */

const AT_ONCE = 500; // pictures of a file that are sent together

export class Sets {
  #context;
  #list = el("div", { class: "sets" });
  #name;

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
    const { words } = context;
    const label = words("set_name");
    this.#name = el("input", {
      type: "text",
      "data-field": "set-name",
      placeholder: label,
      "aria-label": label,
      maxlength: 100,
      required: true,
    });
    new Panel(context, "sets", {
      title: "open_sets",
      build: () => [this.#form(), this.#favourites(), this.#list, this.#files()],
      opened: () => void this.#read(),
    });
  }

  #form() {
    const { words } = this.#context;
    const add = el("button", { type: "submit", "data-do": "add-to-set", class: "primary" });
    const draw = () => {
      const n = this.#context.store.get().marks.size;
      add.textContent = n ? words("set_add_marked", { n }) : words("set_make");
    };
    this.#context.store.on(["marks"], draw, this.#context);
    draw();
    return el(
      "form",
      { class: "sets-new", on: { submit: (event) => void this.#add(event) } },
      this.#name,
      add,
    );
  }

  #favourites() {
    const { words } = this.#context;
    return button(
      { deed: "open-favourites", icon: icon("heart"), words: words("favourites") },
      () => this.#open("is:favourite"),
    );
  }

  #files() {
    const { words, api } = this.#context;
    const file = el("input", {
      type: "file",
      accept: ".json,application/json",
      hidden: true,
      "data-field": "import",
    });
    file.addEventListener("change", () => void this.#import(file));
    return el(
      "div",
      { class: "sets-file" },
      el(
        "a",
        { class: "button", "data-do": "export", href: api.address("export"), download: "" },
        icon("download"),
        words("sets_export"),
      ),
      button({ deed: "import", icon: icon("folder"), words: words("sets_import") }, () =>
        file.click(),
      ),
      file,
    );
  }

  /** @param {string} words */
  #open(words) {
    const { acts } = this.#context;
    acts.panel("");
    acts.openKept(words);
  }

  /** @param {SubmitEvent} event */
  async #add(event) {
    event.preventDefault();
    const { store, api } = this.#context;
    const name = this.#name.value.trim();
    const make = () => this.#ask(() => api.post("sets", { deed: "make", name }));
    const isDone = await (store.get().marks.size ? this.#fill(name) : make());
    if (isDone) this.#name.value = "";
  }

  /** With what is marked; it is made if it is not there. @param {string} name */
  async #fill(name) {
    const { store, acts, api, toast, words } = this.#context;
    const ids = [...store.get().marks];
    if (!(await acts.setOwn(ids, { add_to: name }))) return false;
    toast(words("set_filled", { n: ids.length, name }), "good");
    return this.#ask(() => api.get("sets", this.#context));
  }

  /**
   * Shows the sets that an answer tells.
   *
   * @param {() => Promise<NamedSet[]>} ask
   */
  async #ask(ask) {
    const { toast, words, signal } = this.#context;
    try {
      this.#draw(await ask());
      return true;
    } catch (error) {
      if (!signal.aborted) toast(errorWords(error, words), "bad");
      return false;
    }
  }

  /** What cannot be read is not shown as if there were nothing. */
  async #read() {
    const { api, words, signal } = this.#context;
    try {
      this.#draw(await api.get("sets", { signal }));
    } catch (error) {
      if (signal.aborted || isAborted(error)) return;
      const again = { deed: "retry", icon: icon("again"), words: words("do_retry") };
      this.#list.replaceChildren(
        el("p", { class: "notice", role: "status", dir: "auto" }, errorWords(error, words)),
        button(again, () => this.#read()),
      );
    }
  }

  /** @param {NamedSet[]} sets */
  #draw(sets) {
    const { words } = this.#context;
    this.#list.replaceChildren(
      ...(sets.length
        ? sets.map((set) => this.#row(set))
        : [el("p", { class: "dim" }, words("sets_none"))]),
    );
  }

  /** @param {NamedSet} set */
  #row(set) {
    const { api } = this.#context;
    const { name } = set;
    return setRow(this.#context, set, {
      open: () => this.#open(`set="${name.replaceAll('"', " ")}"`),
      add: () => this.#fill(name),
      rename: (to) => this.#ask(() => api.post("sets", { deed: "rename", name, to })),
      remove: () => this.#delete(name),
    });
  }

  /** @param {string} name */
  async #delete(name) {
    const { api, words } = this.#context;
    if (confirm(words("set_delete_sure", { name }))) {
      await this.#ask(() => api.post("sets", { deed: "delete", name }));
    }
  }

  /** @param {HTMLInputElement} field */
  async #import(field) {
    const { api, toast, words } = this.#context;
    const [file] = field.files ?? [];
    if (!file) return;
    try {
      const told = JSON.parse(await file.text());
      const pictures = Array.isArray(told?.pictures) ? told.pictures : [];
      let count = 0;
      for (let at = 0; at < Math.max(1, pictures.length); at += AT_ONCE) {
        const isLast = at + AT_ONCE >= pictures.length;
        const part = {
          ...told,
          pictures: pictures.slice(at, at + AT_ONCE),
          sets: isLast ? told.sets : [],
        };
        count += (await api.post("import", part)).pictures;
      }
      toast(words("import_done", { n: count, sets: told?.sets?.length ?? 0 }), "good");
      await this.#read();
    } catch (error) {
      toast(error instanceof ApiError ? errorWords(error, words) : words("no_export"), "bad");
    }
    field.value = "";
  }
}
