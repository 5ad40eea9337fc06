// Defines <civitai-gallery>. Its code and style are fetched when the element is first seen.
(() => {
  if (customElements.get("civitai-gallery")) return; // a host may load this file a second time

  // An address with one of these parameters opens our tab by itself.
  const OPENS = ["model", "post", "user", "search", "image", "find"];

  class CivitaiGallery extends HTMLElement {
    #life = null; // an AbortController, from connecting until the element leaves the page

    connectedCallback() {
      if (this.#life && !this.#life.signal.aborted) return; // moved within the page
      this.#life = new AbortController();
      if (!this.shadowRoot) this.attachShadow({ mode: "open" });
      const style = new CSSStyleSheet();
      style.replaceSync(":host { display: block; min-height: 60vh }"); // inline has no width
      this.shadowRoot.adoptedStyleSheets = [style];
      this.#beginWhenSeen();
    }

    disconnectedCallback() {
      // A host moves elements about while it builds its page: what is back by then lives on.
      queueMicrotask(() => {
        if (this.isConnected) return;
        this.#life.abort();
        this.shadowRoot.replaceChildren();
      });
    }

    #beginWhenSeen() {
      const { signal } = this.#life;
      let frame = 0;
      const sizes = new ResizeObserver(() => look());
      // Hosts may lay out all tabs while they build the page, transparent. No event tells of an
      // end of that: so this looks at each frame as long as the element has a size.
      const look = () => {
        cancelAnimationFrame(frame);
        if (this.clientWidth === 0 || signal.aborted) return;
        if (isTransparent(this)) {
          frame = requestAnimationFrame(look);
          return;
        }
        sizes.disconnect();
        this.#begin();
      };
      sizes.observe(this);
      signal.addEventListener("abort", () => sizes.disconnect());
    }

    async #begin() {
      const { signal } = this.#life;
      const base = new URL("civitai_shortcut/", mountedAt());
      const code = new URL(`page/${this.dataset.code}/`, base);
      const style = Object.assign(document.createElement("link"), { rel: "stylesheet" });
      style.href = new URL("page.css", code).href;
      const styled = new Promise((resolve) => {
        style.onload = style.onerror = resolve;
      });
      this.shadowRoot.append(style);
      const bootstrap = fetchBootstrap(base, this.dataset.code, signal);
      try {
        const [page] = await Promise.all([import(new URL("page.js", code).href), styled]);
        if (!signal.aborted) page.start(this, { base, bootstrap, signal });
      } catch (error) {
        console.error("Civitai Shortcut: its page code did not load.", error);
        if (!signal.aborted) this.#sayWhy(new URL("page.js", code), signal);
      }
    }

    // The server's own sentence, in the browser's language, where it gives one.
    async #sayWhy(url, signal) {
      const answer = await fetch(url, { signal })
        .then((response) => response.json())
        .catch(() => null);
      if (signal.aborted) return;
      const said = document.createElement("p");
      said.textContent = answer?.error?.message ?? "The page's code did not load: reload the page.";
      const reload = document.createElement("button");
      reload.textContent = "↻";
      reload.title = "Reload";
      reload.dataset.do = "reload";
      reload.onclick = () => location.reload();
      this.shadowRoot.replaceChildren(said, reload);
    }
  }

  function isTransparent(element) {
    return element.checkVisibility?.({ checkOpacity: true, checkVisibilityCSS: true }) === false;
  }

  // Sent while the code loads. It names the code's version, which may be older than the server.
  function fetchBootstrap(base, code, signal) {
    const bootstrap = fetch(new URL(`api/bootstrap?code=${code}`, base), { signal });
    bootstrap.catch(() => {}); // page.js tells the user
    return bootstrap;
  }

  // gradio knows where it is mounted, also behind a proxy.
  function mountedAt() {
    const root = window.gradio_config?.root;
    const here = new URL(document.baseURI);
    const mounted = new URL(root ?? "", here);
    if (!root || mounted.origin !== here.origin) return here;
    return mounted.pathname.endsWith("/") ? mounted : new URL(`${mounted}/`);
  }

  // Some hosts put a tab into the page only once it is opened.
  function openOurTab() {
    const asked = new URLSearchParams(location.search);
    if (window.civitaiShortcutAlone || !OPENS.some((name) => asked.has(name))) return;
    const url = new URL("civitai_shortcut/page/modules/host/host_page.js", mountedAt());
    import(url.href).then((hosts) => hosts.bringTabToFront());
  }

  openOurTab();
  customElements.define("civitai-gallery", CivitaiGallery);
})();
