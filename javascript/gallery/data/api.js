/**
 * Sends requests to our server. A response is its JSON, a failure an `ApiError` with a code and a
 * message.
 */

const MAX_RETRIES = 6; // after 429; without a `Retry-After` they take a minute
const MAX_PAUSE = 120; // seconds

export class ApiError extends Error {
  /** @param {string} code  a code of the server, or "offline" if our server does not respond
   * @param {string} message
   * @param {number} status  HTTP status, 0 without a response
   * @param {string} field  the first field that the server refused, "" for none
   * @param {Record<string, string>} [fields]  the message of each refused field */
  constructor(code, message, status, field = "", fields = { [field]: message }) {
    super(message);
    this.code = code;
    this.status = status;
    this.field = field;
    this.fields = fields;
  }
}

/** @typedef {{signal?: AbortSignal}} Options */
/** @typedef {import("../contract").Contract["responses"]} Responses */
/** @typedef {import("../contract").Contract["bodies"]} Bodies */

/**
 * A route of the contract as requests write it: `images/{id}` is `images/5?model=1`.
 *
 * @template {string} R
 * @typedef {R extends `${infer A}{id}${infer B}` ? `${A}${number}${Fill<B>}` : Fill<R>} Path
 */
/**
 * @template {string} R
 * @typedef {R extends `${infer A}{action}` ? `${A}${string}` : R} Fill
 */
/**
 * @template {string} R
 * @typedef {Path<R> | `${Path<R>}?${string}`} PathAndQuery
 */
/**
 * The value that a table of routes has for a path.
 *
 * @template T
 * @template {string} P
 * @typedef {{[R in keyof T & string]: P extends PathAndQuery<R> ? T[R] : never}[keyof T & string]} Lookup
 */

export class Api {
  #base;
  #version;
  /** @type {Promise<Response> | null} */
  #bootstrap;
  /** Called when our server does not respond to a request. */
  onOffline = () => {};

  /** @param {URL} base  …/civitai_shortcut/
   * @param {string} version  of this code; a server of another version responds with the error
   *     "outdated"
   * @param {Promise<Response> | null} [bootstrap]  response to the first `get("bootstrap")`, if
   *     that was already sent */
  constructor(base, version, bootstrap = null) {
    this.#base = new URL("api/", base);
    this.#version = version;
    this.#bootstrap = bootstrap;
  }

  /** Send a GET request, and return the JSON of the response. Throws ApiError.
   * @template {PathAndQuery<keyof Responses["GET"]>} P
   * @param {P} path
   * @param {Options} [options]
   * @returns {Promise<Lookup<Responses["GET"], P>>} */
  get(path, options) {
    return this.#reportOffline(this.#fetchJson(path, options));
  }

  /** Send a POST request with a JSON body, and return the JSON of the response. Throws ApiError.
   * @template {PathAndQuery<keyof Responses["POST"]>} P
   * @param {P} path
   * @param {Lookup<Bodies["POST"], P>} body
   * @param {Options} [options]
   * @returns {Promise<Lookup<Responses["POST"], P>>} */
  post(path, body, options) {
    return this.#write("POST", path, body, options);
  }

  /** Send a PUT request with a JSON body, and return the JSON of the response. Throws ApiError.
   * @template {PathAndQuery<keyof Responses["PUT"]>} P
   * @param {P} path
   * @param {Lookup<Bodies["PUT"], P>} body
   * @param {Options} [options]
   * @returns {Promise<Lookup<Responses["PUT"], P>>} */
  put(path, body, options) {
    return this.#write("PUT", path, body, options);
  }

  /** Send a POST request whose body is a file, and return the JSON of the response. Throws
   * ApiError.
   * @template {PathAndQuery<keyof Responses["POST"]>} P
   * @param {P} path
   * @param {Blob} file
   * @param {Options} [options]
   * @returns {Promise<Lookup<Responses["POST"], P>>} */
  postFile(path, file, options) {
    return this.#write("POST", path, file, options);
  }

  /** Return gradio's configuration of the host's page. Throws ApiError.
   * @param {Options} [options]
   * @returns {Promise<unknown>} */
  getHostConfig(options) {
    return this.#fetchJson("../../config", options);
  }

