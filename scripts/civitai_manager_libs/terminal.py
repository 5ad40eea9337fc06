"""A job's progress on a terminal: one line that changes, or a line now and then elsewhere."""

from __future__ import annotations

import shutil
import time
from typing import TextIO

from . import messages, util
from .gallery.job_progress import JobProgress

__all__ = ["ProgressLine"]

_EVERY_ON_TERMINAL, _EVERY_ELSEWHERE = 0.2, 5.0  # seconds
_BAR = 24  # characters


class ProgressLine:
    """Call `show` as often as there is news, and `end` once."""

    def __init__(self, stream: TextIO, language: str) -> None:
        self._stream, self._language = stream, language
        self._is_terminal = stream.isatty()
        self._shown_at, self._last = 0.0, ""

    def show(self, progress: JobProgress) -> None:
        every = _EVERY_ON_TERMINAL if self._is_terminal else _EVERY_ELSEWHERE
        is_last = progress.state != "running"
        if not is_last and time.monotonic() - self._shown_at < every:
            return
        self._shown_at = time.monotonic()
        self._write(self._line(progress))

    def end(self) -> None:
        if self._is_terminal and self._last:
            self._stream.write("\n")
            self._stream.flush()

    def _line(self, progress: JobProgress) -> str:
        done, total = progress.finished, progress.total
        words = messages.text("progress", self._language, done=done, total=total)
        parts = [words, util.short_bytes(progress.bytes), f"{util.short_bytes(progress.rate)}/s"]
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
            width = shutil.get_terminal_size().columns - 1
            line = f"\r\x1b[K{line[:width]}"
        else:
            line += "\n"
        self._stream.write(line)
        self._stream.flush()
