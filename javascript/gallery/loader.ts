/** Defines <civitai-gallery>; fetches its code and style when the element is first visible. Built
 * into `javascript/civitai_shortcut.js`, which is small because every page of a host loads it. */

const host = window as Window & {
  gradio_config?: { root?: string };
  civitaiShortcutAlone?: boolean;
};

class CivitaiGallery extends HTMLElement {
  /** from connecting until the element leaves the page */
  #life: AbortController | undefined;

  connectedCallback() {
    if (this.#life?.signal.aborted === false) return; // moved within the page
    this.#life = new AbortController();
    const { signal } = this.#life;
    // Hosts may lay out all tabs while they build the page, transparent. No event tells of an
    // end of that: so this looks at each frame as long as the element has a size.
    const look = () => {
      if (signal.aborted) return sizes.disconnect();
      if (!this.clientWidth) return;
      const options = { checkOpacity: true, checkVisibilityCSS: true };
      if (this.checkVisibility?.(options) === false) return requestAnimationFrame(look);
      sizes.disconnect();
      void this.#begin(signal);
    };
    const sizes = new ResizeObserver(look);
    sizes.observe(this);
  }

  disconnectedCallback() {
    // A host moves elements about while it builds its page: what is back by then lives on.
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#life?.abort();
      this.shadowRoot?.replaceChildren();
    });
  }

  async #begin(signal: AbortSignal) {
    const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    const { code } = this.dataset;
    const base = getBaseUrl();
    const page = `${base}page/${code}/page.`;
    root.innerHTML = `<link rel=stylesheet href="${page}css">`;
    const style = root.firstChild as HTMLLinkElement;
    const styled = new Promise((resolve) => {
      style.onload = style.onerror = resolve;
    });
    // Sent while the code loads. It names the code's version, which may be older than the server.
    const bootstrap = fetch(`${base}api/bootstrap?code=${code}`, { signal });
    bootstrap.catch(() => {}); // page.js tells the user
    const wait = document.createElement("progress");
    wait.style.cssText = "all: revert; display: block; margin: 30vh auto";
    const waiting = setTimeout(() => root.append(wait), 1000);
    try {
      const { start } = await import(`${page}js`);
      await styled;
      clearTimeout(waiting);
      wait.remove();
      if (!signal.aborted) start(this, { base, bootstrap, signal });
    } catch (error) {
      console.error(error);
      clearTimeout(waiting);
      // The server's own sentence, in the browser's language, where it gives one.
      const answer = await fetch(`${page}js`)
        .then((response) => response.json())
        .catch(() => null);
      const reload = document.createElement("button");
      reload.textContent = "↻";
      reload.dataset.do = "reload";
      reload.onclick = () => location.reload();
      const text = document.createElement("p");
      text.textContent = answer?.error.message ?? "The page's code did not load: reload the page.";
      root.replaceChildren(text, reload);
    }
  }
}

/** Return the URL of our routes from gradio's configuration, which knows of a proxy. */
function getBaseUrl() {
  const here = new URL(".", document.baseURI);
  const root = new URL(host.gradio_config?.root || here, here);
  const mounted = root.origin === here.origin ? root : here;
  return mounted.href.replace(/\/?$/, "/civitai_shortcut/");
}

// A host may load this file a second time.
if (!customElements.get("civitai-gallery")) {
  customElements.define("civitai-gallery", CivitaiGallery);
  // An address with one of these parameters opens our tab by itself; some hosts put a tab into the
  // page only then.
  if (
    !host.civitaiShortcutAlone &&
    /[?&](model|post|user|search|image|find)=/.test(location.search)
  )
    void import(`${getBaseUrl()}page/current/webui_fields.js`).then((page) =>
      page.bringTabToFront(),
    );
}
