/** The field that searches the downloads, and the button that lists older ones. */

import type { JobCard } from "../contract";
import { button, el, setLabel } from "../core/dom";
import { showError } from "../data/problems";
import type { Context } from "../types";

const FEW = 4; // downloads that need no search
const LISTED = 12; // by the server, unless it is asked for more
const MORE = 50; // with each press

export class JobSearch {
  declare field;
  declare older;
  /** null while the newest jobs are shown */
  found: JobCard[] | null = null;
  #context;
  #changed;
  #limit = LISTED;
  #abort = new AbortController();

  /** @param changed called when other jobs were found */
  constructor(context: Context, changed: () => void) {
    const { translate, signal } = context;
    this.#context = context;
    this.#changed = changed;
    const label = translate("jobs_search");
    this.field = el("input", {
      type: "search",
      "data-field": "jobs-search",
      placeholder: label,
      "aria-label": label,
      on: { input: () => void this.search() },
    });
    this.older = button({ action: "jobs-older", icon: "fold", label: "", class: "quiet" }, () =>
      this.#showOlder(),
    );
    signal.addEventListener("abort", () => this.#abort.abort());
  }

  get isActive() {
    return this.field.value.trim() !== "" || this.#limit > LISTED;
  }

  /** Show the field if there are jobs to search, and the button if there are older jobs.
   * @param total number of all jobs
   * @param listed number of the listed jobs */
  draw(total: number, listed: number) {
    const isSearching = this.field.value !== "";
    this.field.hidden = total <= FEW && !isSearching;
    const n = total - listed;
    this.older.hidden = isSearching || n <= 0;
    setLabel(this.older, this.#context.translate("jobs_older", { n }));
  }

  /** Show the newest jobs again. */
  reset() {
    this.#abort.abort();
    this.field.value = "";
    this.#limit = LISTED;
    this.found = null;
    this.#changed();
  }

  #showOlder() {
    this.#limit += MORE;
    return this.search();
  }

  /** Fetch the jobs that match the words in the field; call this again when jobs have changed. */
  async search() {
    if (!this.isActive) return this.reset();
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const limit = this.field.value.trim() ? LISTED + MORE : this.#limit;
    const query = new URLSearchParams({ search: this.field.value, limit: String(limit) });
    try {
      const { jobs } = await this.#context.api.get(`jobs?${query}`, { signal });
      if (signal.aborted) return;
      this.found = jobs;
      this.#changed();
    } catch (error) {
      showError(error, this.#context);
    }
  }
}
