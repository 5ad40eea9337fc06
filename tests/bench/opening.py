"""Case (j): time to the first screen, bytes of code, and images shown while scrolling fast."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

from browsing import FIRST_SCREEN, HOST, launch_chromium, run_gallery, UNTIL
from measure import median, run_server
from tables import format_number, format_table, format_verdict

__all__ = ["open_gallery"]

_WINDOW = {"width": 1600, "height": 1000}
_NETWORK = 0.02  # seconds from our server to Civitai
_SPEED = 6000  # pixels a second
_SCROLLED = 2.0  # seconds
_PAGES = 10  # of 100 images: more than is scrolled through
_IN_VIEW = f"""() => {{
    const tiles = [...{HOST}.shadowRoot.querySelectorAll("[data-tile]")].map((tile) => {{
        const box = tile.getBoundingClientRect(), image = tile.querySelector("img");
        const isLoaded = Boolean(image && image.complete && image.naturalWidth > 0);
        return {{id: tile.dataset.id, top: box.top, bottom: box.bottom, isLoaded}};
    }}).filter((tile) => tile.bottom > 0 && tile.top < innerHeight);
    return tiles;
}}"""
_SCROLL = f"""([speed, seconds]) => new Promise((done) => {{
    const seen = new Map(), started = performance.now(), from = scrollY;
    const look = {_IN_VIEW};
    const step = (now) => {{
        const passed = (now - started) / 1000;
        scrollTo(0, from + speed * Math.max(0, passed));
        for (const tile of look()) seen.set(tile.id, seen.get(tile.id) || tile.isLoaded);
        if (passed < seconds) requestAnimationFrame(step);
        else done([...seen.values()]);
    }};
    requestAnimationFrame(step);
}})"""


def open_gallery(scale: str) -> str:
    turns = 5 if scale == "full" else 3
    with launch_chromium() as browser:
        if browser is None:
            return "### (j) opening\n\nskipped: there is no Playwright or no Chromium here\n"
        figures = _open(browser, turns) | _scroll(browser)
    return _report(figures)


def _open(browser: Any, turns: int) -> dict[str, float]:
    """Open a gallery with an empty browser cache, and reload it; return what was measured."""
    figures: dict[str, float] = {}
    cold, warm = [], []
    with run_server(latency=_NETWORK, pictures=1500) as server, run_gallery(server) as (url, _):
        for _turn in range(turns):
            context = browser.new_context(viewport=_WINDOW)
            page = context.new_page()
            requests = _CodeRequests(page)
            cold.append(_time_first_screen(page, f"{url}?model=101"))
            figures["requests of code"] = len(requests.code)
            figures["kB of code"] = sum(requests.code.values()) / 1000
            figures["whole images on the first screen"] = sum(
                tile["top"] >= 0 and tile["bottom"] <= _WINDOW["height"]
                for tile in page.evaluate(_IN_VIEW)
            )
            requests.forget()
            warm.append(_time_first_screen(page, None))
            figures["code asked again at a reload"] = len(requests.code)
            context.close()
    return {"first screen, cold, s": median(cold), "first screen, warm, s": median(warm), **figures}


def _time_first_screen(page: Any, url: str | None) -> float:
    started = time.perf_counter()
    page.goto(url, wait_until="commit") if url else page.reload(wait_until="commit")
    page.wait_for_function(f"() => {HOST}?.shadowRoot?.querySelector('[data-tile]')")
    page.evaluate(UNTIL, ["", FIRST_SCREEN, None])
    return time.perf_counter() - started


class _CodeRequests:
    """The requests of a page for our own code. code: bytes by path."""

    def __init__(self, page: Any) -> None:
        self.code: dict[str, float] = {}
        self._paths: dict[str, str] = {}
        devtools = page.context.new_cdp_session(page)
        devtools.send("Network.enable")
        devtools.on("Network.requestWillBeSent", self._on_request)
        devtools.on("Network.requestServedFromCache", self._on_cache_hit)
        devtools.on("Network.loadingFinished", self._on_finished)

    def forget(self) -> None:
        self.code, self._paths = {}, {}

    def _on_request(self, event: dict[str, Any]) -> None:
        path = urlsplit(event["request"]["url"]).path
        if "/civitai_shortcut/page/" in path:
            self._paths[event["requestId"]] = path
            self.code[path] = 0.0

    def _on_cache_hit(self, event: dict[str, Any]) -> None:
        self.code.pop(self._paths.pop(event["requestId"], ""), None)

    def _on_finished(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self._paths:
            self.code[self._paths[event["requestId"]]] = event["encodedDataLength"]


def _scroll(browser: Any) -> dict[str, float]:
    figures: dict[str, float] = {}
    with run_server(latency=_NETWORK, pictures=10_000) as server, run_gallery(server) as (
        url,
        process,
    ):
        figures["server memory at start, MB"] = _read_memory(process)
        for state in ("cache empty", "cache full"):
            if state == "cache full":
                _fill_cache(browser, url)
            context = browser.new_context(viewport=_WINDOW)
            page = context.new_page()
            _time_first_screen(page, f"{url}?model=101")
            seen = page.evaluate(_SCROLL, [_SPEED, _SCROLLED])
            figures[f"loaded at {_SPEED} px/s, {state}"] = sum(seen) / len(seen)
            context.close()
        figures["server memory at the end, MB"] = _read_memory(process)
    return figures


def _fill_cache(browser: Any, url: str) -> None:
    """Let the server fetch the thumbnails that will be scrolled through."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(url)
    page.evaluate(
        """async (pages) => {
            const base = new URL("civitai_shortcut/api/", document.baseURI);
            let cursor = "";
            for (let n = 0; n < pages; n += 1) {
                const query = `images?model=101&sort=Newest&period=AllTime&level=None&limit=100`;
                const response = await fetch(new URL(query + cursor, base));
                const page = await response.json();
                await Promise.all(page.images.map(async ({ id }) =>
                    (await fetch(new URL(`thumb/${id}?w=320`, base))).blob()));
                cursor = `&cursor=${encodeURIComponent(page.cursor)}`;
            }
        }""",
        _PAGES,
    )
    context.close()


def _read_memory(process: int) -> float:
    """Return the resident memory of a process, in MB."""
    with open(f"/proc/{process}/status", encoding="ascii") as file:
        kilobytes = next(line.split()[1] for line in file if line.startswith("VmRSS"))
    return int(kilobytes) / 1024


def _report(figures: dict[str, float]) -> str:
    loaded = f"loaded at {_SPEED} px/s, cache"
    most = {
        "first screen, cold, s": 1.0,
        "first screen, warm, s": 0.4,
        "requests of code": 5,
        "kB of code": 300,
        "code asked again at a reload": 0,
        "server memory at start, MB": 120,
        "server memory at the end, MB": 120,
    }
    least = {"whole images on the first screen": 15, f"{loaded} full": 0.8, f"{loaded} empty": 0.5}
    lines = [format_verdict(name, figures[name], limit) for name, limit in most.items()]
    lines += [format_verdict(n, figures[n], limit, at_least=True) for n, limit in least.items()]
    title = f"(j) opening in Chromium, {_WINDOW['width']} × {_WINDOW['height']}"
    rows = [[name, format_number(value)] for name, value in figures.items()]
    return "\n".join([format_table(title, ["", ""], rows), *lines]) + "\n"
