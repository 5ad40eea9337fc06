"""What somebody who browses feels, in headless Chromium on a gallery of 10,000.

Alone, then beside a job of 300 pictures.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from measure import ENTRY, Server, environment, median, serving
from start import answered, free_port, running
from tables import number, table, verdict

__all__ = ["FIRST_SCREEN", "HOST", "UNTIL", "browsing", "tab"]

_LATENCY, _JOB = 0.02, 300  # seconds; pictures of the job
_WINDOW = {"width": 1600, "height": 1000}
_PICTURES = 10_000
HOST = "document.querySelector('civitai-gallery')"
_WATCH = """
window.seen = {long: [], shift: 0};
new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.seen.long.push(entry.duration);
}).observe({type: "longtask", buffered: true});
new PerformanceObserver((list) => {
    const unasked = list.getEntries().filter((entry) => !entry.hadRecentInput);
    for (const entry of unasked) window.seen.shift += entry.value;
}).observe({type: "layout-shift", buffered: true});
"""
# Milliseconds until what `is_so` says of our shadow root is true and painted.
UNTIL = """([deed, isSo, given]) => new Promise((done) => {
    const root = document.querySelector("civitai-gallery").shadowRoot;
    const act = new Function("root", "given", deed), look = new Function("root", "given", isSo);
    const started = performance.now();
    act(root, given);
    const again = () => {
        if (look(root, given)) {
            requestAnimationFrame(() => setTimeout(() => done(performance.now() - started)));
        } else requestAnimationFrame(again);
    };
    again();
})"""
FIRST_SCREEN = """
    const near = [...root.querySelectorAll("[data-tile]")].filter((tile) => {
        const box = tile.getBoundingClientRect();
        return box.bottom > 0 && box.top < innerHeight;
    });
    return near.length > 0 && near.every((tile) => {
        const image = tile.querySelector("img");
        return image && image.complete && image.naturalWidth > 0;
    });"""
_OPENED = """
    const dialog = root.querySelector("dialog[data-viewer][open]");
    const image = dialog && [...dialog.querySelectorAll("img")].find((one) => one.complete
        && one.naturalWidth > 0 && one.getBoundingClientRect().width > 0);
    return Boolean(image) && (!given || dialog.dataset.id === String(given));"""
_KEY = """const key = (name) => (root.activeElement || root.host).dispatchEvent(
    new KeyboardEvent("keydown", {key: name, bubbles: true, composed: true, cancelable: true}));"""


def browsing(scale: str) -> str:
    """(g)"""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return "### (g) browsing\n\nskipped: playwright is not installed\n"
    names = ("chromium", "google-chrome", "chromium-headless-shell")  # what users have first
    chromium = next(filter(None, map(shutil.which, names)), None)
    if chromium is None:
        return "### (g) browsing\n\nskipped: there is no Chromium here\n"
    turns = {"full": 5, "quick": 2}.get(scale, 1)
    pictures = _PICTURES if scale == "full" else 1500
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        alone = _Visit(browser, turns, pictures, with_job=False).figures
        beside = _Visit(browser, turns, pictures, with_job=True).figures
        browser.close()
    return _told(alone, beside)


class _Visit:
    """One page on a server of its own; `figures` by name."""

    def __init__(self, browser: Any, turns: int, pictures: int, with_job: bool) -> None:
        self.figures: dict[str, float] = {}
        self._turns, self._pictures = turns, pictures
        with serving(latency=_LATENCY, pictures=pictures) as server, tab(server) as (url, _):
            self._server = server
            self._page = browser.new_page(viewport=_WINDOW)
            self._devtools = self._page.context.new_cdp_session(self._page)
            self._page.add_init_script(_WATCH)
            self._page.goto(url)
            self._field().wait_for()
            self._find()
            if with_job:
                self._begin_job()
            self._open()
            self._arrows()
            self._mark()
            self._scroll(whole=not with_job)
            self._page.close()

    def _field(self) -> Any:
        return self._page.locator("civitai-gallery [data-field=find]")

    def _until(self, deed: str, is_so: str, given: Any = None) -> float:
        """Seconds."""
        return self._page.evaluate(UNTIL, [deed, is_so, given]) / 1000

    def _find(self) -> None:
        self._server.counts()
        self._field().fill("101")
        started = time.perf_counter()
        self._field().press("Enter")
        self._page.locator("civitai-gallery [data-tile]").first.wait_for()
        self._until("", FIRST_SCREEN)
        self.figures["first screen"] = time.perf_counter() - started
        self._page.wait_for_timeout(1500)  # for what would be asked without need
        counts = self._server.counts()
        in_reach = self._page.evaluate(
            f"""() => [...{HOST}.shadowRoot.querySelectorAll("[data-tile]")].filter((tile) =>
                tile.getBoundingClientRect().top < 2 * innerHeight).length"""
        )
        self.figures["API requests"] = counts["api"]
        self.figures["thumbnails beyond the window and a screen"] = max(
            0, counts["thumbnails"] - in_reach
        )

    def _begin_job(self) -> None:
        ids = self._page.evaluate(
            """async (n) => {
                const base = new URL("civitai_shortcut/api/", document.baseURI);
                const answer = await fetch(new URL("jobs", base), {
                    method: "POST", headers: {"X-Civitai-Shortcut": "1",
                        "Content-Type": "application/json"},
                    body: JSON.stringify({query: {model: 101}, limit: n}),
                });
                return answer.status;
            }""",
            _JOB,
        )
        if ids != 200:
            raise RuntimeError(f"the job was not taken: {ids}")

    def _ids(self) -> list[str]:
        """Of the tiles in the page, in the gallery's order."""
        return self._page.evaluate(f"""() => [...{HOST}.shadowRoot.querySelectorAll("[data-tile]")]
                .map((tile) => tile.dataset.id).sort((a, b) => b - a)""")

    def _open(self) -> None:
        ids, taken = self._ids(), []
        click = "root.querySelector(`[data-tile][data-id='${given}']`).click();"
        for image_id in ids[: self._turns]:
            taken.append(self._until(click, _OPENED, image_id))
            self._page.keyboard.press("Escape")
            self._page.locator("civitai-gallery dialog[data-viewer]").wait_for(state="hidden")
        self.figures["a tile opens"] = median(taken)

    def _arrows(self) -> None:
        ids = self._ids()
        self._until(
            "root.querySelector(`[data-tile][data-id='${given}']`).click();", _OPENED, ids[0]
        )
        for n in range(20):
            started = time.perf_counter()
            self._page.keyboard.press("ArrowRight")
            if n < 19:
                time.sleep(max(0.0, 0.1 - (time.perf_counter() - started)))
        after_last = time.perf_counter()
        self._until("", _OPENED, self._beyond(20))
        self.figures["after 20 arrows"] = time.perf_counter() - after_last
        press = f"{_KEY} for (let n = 0; n < 30; n += 1) key('ArrowRight');"
        self.figures["30 presses at once"] = self._until(press, _OPENED, self._beyond(50))
        self._page.keyboard.press("Escape")

    def _beyond(self, steps: int) -> int:
        """The id of the picture so many steps behind the first: the server counts downwards."""
        return 5_000_000 + self._pictures - steps

    def _mark(self) -> None:
        """The first, the sixtieth with Shift."""
        self._page.evaluate("scrollTo(0, 0)")
        first, last = self._beyond(0), self._beyond(59)
        tile = "civitai-gallery [data-tile][data-id='{}'] [data-do=mark]"
        self._page.locator(tile.format(first)).click()
        self._page.mouse.move(800, 600)
        while not self._page.locator(tile.format(last)).count():
            self._page.mouse.wheel(0, 400)
            self._page.wait_for_timeout(16)
        self._page.locator(tile.format(last)).click(modifiers=["Shift"])
        said = self._page.locator("civitai-gallery [data-marked]").first.inner_text()
        found = re.search(r"(\d+) marked", said)
        self.figures["marked in 3 actions"] = int(found[1]) if found else 0

    def _scroll(self, whole: bool) -> None:
        """By wheel to the 1,000th picture; alone, also to the end of the gallery."""
        self._page.evaluate("scrollTo(0, 0); window.seen = {long: [], shift: 0}")
        heap = self._heap()
        self._page.mouse.move(800, 600)
        started, nodes = time.perf_counter(), 0
        target = self._beyond(min(1000, self._pictures) - 1)
        while self._least_id() > target:
            self._page.mouse.wheel(0, 2000)
            self._page.wait_for_timeout(16)
            nodes = max(nodes, self._nodes())
        self.figures["by wheel to the 1,000th"] = time.perf_counter() - started
        while whole and self._least_id() > self._beyond(self._pictures - 1):
            self._page.mouse.wheel(0, 20_000)
            self._page.wait_for_timeout(16)
            nodes = max(nodes, self._nodes())
        seen = self._page.evaluate("window.seen")
        self.figures["most nodes"] = nodes
        self.figures["longest task"] = max(seen["long"], default=0) / 1000
        self.figures["layout shift"] = seen["shift"]
        self.figures["heap grown"] = (self._heap() - heap) / 1024 / 1024

    def _least_id(self) -> int:
        return int((self._ids() or [10**9])[-1])

    def _nodes(self) -> int:
        return self._page.evaluate(f"() => {HOST}.shadowRoot.querySelectorAll('*').length")

    def _heap(self) -> int:
        self._devtools.send("HeapProfiler.collectGarbage")
        return self._devtools.send("Runtime.getHeapUsage")["usedSize"]


