// Brings the gallery's page code into the host's page, once; all else is in gallery/, as modules.
(() => {
  if (window.civitaiShortcutLoaded) return; // a host may load this file a second time
  window.civitaiShortcutLoaded = true;

  // gradio knows where it is mounted, also behind a proxy whose path the page's address hides.
  const root = window.gradio_config?.root;
  const here = new URL(document.baseURI);
  const mounted = root ? new URL(root, here) : here;
  const base = mounted.origin === here.origin ? mounted : here;
  const folder = base.pathname.endsWith("/") || base === here ? base : new URL(`${base}/`);
  import(new URL("civitai_shortcut/page/element.js", folder)).catch((error) => {
    console.error("Civitai Shortcut: its page code did not load.", error);
  });
})();
