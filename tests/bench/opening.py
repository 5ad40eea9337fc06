"""Case (j): time to the first screen, bytes of code, and images shown while scrolling fast."""

from __future__ import annotations

import os
import time
from typing import Any
from urllib.parse import urlsplit

from browsing import FIRST_SCREEN, HOST, launch_chromium, run_gallery, UNTIL
from measure import median, run_server
from tables import format_number, format_table, format_verdict

__all__ = ["open_gallery"]

_WINDOW = {"width": 1600, "height": 1000}
_NETWORK = 0.02  # seconds from our server to Civitai
_FAR = 150  # milliseconds from the browser to our server
_SPEEDS = (2000, 4500, 6000)  # pixels a second
_SCROLLED = 2.0  # seconds at each speed
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
        near = _Opening(browser, turns, latency=0)
        far = _Opening(browser, turns, latency=_FAR)
        scrolled = _scroll(browser)
    return _report(near.figures, far.figures, scrolled)


class _Opening:
    """A gallery that is opened `turns` times with an empty browser cache, and reloaded."""

    def __init__(self, browser: Any, turns: int, latency: int) -> None:
        self.figures: dict[str, float] = {}
        cold, warm = [], []
        with run_server(latency=_NETWORK, pictures=1500) as server, run_gallery(server) as (url, _):
            for _turn in range(turns):
                context = browser.new_context(viewport=_WINDOW)
                page = context.new_page()
                requests = _CodeRequests(page, latency)
                cold.append(self._first_screen(page, f"{url}?model=101"))
                self.figures["requests of code"] = len(requests.code)
                self.figures["bytes of code"] = requests.code_bytes()
                self.figures["whole images on the first screen"] = self._count_whole_images(page)
                requests.forget()
                warm.append(self._first_screen(page, None))
                self.figures["code asked again at a reload"] = len(requests.code)
                context.close()
        self.figures["cold"], self.figures["warm"] = median(cold), median(warm)

    def _first_screen(self, page: Any, url: str | None) -> float:
        started = time.perf_counter()
        page.goto(url, wait_until="commit") if url else page.reload(wait_until="commit")
        page.wait_for_function(f"() => {HOST}?.shadowRoot?.querySelector('[data-tile]')")
        page.evaluate(UNTIL, ["", FIRST_SCREEN, None])
        return time.perf_counter() - started

    def _count_whole_images(self, page: Any) -> int:
        tiles = page.evaluate(_IN_VIEW)
        return sum(tile["top"] >= 0 and tile["bottom"] <= _WINDOW["height"] for tile in tiles)


class _CodeRequests:
    """The requests of a page for our own code. latency: milliseconds added to each request."""

    def __init__(self, page: Any, latency: int) -> None:
        self.code: dict[str, float] = {}
        self._paths: dict[str, str] = {}
        devtools = page.context.new_cdp_session(page)
        devtools.send("Network.enable")
        if latency:
            unlimited = {"downloadThroughput": -1, "uploadThroughput": -1}
            devtools.send(
                "Network.emulateNetworkConditions",
                {"offline": False, "latency": latency, **unlimited},
            )
        devtools.on("Network.requestWillBeSent", self._on_request)
        devtools.on("Network.requestServedFromCache", self._on_cache_hit)
        devtools.on("Network.loadingFinished", self._on_finished)

    def forget(self) -> None:
        self.code, self._paths = {}, {}

    def code_bytes(self) -> float:
        return sum(self.code.values())

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
            page.goto(f"{url}?model=101")
            page.wait_for_function(f"() => {HOST}?.shadowRoot?.querySelector('[data-tile]')")
            page.evaluate(UNTIL, ["", FIRST_SCREEN, None])
            cpu, thumbnails = _read_cpu(process), 0
            for speed in _SPEEDS:
                seen = page.evaluate(_SCROLL, [speed, _SCROLLED])
                figures[f"loaded at {speed} px/s, {state}"] = sum(seen) / len(seen)
                thumbnails += sum(seen)
                after = page.evaluate(UNTIL, ["", FIRST_SCREEN, None]) / 1000
                figures[f"after a stop from {speed} px/s, {state}, s"] = after
            figures[f"server CPU for 100 images, {state}, s"] = (
                100 * (_read_cpu(process) - cpu) / max(1, thumbnails)
            )
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


def _read_cpu(process: int) -> float:
    """Return the seconds of processor time that a process has used."""
    with open(f"/proc/{process}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _report(near: dict[str, float], far: dict[str, float], scrolled: dict[str, float]) -> str:
    rows = [[name, format_number(near[name], 2), format_number(far[name], 2)] for name in near]
    lines = [
        format_verdict("first screen, cold", near["cold"], 1.0, " s"),
        format_verdict("first screen, warm", near["warm"], 0.4, " s"),
        format_verdict(f"first screen, cold, {_FAR} ms to the server", far["cold"], 2.5, " s"),
        format_verdict("requests of code", near["requests of code"], 5),
        format_verdict("bytes of code", near["bytes of code"] / 1000, 300, " kB"),
        format_verdict("code asked again at a reload", near["code asked again at a reload"], 0),
        format_verdict("whole images", near["whole images on the first screen"], 15, at_least=True),
    ]
    full, empty = "loaded at 6000 px/s, cache full", "loaded at 6000 px/s, cache empty"
    lines += [
        format_verdict(full, scrolled[full], 0.8, at_least=True),
        format_verdict(empty, scrolled[empty], 0.5, at_least=True),
    ]
    stops = [name for name in scrolled if name.startswith("after a stop")]
    lines += [format_verdict(name, scrolled[name], 0.15, " s") for name in stops if "full" in name]
    cpu = "server CPU for 100 images, cache full, s"
    lines.append(format_verdict(cpu, scrolled[cpu], 0.15, " s"))
    lines += [
        format_verdict(name, scrolled[name], 120, " MB") for name in scrolled if "memory" in name
    ]
    title = f"(j) opening in Chromium, {_WINDOW['width']} × {_WINDOW['height']}"
    first = format_table(title, ["", "near", f"{_FAR} ms"], rows)
    second = format_table(
        "while one scrolls", ["", ""], [[n, format_number(v)] for n, v in scrolled.items()]
    )
    return "\n".join([first, second, *lines]) + "\n"
