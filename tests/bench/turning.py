"""A page turn in a real browser: cold, preloaded, and while a large job runs."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from measuring import ENTRY, Server, environment, median, serving
from start import answered, free_port, running
from tables import number, table, verdict

__all__ = ["turning"]

_LATENCY, _SIZE, _JOB = 0.1, 12, 300  # seconds, pictures of a page, pictures of a job
_AT_ONCE = 3  # the setting's default
_PATIENCE = 60.0  # seconds
_PREFIX = "#civitai_shortcut_"
_PREPARE = "() => { window.before = [...document.querySelectorAll('%s img')].map((i) => i.src) }"
# From the click until every tile has a picture that was not there before, painted.
_TURN = """(button) => new Promise((done) => {
    const started = performance.now();
    document.querySelector(button).click();
    const look = () => {
        const tiles = [...document.querySelectorAll('%s img')];
        const fresh = tiles.filter((tile) => tile.complete && tile.naturalWidth >= 450
            && !window.before.includes(tile.src));
        if (fresh.length === %d) requestAnimationFrame(() => done(performance.now() - started));
        else requestAnimationFrame(look);
    };
    look();
})"""


def turning(scale: str) -> str:
    """(g)"""
    turns = {"full": 5, "quick": 2}.get(scale, 1)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return "### (g) page turn\n\nskipped: playwright is not installed\n"
    chromium = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None
    )
    if chromium is None:
        return "### (g) page turn\n\nskipped: there is no Chromium here\n"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        found = {
            (preloads, job): _turns(browser, turns, preloads, job)
            for preloads in (False, True)
            for job in (False, True)
        }
        browser.close()
    return _told({way: seconds for way, (seconds, _) in found.items()}) + _polite(
        [counts for _, counts in found.values()]
    )


def _polite(counts: list[dict[str, int]]) -> str:
    """Page, preloading and job ask the same host."""
    lines = [
        verdict("most at once at the host", max(c["most"] for c in counts), _AT_ONCE),
        verdict("API requests at once", max(c["most_api"] for c in counts), 1),
        verdict("asked twice", sum(c["twice"] for c in counts), 0),
    ]
    return "\n".join(lines) + "\n"


def _told(seconds: dict[tuple[bool, bool], float]) -> str:
    rows = []
    for preloads, name in ((False, "cold"), (True, "preloaded")):
        alone, beside = seconds[preloads, False], seconds[preloads, True]
        rows.append([name, number(alone), number(beside), number(beside / alone)])
    heads = ["", "seconds", f"beside a job of {_JOB}", "×"]
    title = f"(g) a page turn of {_SIZE} thumbnails in the browser, {_LATENCY * 1000:.0f} ms"
    lines = [
        verdict("preloaded", seconds[True, False], 0.5, " s"),
        verdict("cold, beside a job", seconds[False, True] / seconds[False, False], 2, " ×"),
        verdict("preloaded, beside a job", seconds[True, True] / seconds[True, False], 2, " ×"),
    ]
    return "\n".join([table(title, heads, rows), *lines]) + "\n"


def _turns(
    browser: Any, turns: int, preloads: bool, with_job: bool
) -> tuple[float, dict[str, int]]:
    """Median seconds of a turn, and what the server counted, with a tab and cache of their own."""
    with serving(latency=_LATENCY, pictures=10_000) as server, _tab(server, preloads) as url:
        page = browser.new_page()
        page.goto(url)
        page.locator(f"{_PREFIX}model_box textarea, {_PREFIX}model_box input").first.fill("101")
        page.evaluate(_PREPARE % f"{_PREFIX}gallery")
        _turn(page, "find_button")
        if with_job:
            page.locator(f"{_PREFIX}limit_number input").first.fill(str(_JOB))
            page.locator(f"{_PREFIX}download_gallery_button").click()
            page.wait_for_selector(".civitai-shortcut-job.running")
        found = []
        for number_of_turn in range(turns):
            if preloads:
                _wait_for_preload(server, number_of_turn + 2)
            page.evaluate(_PREPARE % f"{_PREFIX}gallery")
            found.append(_turn(page, "next_button"))
        if with_job and not page.locator(".civitai-shortcut-job.running").count():
            raise RuntimeError("the job was over before the last turn")
        page.close()
        counts = server.counts()
    return median(found), counts


def _turn(page: Any, button: str) -> float:
    arguments = (f"{_PREFIX}gallery", _SIZE)
    return page.evaluate(_TURN % arguments, f"{_PREFIX}{button}") / 1000


def _wait_for_preload(server: Server, pages: int) -> None:
    """Until the thumbnails of so many pages were sent."""
    until = time.monotonic() + _PATIENCE
    while server.counts(forget=False)["thumbnails"] < pages * _SIZE:
        if time.monotonic() > until:
            raise RuntimeError("the next page was not preloaded")
        time.sleep(0.02)
    time.sleep(0.1)  # until the last of them lies in the cache


@contextmanager
def _tab(server: Server, preloads: bool) -> Iterator[str]:
    """The tab by itself, for this server; its address."""
    with tempfile.TemporaryDirectory(prefix="civitai-bench-") as folder:
        data = Path(folder)
        settings = {"usergallery_preloading": preloads, "language": "en"}
        (data / "settings.json").write_text(json.dumps(settings))
        env = environment(server.url, data, GRADIO_TEMP_DIR=str(data / "temp"))
        port = free_port()
        with running([sys.executable, ENTRY, "--port", str(port)], env):
            answered(f"http://127.0.0.1:{port}/")
            yield f"http://127.0.0.1:{port}/"