_LIMITS = (
    ("API requests", 2, ""),
    ("thumbnails beyond the window and a screen", 0, ""),
    ("a tile opens", 0.1, " s"),
    ("after 20 arrows", 0.1, " s"),
    ("most nodes", 3000, ""),
    ("longest task", 0.1, " s"),
    ("layout shift", 0.02, ""),
    ("heap grown", 40, " MB"),
)
_BESIDE = ("a tile opens", "after 20 arrows", "30 presses at once", "by wheel to the 1,000th")


def _told(alone: dict[str, float], beside: dict[str, float]) -> str:
    rows = [[name, number(value, 3), number(beside[name], 3)] for name, value in alone.items()]
    lines = [verdict(name, alone[name], limit, unit) for name, limit, unit in _LIMITS]
    lines.append(verdict("marked in 3 actions", alone["marked in 3 actions"], 60, at_least=True))
    for name in _BESIDE:
        # What is below 50 ms is one or two frames, of which no ratio tells anything.
        ratio = max(beside[name], 0.05) / max(alone[name], 0.05)
        lines.append(verdict(f"{name}, beside a job", ratio, 1.5, " ×"))
    title = f"(g) browsing in Chromium, {_LATENCY * 1000:.0f} ms"
    said = table(title, ["seconds, pieces or MB", "alone", f"beside a job of {_JOB}"], rows)
    return "\n".join([said, *lines]) + "\n"


@contextmanager
def tab(server: Server) -> Iterator[tuple[str, int]]:
    """Run the tab by itself for this server; yield its address and the number of its process."""
    with tempfile.TemporaryDirectory(prefix="civitai-bench-") as folder:
        data = Path(folder)
        (data / "settings.json").write_text(json.dumps({"language": "en"}))
        env = environment(server.url, data)
        port = free_port()
        with running([sys.executable, ENTRY, "--port", str(port)], env) as process:
            answered(f"http://127.0.0.1:{port}/")
            yield f"http://127.0.0.1:{port}/", process
