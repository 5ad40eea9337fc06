"""A small WebUI as a process, and a browser page of it that shows our tab."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import quote

from page_driver import PYTHON, Server, wait_for
from page_facts import infotext_of, of_model

__all__ = ["Host", "HostPage", "with_text"]

_RUN = str(Path(__file__).parent.parent / "host_stand_in" / "run.py")
_OURS = {"X-Civitai-Shortcut": "1"}


class Host(Server):
    """A small WebUI in a process whose working directory is not the extension's folder."""

    def __init__(self, civitai: str, data: Path, environment: Any = ()) -> None:
        host = {
            "STAND_IN_DATA": str(data / "host"),
            "XDG_CONFIG_HOME": str(data / "config"),
            "GRADIO_TEMP_DIR": str(data / "temp"),
            "STAND_IN_ALLOWED": str(data / "host"),  # gradio may serve it all
            **dict(environment),
        }
        (data / "host").mkdir(parents=True)
        super().__init__(civitai, data, environment=host)
        self.library = data / "host" / "civitai-shortcut" / "library.db"

    def start(self) -> None:
        elsewhere = self.data / "elsewhere"
        elsewhere.mkdir(exist_ok=True)
        starts = self._starts()
        with open(self.data / "server.log", "ab") as log:
            self.process = subprocess.Popen(
                [PYTHON, _RUN, str(self.port)],
                env=self.environment,
                cwd=elsewhere,
                stdout=log,
                stderr=log,
            )
        has_ended = self.process.poll
        wait_for(lambda: has_ended() is not None or self._starts() > starts, "the host", 200)
        assert self.process.poll() is None, self.log()

    def _starts(self) -> int:
        return self.log().count("ready") if (self.data / "server.log").exists() else 0

    def restart(self, **environment: str) -> None:
        """Kill the process and start it again. environment: environment variables to change."""
        self.kill()
        self.environment.update(environment)
        self.start()

    def state(self) -> Any:
        return self.get("stand_in/state")

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.url}/{path}", timeout=20) as answer:
            return json.load(answer)

    def api(self, path: str, method: str = "GET", body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        url = f"{self.url}/civitai_shortcut/api/{path}"
        asked = urllib.request.Request(url, data, _OURS, method=method)
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return json.load(answer)

    def generate(self, infotext: str) -> str:
        """Let the host save an image with this infotext, and return the file's path."""
        url = f"{self.url}/stand_in/generate?infotext={quote(infotext)}"
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.read().decode()


class HostPage:
    """A browser page of a host. Our tab is shown, unless a query is added to the host's URL.

    wrongs: script errors. loaded: requests that have been answered.
    """

    def __init__(self, browser: Any, host: Any, query: str = "", login: Any = None) -> None:
        viewport = {"width": 1400, "height": 1000}
        self.context = browser.new_context(viewport=viewport, locale="en-US")
        if login:  # (URL, form); its cookie is for all ports of this machine
            assert self.context.request.post(login[0], form=login[1]).ok
        self.context.set_default_timeout(60_000)
        self.page = self.context.new_page()
        self.wrongs: list[str] = []
        self.page.on("pageerror", lambda error: self.wrongs.append(str(error)))
        self.loaded: list[Any] = []
        self.page.on("requestfinished", lambda request: self.loaded.append(request))
        self.page.goto(host.url + query)
        if not query:
            self.go_to("Civitai Shortcut")

    def go_to(self, name: str) -> None:
        page = self.page
        by_role = page.get_by_role("tab", name=name, exact=True)
        by_role.or_(page.get_by_role("button", name=name, exact=True)).first.click()  # gradio 3

    def open(self, model_id: int, row: Any) -> None:
        """Open a model's gallery, unless it is open, and the viewer with the image `row`, and wait
        for its details."""
        tile = self.page.locator(f"[data-tile][data-id='{row.id}']")
        if not tile.count():
            self.page.locator("[data-field=find]").first.fill(str(model_id))
            self.page.keyboard.press("Enter")
        tile.click()
        self.page.locator(f"dialog[data-viewer][data-id='{row.id}']").wait_for()
        self.page.locator(".details .uses").wait_for()

    def send(self, tab: str) -> None:
        """Send the open image to a tab, by the main button or by the menu beside it."""
        self.page.locator(".details .uses").wait_for()
        if not self.page.locator(f".details [data-do=send-{tab}]").count():
            self.page.locator("[data-do=more-uses]").click()
        self.page.locator(f"[data-do=send-{tab}]").click()

    def sent(self, tab: str, kind: str) -> Any:
        """Open the tab that received an image, and return its field `kind`, "text" or "size"."""
        self.go_to("img2img" if tab == "inpaint" else tab)
        return self.page.locator(f"#{tab}_{kind}").locator("textarea, input").first

    def read_image_size(self, tab: str) -> str:
        """Open a tab, let the host read the image in it, and return the size of that image."""
        size = self.sent(tab, "size")
        if tab in ("img2img", "inpaint"):
            self.page.locator(f"#{tab}_read").click()
        return size.input_value()


def with_text(model_id: int, kind: str = "image") -> Any:
    """Return one of a demo model's first images with an infotext. kind: "image" or "video"."""
    found = of_model(model_id)[:12]
    return next(row for row in found if row.type == kind and infotext_of(row))
