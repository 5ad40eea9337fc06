"""The content security policy of our own page: it runs the scripts that it came with, no others."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.datastructures import Headers

__all__ = ["Policy"]

# No other site may show the page in a frame; nothing in it may change where it leads.
_ALWAYS = "frame-ancestors 'self'; object-src 'none'; base-uri 'self'"
_INLINE = re.compile(rb"<script\b([^>]*)>(.*?)</script\b", re.S | re.I)


class Policy:
    """Around an application: each response says which scripts may run.

    Those of our own address, and what stands in the page itself, by its hash: what somebody else
    gets into the page later does not run. https://www.w3.org/TR/CSP3/#external-hash
    gradio itself makes code of strings, in every version: of events, of what `gr.HTML` shows.
    own: a script that gradio puts into the page.
    """

    def __init__(self, app: Callable[..., Awaitable[None]], own: str) -> None:
        self._app = app
        self._usual = ["'self'", "'unsafe-eval'", _hash(own.encode())]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope, send = _without_packing(scope), self._with_policy(send)
        await self._app(scope, receive, send)

    def _with_policy(self, send: Any) -> Any:
        """A page is held back until it is whole: its scripts are named in its head."""
        started: list[Any] = []
        parts: list[bytes] = []

        async def sent(message: Any) -> None:
            if message["type"] == "http.response.start":
                if _is_page(message):
                    started.append(message)
                else:
                    await send(self._named(message, ()))
            elif not started:
                await send(message)
            else:
                parts.append(message.get("body", b""))
                if not message.get("more_body"):
                    body = b"".join(parts)
                    await send(self._named(started.pop(), _inline_scripts(body)))
                    await send({"type": "http.response.body", "body": body})

        return sent

    def _named(self, start: Any, scripts: Sequence[str]) -> Any:
        policy = f"{_ALWAYS}; script-src {' '.join([*self._usual, *scripts])}"
        headers = [*start.get("headers", ()), (b"content-security-policy", policy.encode())]
        return {**start, "headers": headers}


def _inline_scripts(page: bytes) -> list[str]:
    text = page.replace(b"\r\n", b"\n").replace(b"\r", b"\n")  # as a browser reads it
    return [_hash(script) for tag, script in _INLINE.findall(text) if b"src=" not in tag]


def _hash(script: bytes) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'"


def _is_page(start: Any) -> bool:
    headers = Headers(raw=list(start.get("headers", ())))
    return headers.get("content-type", "").startswith("text/html")


def _without_packing(scope: Any) -> Any:
    """Who asks for a page gets it as it is: its scripts have to be read."""
    if "text/html" not in Headers(scope=scope).get("accept", ""):
        return scope
    headers = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
    return {**scope, "headers": headers}
