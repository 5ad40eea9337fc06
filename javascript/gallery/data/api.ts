/** Sends requests to our server. A response is its JSON, a failure an `ApiError` with a code and a
 * message, which becomes a problem that the page shows. */

import type { Contract } from "../contract";
import { getTop } from "../core/dialogs";
import { button } from "../core/dom";
import type { Store } from "../state/state";
import type { Context, Part, Problem, Translate } from "../types";

const MAX_RETRIES = 6; // after 429; without a `Retry-After` they take a minute
const MAX_PAUSE = 120; // seconds
const MOST_KEPT = 2_000; // letters of a request that survives: browsers keep 64 kB in all

export class ApiError extends Error {
  /** @param code a code of the server, or "offline" if our server does not respond
   * @param status HTTP status, 0 without a response */
  constructor(
    readonly code: string,
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/** survives: whether a small request goes on when the page is closed or loaded again. */
type Options = { signal?: AbortSignal; survives?: boolean };
type Responses = Contract["responses"];
type Bodies = Contract["bodies"];

/** A route of the contract as requests write it: `images/{id}` is `images/5?model=1`. */
type Path<R extends string> = R extends `${infer A}{id}${infer B}`
  ? `${A}${number}${Fill<B>}`
  : Fill<R>;

type Fill<R extends string> = R extends `${infer A}{action}` ? `${A}${string}` : R;
type PathAndQuery<R extends string> = Path<R> | `${Path<R>}?${string}`;
/** The value that a table of routes has for a path. */
type Lookup<T, P extends string> = {
  [R in keyof T & string]: P extends PathAndQuery<R> ? T[R] : never;
}[keyof T & string];

/** What we read of gradio's configuration. */
export interface HostConfig {
  dependencies?: Record<"targets" | "inputs" | "outputs" | "api_name", unknown>[];
}

export class Api {
  #base;
  /** Called when our server does not respond to a request. */
  onOffline = () => {};

  /** @param base …/civitai_shortcut/
   * @param version of this code; a server of another version responds with the error "outdated"
   * @param bootstrap response to the first `get("bootstrap")`, if that was already sent */
  constructor(
    base: URL,
    private readonly version: string,
    private bootstrap: Promise<Response> | null = null,
  ) {
    this.#base = new URL("api/", base);
  }

  /** Send a GET request, and return the JSON of the response. Throws ApiError. */
  get<P extends PathAndQuery<keyof Responses["GET"]>>(
    path: P,
    options?: Options,
  ): Promise<Lookup<Responses["GET"], P>> {
    return this.#reportOffline(this.#fetchJson(path, options));
  }

  /** Send a POST request with a JSON body, and return the JSON of the response. Throws ApiError. */
  post<P extends PathAndQuery<keyof Responses["POST"]>>(
    path: P,
    body: Lookup<Bodies["POST"], P>,
    options?: Options,
  ): Promise<Lookup<Responses["POST"], P>> {
    return this.#write("POST", path, body, options);
  }

  /** Send a PUT request with a JSON body, and return the JSON of the response. Throws ApiError. */
  put<P extends PathAndQuery<keyof Responses["PUT"]>>(
    path: P,
    body: Lookup<Bodies["PUT"], P>,
    options?: Options,
  ): Promise<Lookup<Responses["PUT"], P>> {
    return this.#write("PUT", path, body, options);
  }

  /** Send a POST request whose body is a file; else like `post`. */
  postFile<P extends PathAndQuery<keyof Responses["POST"]>>(
    path: P,
    file: Blob,
    options?: Options,
  ): Promise<Lookup<Responses["POST"], P>> {
    return this.#write("POST", path, file, options);
  }

  /** Return gradio's configuration of the host's page. Throws ApiError. */
  getHostConfig(options?: Options): Promise<HostConfig> {
    return this.#fetchJson("../../config", options);
  }

  /** Return the URL of an image's thumbnail; `width` is in pixels. */
  getThumbUrl(id: number, width: number) {
    return new URL(`thumb/${id}?w=${width}`, this.#base).href;
  }

  /** Return the URL of a route such as "collections/export", for an element that fetches it. */
  getUrl(path: string) {
    return new URL(path, this.#base).href;
  }

  /** Return the URL of an image's file. */
  getFileUrl(id: number) {
    return new URL(`file/${id}`, this.#base).href;
  }

  /** Request a file that an element could not load. Return why it fails, null if it comes now. */
  async findFailure(url: string, options?: Options): Promise<ApiError | null> {
    try {
      const response = await this.#reportOffline(this.#fetch(url, options));
      await response.blob().catch(throwOffline);
      return null;
    } catch (error) {
      if (error instanceof ApiError) return error;
      throw error;
    }
  }

  /** Fetch an image's file, with its infotext, for a field of the host. Throws ApiError. */
  async fetchFile(id: number, options?: Options): Promise<File> {
    const response = await this.#reportOffline(this.#fetch(`images/${id}/file`, options));
    const blob = await response.blob().catch(throwOffline);
    return new File([blob], `${id}.${blob.type.split("/")[1]}`, { type: blob.type });
  }

  #write<T>(method: "POST" | "PUT", path: string, body: unknown, options?: Options): Promise<T> {
    const isFile = body instanceof Blob;
    const type = isFile ? "application/octet-stream" : "application/json";
    const headers = { "Content-Type": type, "X-Civitai-Shortcut": "1" };
    const sent = isFile ? body : JSON.stringify(body ?? {});
    const isShort = typeof sent === "string" && sent.length < MOST_KEPT;
    const keepalive = options?.survives && isShort;
    const request = { method, headers, body: sent, signal: options?.signal, keepalive };
    return this.#reportOffline(this.#fetchJson<T>(path, request));
  }

  /** Return what a request returns; call `onOffline` if our server does not respond. */
  async #reportOffline<T>(request: Promise<T>): Promise<T> {
    try {
      return await request;
    } catch (error) {
      if (error instanceof ApiError && error.code === "offline") this.onOffline();
      throw error;
    }
  }

  async #fetchJson<T>(path: string, request?: RequestInit): Promise<T> {
    const response = await this.#fetch(path, request);
    const data = parseJson(await response.text().catch(throwOffline));
    if (data === undefined) throw toApiError(response.status, data);
    return data;
  }

  /** Return the response of a request, repeated if the host refuses too many. Throws ApiError. */
  async #fetch(path: string, request: RequestInit = {}) {
    // member by member: a spread would not copy the signal of an AbortController
    const { method, body, headers: own, signal, keepalive } = request;
    const headers = { "X-Civitai-Shortcut-Code": this.version, ...own };
    const preloaded = path === "bootstrap" ? this.bootstrap : null;
    if (preloaded) this.bootstrap = null;
    let sent = preloaded;
    for (let tries = 0; ; tries += 1) {
      sent ??= fetch(new URL(path, this.#base), { method, body, headers, signal, keepalive });
      const response = await sent.catch(throwOffline);
      if (response.ok) return response;
      if (response.status !== 429 || tries === MAX_RETRIES)
        throw toApiError(response.status, parseJson(await response.text().catch(throwOffline)));
      await waitFor(getPause(response, tries), signal);
      sent = null;
    }
  }
}

/** Return the milliseconds until a request is sent again that a host such as SD.Next refused. */
function getPause(response: Response, tries: number) {
  const told = Number.parseFloat(response.headers.get("Retry-After") ?? "");
  return 1000 * (Number.isNaN(told) ? 2 ** tries : Math.min(Math.max(told, 0.1), MAX_PAUSE));
}

/** Wait for some milliseconds. Throws an AbortError if the signal is aborted. */
export function waitFor(time: number, signal?: AbortSignal | null): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const timer = setTimeout(resolve, time);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

/** Throw an ApiError with the code "offline" for a failed request; rethrow an AbortError. */
function throwOffline(error: unknown): never {
  if (isAborted(error)) throw error;
  throw new ApiError("offline", "", 0);
}

function parseJson(text: string) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface ErrorBody {
  error?: Partial<Contract["error"]>;
}

function toApiError(status: number, data?: ErrorBody) {
  const error = data?.error;
  if (typeof error?.code === "string") {
    return new ApiError(error.code, String(error.message ?? ""), status);
  }
  if (status === 401) return new ApiError("login", "", status);
  // A proxy in front of a server that is just starting answers in its place.
  if ([502, 503, 504].includes(status)) return new ApiError("offline", "", status);
  return new ApiError(status >= 400 ? `http_${status}` : "bad_answer", "", status);
}

/** Return whether an error says that a request was aborted. */
export function isAborted(error: unknown) {
  return error instanceof DOMException && error.name === "AbortError";
}

const UNTIL_RELOAD = ["login", "outdated"]; // the server refuses all requests of this page
const PAGE_ERRORS = ["offline", "login", "bad_answer"]; // what our server did not say in words

/** Return the message for an ApiError. Other errors are bugs, and are thrown again. */
export function getErrorMessage(error: unknown, translate: Translate) {
  if (!(error instanceof ApiError)) throw error;
  if (error.message) return error.message;
  if (PAGE_ERRORS.includes(error.code)) return translate(`problem_${error.code}`);
  return translate("problem_other", { code: error.status || error.code });
}

/** Return the problem to show to the user for an `ApiError`. Other errors are thrown again. */
export function makeProblem(error: unknown, translate: Translate): Problem {
  const message = getErrorMessage(error, translate);
  return { code: error instanceof ApiError ? error.code : "", message };
}

/** Set the problem of one part of the page; null clears it. */
export function setProblem(store: Store, part: Part, problem: Problem | null) {
  store.set(({ problems }) => ({ problems: { ...problems, [part]: problem } }));
}

/** Return null for an ApiError or AbortError. Others are bugs, and are thrown again. */
export function ignoreFailure(error: unknown) {
  if (!(error instanceof ApiError) && !isAborted(error)) throw error;
  return null;
}

/** Return whether the server refuses all requests of this page until the page is reloaded. */
export function needsReload(code: string) {
  return UNTIL_RELOAD.includes(code);
}

/** Return the button for a problem: *Try again*, or *Reload* if all requests are refused. */
export function makeRetryButton(code: string, translate: Translate, retry: () => unknown) {
  if (needsReload(code))
    return button({ action: "reload", label: translate("do_reload") }, () => location.reload());
  return button({ action: "retry", icon: "again", label: translate("do_retry") }, retry);
}

/** Show to the user why a request failed: in the page's status line if our server does not respond
 * or refuses all requests, else in a toast. A toast also replaces a status line that a dialog
 * covers. An aborted request is ignored; other errors than an `ApiError` are thrown again. */
export function showError(error: unknown, { root, store, toast, translate }: Context) {
  if (isAborted(error)) return;
  const problem = makeProblem(error, translate);
  const isCommon = problem.code === "offline" || needsReload(problem.code);
  if (isCommon) setProblem(store, "bootstrap", problem);
  const top = getTop(root);
  const isShown = isCommon && (!(top instanceof Element) || top.hasAttribute("data-failed"));
  const told = isShown ? null : toast(problem.message, "bad");
  // what the dialog covered says it now
  if (isCommon) root.addEventListener("layers", () => told?.remove(), { once: true });
}

/** Return what an action returns. If its request fails, show why and return null. */
export async function tryOrTell<T>(context: Context, run: () => Promise<T>): Promise<T | null> {
  try {
    return await run();
  } catch (error) {
    showError(error, context);
    return null;
  }
}

/** Requests of which each aborts the one before. */
export class LatestRequest {
  #abort = new AbortController();

  /** @param page aborts the last request when the page is left */
  constructor(page: { signal: AbortSignal }) {
    page.signal.addEventListener("abort", () => this.abort());
  }

  get signal() {
    return this.#abort.signal;
  }

  /** Abort the last request, and return the signal of the next. */
  begin() {
    this.abort();
    this.#abort = new AbortController();
    return this.signal;
  }

  abort() {
    this.#abort.abort();
  }
}

export class ResponseOrder {
  #count = 0; // of the requests
  #newest = 0; // the number of the request whose response is shown

  /** Return the response of a request that reads; null if a later one was answered first. */
  async read<T>(request: () => Promise<T>): Promise<T | null> {
    const number = ++this.#count;
    const response = await request();
    if (number < this.#newest) return null;
    this.#newest = number;
    return response;
  }

  /** Return the response of a request that changes the data, which has the data after it. */
  async change<T>(request: () => Promise<T>): Promise<T> {
    const response = await request();
    this.#newest = ++this.#count;
    return response;
  }
}
