"""Case (g): response times while browsing a gallery of 10,000 images in headless Chromium.

They are measured twice: without a job, and beside a job of 300 images.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from measure import median, run_server, Server
from page_driver import browser_of, CHROMIUM, Server as Gallery
from tables import format_number, format_table, format_verdict

__all__ = ["FIRST_SCREEN", "HOST", "UNTIL", "browse", "launch_chromium", "run_gallery"]

_LATENCY, _JOB = 0.02, 300  # seconds; images of the job
_WINDOW = {"width": 1600, "height": 1000}
_PICTURES = 10_000
HOST = "document.querySelector('civitai-gallery')"
# Run a script, then return the milliseconds until a condition on our shadow root holds and is
# painted.
UNTIL = """([script, condition, given]) => new Promise((done) => {
    const root = document.querySelector("civitai-gallery").shadowRoot;
    const act = new Function("root", "given", script);
    const look = new Function("root", "given", condition);
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


def browse(scale: str) -> str:
    turns = 5 if scale == "full" else 2
    pictures = _PICTURES if scale == "full" else 1500
    with launch_chromium() as browser:
        if browser is None:
            return "### (g) browsing\n\nskipped: there is no Playwright or no Chromium here\n"
        alone = _Visit(browser, turns, pictures, with_job=False).figures
        beside = _Visit(browser, turns, pictures, with_job=True).figures
    return _format_report(alone, beside)


@contextmanager
def launch_chromium() -> Iterator[Any]:
    """Yield a running Chromium, None if it or Playwright is not installed."""
    if CHROMIUM is None or find_spec("playwright") is None:
        yield None
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, browser_of(playwright) as browser:
        yield browser


class _Visit:
    """One page on a server of its own. figures: what was measured, by name."""

    def __init__(self, browser: Any, turns: int, pictures: int, with_job: bool) -> None:
        self.figures: dict[str, float] = {}
        self._turns, self._pictures = turns, pictures
        with run_server(latency=_LATENCY, pictures=pictures) as server, run_gallery(server) as (
            url,
            _,
        ):
            self._page = browser.new_page(viewport=_WINDOW)
            self._page.goto(url)
            self._field().wait_for()
            self._find()
            if with_job:
                self._begin_job()
            self._open()
            self._scroll(whole=not with_job)
            self._page.close()

    def _field(self) -> Any:
        return self._page.locator("civitai-gallery [data-field=find]")

    def _time_until(self, script: str, condition: str, given: Any = None) -> float:
        """Run a script in the page; return the seconds until a condition holds."""
        return self._page.evaluate(UNTIL, [script, condition, given]) / 1000

    def _find(self) -> None:
        self._field().fill("101")
        started = time.perf_counter()
        self._field().press("Enter")
        self._page.locator("civitai-gallery [data-tile]").first.wait_for()
        self._time_until("", FIRST_SCREEN)
        self.figures["first screen"] = time.perf_counter() - started

    def _begin_job(self) -> None:
        status = self._page.evaluate(
            """async (n) => {
                const base = new URL("civitai_shortcut/api/", document.baseURI);
                const response = await fetch(new URL("jobs", base), {
                    method: "POST", headers: {"X-Civitai-Shortcut": "1",
                        "Content-Type": "application/json"},
                    body: JSON.stringify({query: {model: 101}, limit: n}),
                });
                return response.status;
            }""",
            _JOB,
        )
        if status != 200:
            raise RuntimeError(f"the job was refused: {status}")

    def _ids(self) -> list[str]:
        """Return the image ids of the tiles in the page, in the gallery's order."""
        return self._page.evaluate(f"""() => [...{HOST}.shadowRoot.querySelectorAll("[data-tile]")]
                .map((tile) => tile.dataset.id).sort((a, b) => b - a)""")

    def _open(self) -> None:
        ids, times = self._ids(), []
        click = "root.querySelector(`[data-tile][data-id='${given}']`).click();"
        for image_id in ids[: self._turns]:
            times.append(self._time_until(click, _OPENED, image_id))
            self._page.keyboard.press("Escape")
            self._page.locator("civitai-gallery dialog[data-viewer]").wait_for(state="hidden")
        self.figures["a tile opens"] = median(times)

    def _id_after(self, steps: int) -> int:
        """Return the id of the image that many steps after the first; ids count downwards."""
        return 5_000_000 + self._pictures - steps

    def _scroll(self, whole: bool) -> None:
        """Scroll by wheel to the 1,000th image, or, if `whole`, to the end of the gallery."""
        self._page.evaluate("scrollTo(0, 0)")
        self._page.mouse.move(800, 600)
        started, nodes = time.perf_counter(), 0
        target = self._id_after(min(1000, self._pictures) - 1)
        while self._lowest_id() > target:
            self._page.mouse.wheel(0, 2000)
            self._page.wait_for_timeout(16)
            nodes = max(nodes, self._nodes())
        self.figures["by wheel to the 1,000th"] = time.perf_counter() - started
        while whole and self._lowest_id() > self._id_after(self._pictures - 1):
            self._page.mouse.wheel(0, 20_000)
            self._page.wait_for_timeout(16)
            nodes = max(nodes, self._nodes())
        self.figures["most nodes"] = nodes

    def _lowest_id(self) -> int:
        return int((self._ids() or [10**9])[-1])

    def _nodes(self) -> int:
        return self._page.evaluate(f"() => {HOST}.shadowRoot.querySelectorAll('*').length")


_BESIDE = ("a tile opens", "by wheel to the 1,000th")


def _format_report(alone: dict[str, float], beside: dict[str, float]) -> str:
    rows = [
        [name, format_number(value, 3), format_number(beside[name], 3)]
        for name, value in alone.items()
    ]
    lines = [
        format_verdict("a tile opens", alone["a tile opens"], 0.1, " s"),
        format_verdict("most nodes", alone["most nodes"], 3000),
    ]
    for name in _BESIDE:
        # Times below 50 ms are one or two frames; their ratio says nothing.
        ratio = max(beside[name], 0.05) / max(alone[name], 0.05)
        lines.append(format_verdict(f"{name}, beside a job", ratio, 1.5, " ×"))
    title = f"(g) browsing in Chromium, {_LATENCY * 1000:.0f} ms"
    report = format_table(
        title, ["seconds, pieces or MB", "alone", f"beside a job of {_JOB}"], rows
    )
    return "\n".join([report, *lines]) + "\n"


@contextmanager
def run_gallery(server: Server) -> Iterator[tuple[str, int]]:
    """Run the gallery without a host for this server; yield its URL and its process id."""
    with tempfile.TemporaryDirectory(prefix="civitai-bench-") as folder:
        with closing(Gallery(server.url, Path(folder), language="en")) as gallery:
            yield f"{gallery.url}/", gallery.process.pid
