"""The program as a process of its own, and its page in headless Chromium."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from fault_responses import Answer, unused_port, whole
from fault_server import FaultServer

__all__ = ["CHROMIUM", "FlakyDemo", "PYTHON", "Server", "browser_of", "contents", "expect"]
__all__ += ["find_middle", "wait_for"]

PYTHON = os.environ.get("CIVITAI_TEST_PYTHON", sys.executable)
ENTRY = str(Path(__file__).parents[2] / "scripts" / "civitai_shortcut.py")
# A page in the first costs a quarter less: it has no window, with pages of its own, around each.
_BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, _BROWSERS)), None)
_PATIENCE = 60.0  # seconds; where the machine is busy a host takes half of it to start
_SETTINGS = {
    "http_retry_delay": 0,
    "gallery_disk_reserve_mb": 0,
    "language": "zh-TW",  # until a page's own is known
}


def wait_for(is_so: Callable[[], Any], what: str = "it", seconds: float = _PATIENCE) -> Any:
    """Return the first true value that `is_so` returns; fail after so long, naming `what`.

    Handlers of a page's requests run only while `is_so` asks the page something.
    """
    end = time.monotonic() + seconds
    while not (value := is_so()):
        assert time.monotonic() < end, f"{what} did not come"
        time.sleep(0.05)
    return value


def contents(folder: Path) -> dict[Path, bytes]:
    """Return the bytes of all files below a folder, by path; skip files that vanish meanwhile."""
    found = {}
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError, IsADirectoryError, PermissionError):
            found[path] = path.read_bytes()
    return found


def expect(locator: Any) -> Any:
    """Return Playwright's `expect(locator)`. Playwright is imported here, as it may be missing."""
    from playwright import sync_api

    return sync_api.expect(locator)


def find_middle(locator: Any) -> tuple[float, float]:
    """Return the point in the middle of an element, in pixels of the window."""
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


class FlakyDemo(FaultServer):
    """A proxy for the demo server. Its rules, the newest first, replace answers to some paths."""

    def __init__(self, demo: Any) -> None:
        super().__init__()
        self.rules: list[tuple[re.Pattern[str], Answer]] = []
        self._demo = demo

    def rule(self, pattern: str, answer: Answer) -> None:
        self.rules.insert(0, (re.compile(pattern), answer))

    def _answer_to(self, path: str, turn: int) -> Answer:
        rules = (answer for pattern, answer in list(self.rules) if pattern.search(path))
        return next(rules, None) or self._true_answer(path)

    def _true_answer(self, path: str) -> Answer:
        asked = urllib.request.Request(f"{self._demo.url}{path}", headers={"Host": self.host})
        try:
            with urllib.request.urlopen(asked) as true:
                body, kind = true.read(), true.headers["Content-Type"]
                tag = true.headers["ETag"]
                return whole(body, kind, **({"ETag": tag} if tag else {})).but(is_ranged=bool(tag))
        except urllib.error.HTTPError as error:
            return whole(error.read(), error.headers["Content-Type"]).but(status=error.code)


class Server:
    """The program without a WebUI, as a process with its page at `url`."""

    def __init__(
        self, civitai: str, data: Path, port: int = 0, environment: Any = (), **settings: Any
    ) -> None:
        self.civitai, self.data, self.port = civitai, data, port or unused_port()
        self.library = data / "library.db"
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **os.environ,
            "CIVITAI_BASE_URL": civitai,
            "CIVITAI_SHORTCUT_DATA": str(data),
            "PYTHONUTF8": "1",
            **dict(environment),
        }
        data.mkdir(parents=True, exist_ok=True)
        (data / "settings.json").write_text(json.dumps({**_SETTINGS, **settings}))
        try:
            self.start()
        except AssertionError:
            self.kill()
            raise

    def start(self) -> None:
        with open(self.data / "server.log", "ab") as log:
            self.process = subprocess.Popen(
                [PYTHON, ENTRY, "--port", str(self.port)],
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        wait_for(self._answers, "the page's server")

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log()
        try:
            with urllib.request.urlopen(
                f"{self.url}/civitai_shortcut/api/jobs", timeout=5
            ) as answer:
                return answer.status == 200
        except OSError:
            return False

    def log(self) -> str:
        return (self.data / "server.log").read_text(encoding="utf-8", errors="replace")

    def has_record(self, image_id: int) -> bool:
        """Return whether the library database contains an image."""
        with closing(sqlite3.connect(self.library)) as library:
            found = library.execute("SELECT 1 FROM images WHERE id = ?", (image_id,)).fetchone()
        return found is not None

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
        self.process.wait(_PATIENCE)

    def close(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()

    def forget(self) -> None:
        """Delete all jobs, saved images, bookmarks and the cache. No page may be open."""
        for job in self.jobs():
            if job["state"] not in ("done", "cancelled"):
                self.act(job["id"], "cancel")
                wait_for(lambda: self._state(job["id"]) in ("done", "cancelled"))
        for path in self.data.glob("gallery.db*"):
            path.unlink()
        for folder in ("outputs", "sc_gallery"):
            shutil.rmtree(self.data / folder, ignore_errors=True)
        if self.library.exists():
            with closing(sqlite3.connect(self.library)) as library, library:
                own = ("annotations", "user_tags", "collection_images", "collections")
                for table in ("saved", *own):
                    library.execute(f"DELETE FROM {table}")

    def act(self, job_id: int, action: str) -> None:
        headers = {"X-Civitai-Shortcut": "1"}
        url = f"{self.url}/civitai_shortcut/api/jobs/{job_id}/{action}"
        asked = urllib.request.Request(url, method="POST", headers=headers)
        urllib.request.urlopen(asked, timeout=_PATIENCE).close()

    def _state(self, job_id: int) -> str:
        return next(job["state"] for job in self.jobs() if job["id"] == job_id)

    def jobs(self, language: str = "en") -> list[dict[str, Any]]:
        asked = urllib.request.Request(
            f"{self.url}/civitai_shortcut/api/jobs", headers={"Accept-Language": language}
        )
        with urllib.request.urlopen(asked, timeout=_PATIENCE) as answer:
            return json.load(answer)["jobs"]

    def job_done(self, job_id: int) -> dict[str, Any]:
        wait_for(lambda: self._state(job_id) == "done", f"the end of job {job_id}")
        return next(job for job in self.jobs() if job["id"] == job_id)


@contextmanager
def browser_of(playwright: Any) -> Iterator[Any]:
    arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
    try:
        yield browser
    finally:
        browser.close()
