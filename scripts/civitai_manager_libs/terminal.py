"""A job's progress on a terminal: one line with a bar, or a line now and then elsewhere."""

from __future__ import annotations

import shutil
import time
import unicodedata
from typing import TextIO

from . import messages, util
from .gallery.job_progress import JobProgress

__all__ = ["ProgressLine"]

_EVERY_ON_TERMINAL, _EVERY_ELSEWHERE = 0.2, 5.0  # seconds
_BAR = 24  # columns


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
            self._stream.write("\n")
            self._stream.flush()

    def _line(self, progress: JobProgress) -> str:
        done, total = progress.finished, progress.total
        parts = [_bar(done, total)] if self._is_terminal else []
        parts += [messages.text("progress", self._language, done=done, total=total)]
        parts += [util.short_bytes(progress.bytes), f"{util.short_bytes(progress.rate)}/s"]
        if progress.resting >= 1:
            seconds = round(progress.resting)
            parts.append(messages.text("resting", self._language, seconds=seconds))
        elif progress.seconds_left is not None:
            seconds = round(progress.seconds_left)
            parts.append(f"{seconds // 60}:{seconds % 60:02d}")
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
        self._stream.write(line)
        self._stream.flush()


def _bar(done: int, total: int) -> str:
    full = _BAR * min(done, total) // total if total else 0
    return f"[{'#' * full}{'.' * (_BAR - full)}]"


def _columns_of(text: str) -> int:
    """Chinese letters are two columns wide."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _cut(text: str, columns: int) -> str:
    while _columns_of(text) > columns:
        text = text[:-1]
    return text
