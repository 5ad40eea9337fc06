"""Our routes on a loopback server in this process, with requests as the page sends them."""

from __future__ import annotations

import threading
from typing import Any

import requests
import uvicorn
from civitai_manager_libs.web.routes import add_routes
from contract import check_response
from fault_responses import unused_port
from starlette.applications import Starlette

__all__ = ["ServedApi"]

_OURS = {"X-Civitai-Shortcut": "1"}


class ServedApi:
    """A server with our routes; `app` has `auth` and `tokens`, as the app of gradio has."""

    def __init__(self, middleware: Any = (), **config: Any) -> None:
        self.app = Starlette(middleware=list(middleware))
        self.app.auth, self.app.tokens = None, {}  # type: ignore[attr-defined]
        add_routes(self.app)
        self.port = unused_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._server = uvicorn.Server(
            uvicorn.Config(self.app, port=self.port, log_level="error", lifespan="off", **config)
        )
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> ServedApi:
        self._thread.start()
        while not self._server.started:
            self._thread.join(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(20)

    def ask(self, path: str, method: str = "GET", **options: Any) -> requests.Response:
        """Send a request to a path below `civitai_shortcut/`, and return the checked response."""
        options.setdefault("timeout", 30)
        response = requests.request(method, f"{self.url}/civitai_shortcut/{path}", **options)
        check_response(method, path.removeprefix("api/"), response)
        return response

    def get(self, path: str, language: str = "en", **headers: str) -> Any:
        """Get a path below `api/`, assert status 200, and return the response's JSON."""
        answer = self.ask(f"api/{path}", headers={"Accept-Language": language, **headers})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def send(self, method: str, path: str, body: Any = None, language: str = "en") -> Any:
        headers = {**_OURS, "Accept-Language": language}
        return self.ask(f"api/{path}", method, headers=headers, json=body)

    def post(self, path: str, body: Any = None, language: str = "en") -> Any:
        """Post to a path below `api/`, assert status 200, and return the response's JSON."""
        answer = self.send("POST", path, body, language)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def error(self, path: str, language: str = "en", **headers: str) -> tuple[int, str, str]:
        """Return (status, error code, message) of a GET request that fails. path: below `api/`."""
        answer = self.ask(f"api/{path}", headers={"Accept-Language": language, **headers})
        said = answer.json()["error"]
        return answer.status_code, said["code"], said["message"]
