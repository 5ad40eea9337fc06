"""What stands above the grid: the model that is open, its trigger words, what its page leaves out.

All of it was typed by strangers, so all of it is escaped.
"""

from __future__ import annotations

import html
from collections.abc import Iterator

from ... import setting
from ...civitai import Model
from ...words import messages
from .state import TabState
from .told import link, status_line

__all__ = ["title"]

_MOST_WORDS = 12  # shown of a model's trigger words
_NAME = "\0"  # stands for the name in a sentence, and in no text of Civitai's


def title(state: TabState) -> str:
    """As HTML. `data-model` is for the page's own code."""
    model, language = state.model, state.language
    if model is None:
        return status_line(messages.text("name_a_model", language))
    said = [_named(model, language), *(html.escape(note) for note in _notes(state))]
    line = f'<p class="civitai-shortcut-status">{" · ".join(said)}</p>'
    words = "".join(_word(word, language) for word in _trigger_words(state, model))
    if words:
        head = html.escape(messages.text("trigger_words", language))
        line += f'<p class="civitai-shortcut-words">{head} {words}</p>'
    return f'<div class="civitai-shortcut-model" data-model="{model.id}">{line}</div>'


def _named(model: Model, language: str) -> str:
    key = "opened" if model.creator else "opened_no_creator"
    about = {"name": _NAME, "type": model.type, "creator": model.creator}
    name = link(f"{setting.base_url()}/models/{model.id}", html.escape(model.name))
    return html.escape(messages.text(key, language, **about)).replace(_NAME, name)


def _notes(state: TabState) -> Iterator[str]:
    if not state.images:
        yield messages.text("empty", state.language)
    if state.hidden:
        yield messages.text("filtered_out", state.language, n=state.hidden)
    if state.dropped:
        yield messages.text("unreadable_rows", state.language, n=state.dropped)
    if state.note:
        yield state.note


def _trigger_words(state: TabState, model: Model) -> list[str]:
    """Of the version that was chosen, or of all of them, each once."""
    chosen = state.pages.query.version_id
    versions = [version for version in model.versions if chosen in (None, version.id)]
    words = dict.fromkeys(word for version in versions for word in version.trained_words)
    return list(words)[:_MOST_WORDS]


def _word(word: str, language: str) -> str:
    """A button that copies it; the page's own code does."""
    hint, done = (html.escape(messages.text(key, language)) for key in ("copy", "copied"))
    kind = 'type="button" class="civitai-shortcut-word"'
    return f'<button {kind} title="{hint}" data-copied="{done}">{html.escape(word)}</button> '
