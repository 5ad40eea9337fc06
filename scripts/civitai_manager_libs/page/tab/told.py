"""What a handler says: a line on the page, a toast, in the language of the browser that asks."""

from __future__ import annotations

import html

import gradio as gr

from ... import host
from ...errors import CivitaiShortcutError, ServerTrouble
from ...words import messages

__all__ = ["failure", "language_of", "link", "status_line", "told"]

_SENTENCES = ("bad_input", "disk")  # reasons whose error says by itself what to do
_PLAIN = ("gone", "needs_key", "region", "too_large")  # of which the error says nothing more


def failure(error: CivitaiShortcutError, language: str) -> str:
    """What happened and what to do, as one line."""
    code = "trouble" if isinstance(error, ServerTrouble) else error.reason
    known = messages.reason(code, language)
    if error.reason in _PLAIN or (language != "en" and error.reason == "network"):
        return known  # the rest is English
    return str(error) if error.reason in _SENTENCES else f"{known} ({error})"


def told(error: CivitaiShortcutError, language: str) -> str:
    """The failure as a toast, and as the status line's HTML. Only within a handler."""
    words = failure(error, language)
    host.warn(words)
    return status_line(words, "failed")


def status_line(words: str, kind: str = "") -> str:
    """A line of the page, as high without words as with some."""
    return f'<p class="civitai-shortcut-status {kind}">{html.escape(words)}</p>'


def link(url: str, escaped_text: str) -> str:
    """Opens beside the page, which then knows nothing of where it came from."""
    address = html.escape(url, quote=True)
    return f'<a href="{address}" target="_blank" rel="noopener noreferrer">{escaped_text}</a>'


def language_of(request: gr.Request) -> str:
    return messages.language_of(host.header(request, "accept-language"))
