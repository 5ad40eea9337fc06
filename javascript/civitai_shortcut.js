// Brings the gallery's page code into the host's page, once; all else is in gallery/, as modules.
(() => {
  if (window.civitaiShortcutLoaded) return; // a host may load this file a second time
  window.civitaiShortcutLoaded = true;

  forgetRuns();

  // gradio knows where it is mounted, also behind a proxy whose path the page's address hides.
  const root = window.gradio_config?.root;
  const here = new URL(document.baseURI);
  const mounted = root ? new URL(root, here) : here;
  const base = mounted.origin === here.origin ? mounted : here;
  const folder = base.pathname.endsWith("/") || base === here ? base : new URL(`${base}/`);
  import(new URL("civitai_shortcut/page/element.js", folder)).catch((error) => {
    console.error("Civitai Shortcut: its page code did not load.", error);
  });

  // What gradio 6 kept of the page in its earlier form, whose events carried the API key.
  function forgetRuns() {
    try {
      for (const kept of [localStorage, sessionStorage]) {
        for (const name of Object.keys(kept)) {
          if (!name.startsWith("gradio:run-history:")) continue;
          if (kept.getItem(name)?.includes("civitai_shortcut_")) kept.removeItem(name);
        }
      }
    } catch {
      // A browser that gives a page no storage has kept nothing.
    }
  }
})();
