/**
 * The home page, shown while no gallery is open: recent galleries, the models on this machine,
 * watches, collections, and invitations.
 */

import { button, el } from "../core/dom";
import { redraw } from "../core/redraw";
import { scrollBy } from "../core/scroller";
import type { LocalModelData } from "../data/local_models";
import { isHome } from "../state/state";
import type { Context, State } from "../types";
import { ModelGrid } from "./model_grid";
import { makeInvitations, makeLibraryShelf, makeRecent, makeSamples, makeWatches } from "./shelves";

export class Home {
  #context;
  #models;
  #section = el("section", { class: "home", hidden: true });
  #intro = el("div", { class: "home-intro" });
  #top = 0;
  #shelves = el("div", { class: "home-shelves" });

  constructor(context: Context, localModels: LocalModelData) {
    const { page, store, signal } = context;
    this.#context = context;
    this.#models = new ModelGrid(context, localModels);
    this.#section.append(this.#intro, this.#shelves);
    page.append(this.#section);
    store.on([isHome], (now, before) => this.#show(now, before), { signal });
    store.on(["home", "samples", "watches", "bootstrap"], (now) => this.#draw(now), { signal });
    this.#show(store.get(), store.get());
  }

  /** Return the scroll position of the home page in pixels, or the last one while it is hidden. */
  get top() {
    if (this.#section.hidden) return this.#top;
    return -this.#context.root.host.getBoundingClientRect().top;
  }

  /** Focus the first link or button below the introduction. Return whether there is any. */
  focusFirst() {
    const first = this.#shelves.querySelector("a, button");
    if (first instanceof HTMLElement) first.focus({ preventScroll: true });
    return first !== null;
  }

  /** Scroll the page.
   * @param top in pixels */
  scrollTo(top: number) {
    scrollBy(this.#section, top - this.top);
  }

  /** Show or hide the home page. When it is opened, it is scrolled to its top. */
  #show(now: State, before: State) {
    if (!isHome(now)) this.#top = this.top;
    this.#section.hidden = !isHome(now);
    if (this.#section.hidden) return;
    this.#draw(now);
    if (!isHome(before)) scrollBy(this.#section, Math.min(0, -this.top));
  }

  /** Draw the introduction and the shelves. */
  #draw(now: State) {
    const { home } = now;
    if (this.#section.hidden || !home) return;
    const isNew = home.recent.length === 0;
    redraw(this.#context.root, this.#section, () => {
      this.#drawIntro(now, isNew);
      const samples = makeSamples(this.#context, now);
      const shelves = [
        isNew && samples,
        makeRecent(this.#context, now),
        makeWatches(this.#context, now),
        !isNew && samples,
        makeLibraryShelf(this.#context, now),
        this.#models.makeShelf(now),
        makeInvitations(this.#context, now),
      ];
      this.#shelves.replaceChildren(...shelves.filter((shelf) => shelf instanceof HTMLElement));
    });
  }

  /** Draw the title and the introduction, with example searches for a new user.
   * @param isNew whether the user has opened nothing yet */
  #drawIntro({ bootstrap }: State, isNew: boolean) {
    const { translate } = this.#context;
    const isDemo = bootstrap?.is_demo ?? false;
    this.#intro.replaceChildren(
      el("h2", { text: translate(isNew ? "home_welcome" : "home_title") }),
      el("p", { class: "dim", text: translate(isDemo ? "home_demo" : "home_intro") }),
      isNew && !isDemo ? this.#makeTries() : "",
    );
  }

  /** Return buttons that search Civitai for example words. */
  #makeTries() {
    const { translate, actions } = this.#context;
    const tries = translate("home_tries").split("|");
    return el(
      "div",
      { class: "row" },
      el("span", { class: "dim", text: translate("home_try") }),
      ...tries.map((one) =>
        button({ action: "try", label: one, class: "chip" }, () => actions.find(one)),
      ),
    );
  }
}
