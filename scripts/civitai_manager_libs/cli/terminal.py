"""Writes to a terminal, or to what stands in its place: sentences, results, a job's progress."""

from __future__ import annotations

import errno
import io
import os
import shutil
import sys
import time
import unicodedata
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from .. import util
from ..errors import DiskError
from ..words import messages

if TYPE_CHECKING:
    from ..jobs import JobProgress

__all__ = ["ProgressLine", "fitted", "out", "plain", "put", "ready", "say"]

_EVERY_ON_TERMINAL, _EVERY_ELSEWHERE = 0.2, 5.0  # seconds
_BAR = 24  # columns
_GONE = (errno.EPIPE, errno.EINVAL)  # the reader of a pipe; the second on Windows
_TURNING = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}


def ready() -> None:
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


def out(line: str) -> None:
    """A line of the result. Raises DiskError when it cannot be kept."""
    error = put(sys.stdout, f"{plain(line)}\n")
    if error is not None and error.errno not in _GONE:
        why = error.strerror or error
        raise DiskError(f"The result cannot be written to stdout: {why}.") from error


def say(sentence: str) -> None:
    """A sentence for the user, on stderr."""
    put(sys.stderr, f"{plain(sentence)}\n")


def put(stream: TextIO, text: str) -> OSError | None:
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


def plain(text: str) -> str:
    """`text` as one line without what a terminal obeys: control and direction marks."""
    return "".join("?" if _is_command(c) else c for c in text)


def fitted(text: str, columns: int) -> str:
    """`text` with its end cut off where it is longer."""
    return text if _columns_of(text) <= columns else f"{_cut(text, columns - 3)}..."


class ProgressLine:
    """Call `show` as often as there is news, and `end` once."""

    def __init__(self, stream: TextIO, language: str) -> None:
        self._stream, self._language = stream, language
        self._is_terminal = stream.isatty()
        self._shown_at, self._last, self._columns = 0.0, "", 0

    def show(self, progress: JobProgress) -> None:
        every = _EVERY_ON_TERMINAL if self._is_terminal else _EVERY_ELSEWHERE
        is_last = progress.state != "running"
        if not is_last and self._last and time.monotonic() - self._shown_at < every:
            return
        self._shown_at = time.monotonic()
        self._write(self._line(progress))

    def end(self) -> None:
        if self._is_terminal and self._last:
            put(self._stream, "\n")

    def _line(self, progress: JobProgress) -> str:
        done, total = progress.finished, progress.total
        parts = [_bar(done, total)] if self._is_terminal else []
        parts += [messages.text("progress", self._language, done=done, total=total)]
        parts += [util.short_bytes(progress.bytes), f"{util.short_bytes(progress.rate)}/s"]
        if progress.resting >= 1:
            seconds = round(progress.resting)
            parts.append(messages.text("resting", self._language, seconds=seconds))
        elif progress.seconds_left is not None:
            parts.append(util.short_time(progress.seconds_left))
        return "  ".join(parts)

    def _write(self, line: str) -> None:
        if line == self._last:
            return
        self._last = line
        if self._is_terminal:
            line = _cut(line, shutil.get_terminal_size().columns - 1)
            before, self._columns = self._columns, _columns_of(line)
            # Blanks over what was longer: not every terminal knows the sequence that clears a line.
            line = f"\r{line}{' ' * (before - self._columns)}"
        else:
            line += "\n"
        put(self._stream, line)


def _bar(done: int, total: int) -> str:
    full = _BAR * min(done, total) // total if total else 0
    return f"[{'#' * full}{'.' * (_BAR - full)}]"


def _is_command(character: str) -> bool:
    if unicodedata.bidirectional(character) in _TURNING:
        return True
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")


def _columns_of(text: str) -> int:
    """Chinese letters are two columns wide."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _cut(text: str, columns: int) -> str:
    while _columns_of(text) > columns:
        text = text[:-1]
    return text
