"""Writes to a terminal, or to what stands in its place, in the language of its user."""

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

__all__ = [
    "failure_text",
    "truncate_columns",
    "translate_errors",
    "user_language",
    "print_result",
    "pad_columns",
    "strip_controls",
    "write_now",
    "prepare_terminal",
    "print_message",
]
__all__ += ["print_translated", "terminal_text"]

_GONE = (errno.EPIPE, errno.EINVAL)  # the reader of a pipe; the second on Windows
_SAID = ("bad_input", "error")  # reasons of errors that a command has put into words
_SAYS_MORE = ("bad_answer", "busy", "disk")  # reasons of which the error's sentence says more
_TURNING = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}


def prepare_terminal() -> None:
    """Once, before anything is written or opened.

    A stream that was closed leaves its number to the next file that is opened, which would then
    be written into: the null device takes it. A title may not fit the console's code page.
    """
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(os.devnull, mode, errors="replace"))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def user_language() -> str:
    """The setting's, else the locale's."""
    if setting.language in messages.LANGUAGES:
        return setting.language
    return messages.language_of_locale({"LANG": _system_locale(), **os.environ})


def _system_locale() -> str:
    """Return what Windows, which sets no LANG, calls its language; "" elsewhere."""
    try:
        return (os.name == "nt" and locale.getlocale()[0]) or ""
    except ValueError:  # a name that Python does not know
        return ""


def terminal_text(key: str, **values: Any) -> str:
    return messages.translate(key, user_language(), **values)


def failure_text(reason: str, sentence: str) -> str:
    """What went wrong; an error's own sentence is English."""
    if user_language() == "en" or reason in _SAID:
        return sentence
    words = messages.reason_text(reason, user_language())
    return f"{words}（{sentence}）" if reason in _SAYS_MORE else words


@contextmanager
def translate_errors(key: str, **values: Any) -> Iterator[None]:
    """These in place of the English sentence of an InputError, which they may quote as `said`."""
    try:
        yield
    except InputError as error:
        said = messages.error_text(error, user_language())
        raise InputError(terminal_text(key, said=said, **values)) from error


def print_result(line: str) -> None:
    """A line of the result. Raises DiskError when it cannot be kept."""
    error = write_now(sys.stdout, f"{strip_controls(line)}\n")
    if error is not None and error.errno not in _GONE:
        raise DiskError(terminal_text("no_output", why=error.strerror or error)) from error


def print_message(sentence: str) -> None:
    """A sentence for the user, on stderr."""
    write_now(sys.stderr, f"{strip_controls(sentence)}\n")


def print_translated(key: str, **values: Any) -> None:
    print_message(terminal_text(key, **values))


def write_now(stream: TextIO, text: str) -> OSError | None:
    """Write at once; why not, if not.

    Nothing more is then written to that stream: a reader that went (`| head`), or a terminal that
    was closed, is no reason to end a job.
    """
    try:
        stream.write(text)
        stream.flush()
    except OSError as error:
        with suppress(OSError):  # it has no number
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)
        return error
    return None


def strip_controls(text: str) -> str:
    """`terminal_text` as one line without what a terminal obeys: control and direction marks."""
    return "".join("?" if _is_control(c) else c for c in text)


def truncate_columns(text: str, columns: int) -> str:
    """`terminal_text` with its end cut off where it is longer."""
    return text if _count_columns(text) <= columns else f"{_cut_columns(text, columns - 3)}..."


def pad_columns(text: str, columns: int) -> str:
    """`terminal_text` with blanks after it where it is shorter; before it, where `columns` is
    negative."""
    blanks = " " * (abs(columns) - _count_columns(text))
    return text + blanks if columns > 0 else blanks + text


def _is_control(character: str) -> bool:
    if unicodedata.bidirectional(character) in _TURNING:
        return True
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")


def _count_columns(text: str) -> int:
    """Chinese letters are two columns wide."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _cut_columns(text: str, columns: int) -> str:
    while _count_columns(text) > columns:
        text = text[:-1]
    return text
