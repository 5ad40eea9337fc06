"""Writes lines to stdout and stderr, in the user's language."""

from __future__ import annotations

import errno
import io
import locale
import os
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from .. import setting
from ..errors import DiskError, InputError
from ..i18n import messages

__all__ = ["failure_text", "pad_columns", "prepare_terminal", "print_message", "print_result"]
__all__ += ["print_translated", "strip_controls", "terminal_text", "translate_errors"]
__all__ += ["truncate_columns", "user_language", "write_now"]

_CLOSED_PIPE = (errno.EPIPE, errno.EINVAL)  # the second on Windows
_TRANSLATED = ("bad_input", "error")  # reasons of errors with a translated sentence
_DETAILED = ("bad_answer", "busy", "disk")  # reasons of errors whose sentence says more
_DIRECTION_MARKS = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}


def prepare_terminal() -> None:
    """Prepare the standard streams; called once, before any file is opened.

    The null device replaces a closed stream, or the next file to be opened would get the stream's
    number and be written into. A title's characters may not exist in the console's code page.
    """
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(os.devnull, mode, errors="replace"))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def user_language() -> str:
    """Return the setting's language, else that of the locale."""
    if setting.language in messages.LANGUAGES:
        return setting.language
    return messages.parse_locale_language({"LANG": _system_locale(), **os.environ})


def _system_locale() -> str:
    """Return the name of the language on Windows, which sets no LANG; "" elsewhere."""
    try:
        return (os.name == "nt" and locale.getlocale()[0]) or ""
    except ValueError:  # a name that Python does not know
        return ""


def terminal_text(key: str, **values: Any) -> str:
    """Return a text of the catalogue in the user's language."""
    return messages.translate(key, user_language(), **values)


def failure_text(reason: str, sentence: str) -> str:
    """Return why something failed, in the user's language. sentence: the error's own, English."""
    if user_language() == "en" or reason in _TRANSLATED:
        return sentence
    text = messages.reason_text(reason, user_language())
    return f"{text}（{sentence}）" if reason in _DETAILED else text


@contextmanager
def translate_errors(key: str, **values: Any) -> Iterator[None]:
    """Replace the sentence of an InputError by a text, which may quote the sentence as `said`."""
    try:
        yield
    except InputError as error:
        said = messages.error_text(error, user_language())
        raise InputError(terminal_text(key, said=said, **values)) from error


def print_result(line: str) -> None:
    """Write a line of the result to stdout. Raises DiskError if a file cannot take the line."""
    error = write_now(sys.stdout, f"{strip_controls(line)}\n")
    if error is not None and error.errno not in _CLOSED_PIPE:
        raise DiskError(terminal_text("no_output", why=error.strerror or error)) from error


def print_message(sentence: str) -> None:
    """Write a sentence for the user to stderr."""
    write_now(sys.stderr, f"{strip_controls(sentence)}\n")


def print_translated(key: str, **values: Any) -> None:
    """Write a text of the catalogue to stderr, in the user's language."""
    print_message(terminal_text(key, **values))


def write_now(stream: TextIO, text: str) -> OSError | None:
    """Write and flush text; return the error, or None.

    After an error the stream is sent to the null device: a job goes on without its terminal, or
    after `| head`.
    """
    try:
        stream.write(text)
        stream.flush()
    except OSError as error:
        with suppress(OSError):  # the stream has no number
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)
        return error
    return None


def strip_controls(text: str) -> str:
    """Return the text with "?" for each character that a terminal obeys, and each line break."""
    return "".join("?" if _is_control(c) else c for c in text)


def truncate_columns(text: str, columns: int) -> str:
    """Return the text, cut and ended with "..." if it is wider."""
    return text if _count_columns(text) <= columns else f"{_cut_columns(text, columns - 3)}..."


def pad_columns(text: str, columns: int) -> str:
    """Return the text with blanks after it up to a width; before it if `columns` is negative."""
    blanks = " " * (abs(columns) - _count_columns(text))
    return text + blanks if columns > 0 else blanks + text


def _is_control(character: str) -> bool:
    if unicodedata.bidirectional(character) in _DIRECTION_MARKS:
        return True
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")


def _count_columns(text: str) -> int:
    """Return the width of a text at a terminal: a Chinese character takes two columns."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _cut_columns(text: str, columns: int) -> str:
    while _count_columns(text) > columns:
        text = text[:-1]
    return text