  /** Return the URL of an image's thumbnail.
   * @param {number} id
   * @param {number} width  in pixels */
  getThumbUrl(id, width) {
    return new URL(`thumb/${id}?w=${width}`, this.#base).href;
  }

  /** Return the URL of a route, for an element that fetches the route itself.
   * @param {string} path  such as "collections/export" */
  getUrl(path) {
    return new URL(path, this.#base).href;
  }

  /** Return the URL of an image's file. @param {number} id */
  getFileUrl(id) {
    return new URL(`file/${id}`, this.#base).href;
  }

  /** Fetch an image's file for an image field of the host. The file contains the image's infotext.
   * Throws ApiError.
   * @param {number} id
   * @param {Options} [options]
   * @returns {Promise<File>} */
  async fetchFile(id, options) {
    const response = await this.#reportOffline(this.#fetch(`images/${id}/file`, options));
    const blob = await response.blob().catch(throwOffline);
    return new File([blob], `${id}.${blob.type.split("/")[1]}`, { type: blob.type });
  }

  /** Send a request that changes something, and return the JSON of the response. Throws ApiError.
   * @param {"POST" | "PUT"} method
   * @param {string} path
   * @param {unknown} body  a Blob, or what becomes JSON
   * @param {Options} [options] */
  #write(method, path, body, options) {
    const isFile = body instanceof Blob;
    const type = isFile ? "application/octet-stream" : "application/json";
    const headers = { "Content-Type": type, "X-Civitai-Shortcut": "1" };
    const sent = isFile ? body : JSON.stringify(body ?? {});
    const request = { method, headers, body: sent, signal: options?.signal };
    return this.#reportOffline(this.#fetchJson(path, request));
  }

  /** Return what a request returns, or throw its error; call `onOffline` if our server does not
   * respond.
   * @template T
   * @param {Promise<T>} request
   * @returns {Promise<T>} */
  async #reportOffline(request) {
    try {
      return await request;
    } catch (error) {
      if (error instanceof ApiError && error.code === "offline") this.onOffline();
      throw error;
    }
  }

  /** Send a request, and return the JSON of the response. Throws ApiError, or AbortError if the
   * request was aborted.
   * @param {string} path
   * @param {RequestInit} [request]
   * @returns {Promise<any>} */
  async #fetchJson(path, request) {
    const response = await this.#fetch(path, request);
    const data = parseJson(await response.text().catch(throwOffline));
    if (data === undefined) throw toApiError(response.status, data);
    return data;
  }

  /** Send a request, and return its response. A request that the host refuses because there were too
   * many is sent again after the pause that the host asks for. Throws ApiError if the request fails
   * or the response is not OK, AbortError if the request was aborted.
   * @param {string} path
   * @param {RequestInit} [request] */
  async #fetch(path, request = {}) {
    // member by member: a spread would not copy the signal of an AbortController
    const { method, body, headers: own, signal } = request;
    const headers = { "X-Civitai-Shortcut-Code": this.#version, ...own };
    const preloaded = path === "bootstrap" ? this.#bootstrap : null;
    if (preloaded) this.#bootstrap = null;
    let sent = preloaded;
    for (let tries = 0; ; tries += 1) {
      sent ??= fetch(new URL(path, this.#base), { method, body, headers, signal });
      const response = await sent.catch(throwOffline);
      if (response.ok) return response;
      if (response.status !== 429 || tries === MAX_RETRIES)
        throw toApiError(response.status, parseJson(await response.text().catch(throwOffline)));
      await waitFor(getPause(response, tries), signal);
      sent = null;
    }
  }
}

/** Return how many milliseconds to wait before a refused request is sent again.
 * @param {Response} response  with the status 429; hosts such as SD.Next limit how many requests a
 *     minute they take
 * @param {number} tries  number of times that the request was sent again */
function getPause(response, tries) {
  const told = Number.parseFloat(response.headers.get("Retry-After") ?? "");
  return 1000 * (Number.isNaN(told) ? 2 ** tries : Math.min(Math.max(told, 0.1), MAX_PAUSE));
}

/** Wait for some time. Throws an AbortError if the signal is aborted meanwhile.
 * @param {number} time  milliseconds
 * @param {AbortSignal | null} [signal]
 * @returns {Promise<void>} */
export function waitFor(time, signal) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const timer = setTimeout(resolve, time);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

/** Throw an ApiError with the code "offline" for a failed request; rethrow an AbortError.
 * @param {unknown} error
 * @returns {never} */
function throwOffline(error) {
  if (isAborted(error)) throw error;
  throw new ApiError("offline", "", 0);
}

/** Return the value of a JSON text, undefined if the text is not JSON. @param {string} text */
function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Return the error for a response that is not OK or not JSON.
 * @param {number} status
 * @param {any} data  the JSON of the response; a proxy in between may have sent anything */
function toApiError(status, data) {
  const error = data?.error;
  if (typeof error?.code === "string") {
    const { code, message = "", field = "", fields } = error;
    return new ApiError(code, String(message), status, String(field), fields);
  }
  if (status === 401) return new ApiError("login", "", status);
  // A proxy in front of a server that is just starting answers in its place.
  if ([502, 503, 504].includes(status)) return new ApiError("offline", "", status);
  return new ApiError(status >= 400 ? `http_${status}` : "bad_answer", "", status);
}

/** Return whether an error says that a request was aborted. @param {unknown} error */
export function isAborted(error) {
  return error instanceof DOMException && error.name === "AbortError";
}
