"""A job's progress on stderr: a bar at a terminal, else plain lines."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TextIO

from .. import util
from . import terminal

if TYPE_CHECKING:
    from ..jobs import Job, JobProgress

__all__ = ["ProgressBar", "ProgressLines", "format_bytes", "make_progress"]

_BAR_INTERVAL, _LINE_INTERVAL = 0.2, 5.0  # seconds
_FORMAT = "{desc}  [{bar}]"  # the bar fills the rest of the line


def make_progress(stream: TextIO) -> ProgressBar | ProgressLines:
    """Return a progress display for a stream: a bar for a terminal, else lines of text.

    Call the display's `show` after each change of the progress, and its `end` after the job.
    """
    return ProgressBar(stream) if stream.isatty() else ProgressLines(stream)


class ProgressBar:
    """A progress bar in one line of a terminal, drawn by tqdm."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bar: Any = None  # until the first `show`

    def show(self, progress: JobProgress) -> None:
        bar = self._make_bar(progress) if self._bar is None else self._bar
        done, bar.total = _count_units(progress)
        bar.ncols = terminal.count_usable_columns()
        bar.set_description_str(_format_progress(progress), refresh=False)
        bar.update(done - bar.n)

    def end(self) -> None:
        if self._bar is not None:
            self._bar.close()

    def _make_bar(self, progress: JobProgress) -> Any:
        from tqdm import tqdm  # not for `--help`

        done, total = _count_units(progress)
        self._bar = tqdm(
            desc=_format_progress(progress),
            total=total,
            initial=done,
            file=self._stream,
            ncols=terminal.count_usable_columns(),
            nrows=24,  # tqdm draws no bar in a terminal that reports 0 lines
            ascii=".#",
            bar_format=_FORMAT,
            mininterval=_BAR_INTERVAL,
            miniters=0,
        )
        return self._bar


class ProgressLines:
    """Writes the progress as a line of text every five seconds and when the job's state changes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown_at, self._last = 0.0, ""

    def show(self, progress: JobProgress) -> None:
        is_early = time.monotonic() - self._shown_at < _LINE_INTERVAL
        if self._last and is_early and progress.state == "running":
            return
        self._shown_at = time.monotonic()
        line = _format_progress(progress)
        if line != self._last:
            self._last = line
            terminal.write_now(self._stream, f"{line}\n")

    def end(self) -> None:
        """Do nothing: this method exists because `ProgressBar` has to be ended."""


def format_bytes(job: Job) -> str:
    """Return how much a job has received, as a text such as `3 MB`.

    For model files the text also states the total.
    """
    received = util.short_bytes(job.bytes)
    if not job.has_models:
        return received
    total = util.short_bytes(job.total_bytes)
    return terminal.get_text("of", done=received, total=total)


def _count_units(progress: JobProgress) -> tuple[int, int]:
    """Return (finished, total) of a job: bytes if it downloads model files, else images."""
    if progress.has_models:
        return progress.bytes, progress.total_bytes
    return progress.finished, progress.total


def _format_progress(progress: JobProgress) -> str:
    key = "progress_models" if progress.has_models else "progress"
    parts = [terminal.get_text(key, done=progress.finished, total=progress.total)]
    parts += [format_bytes(progress), f"{util.short_bytes(progress.rate)}/s"]
    if progress.retry_in >= 1:
        parts.append(terminal.get_text("resting", seconds=round(progress.retry_in)))
    elif progress.seconds_left is not None:
        parts.append(util.short_time(progress.seconds_left))
    return "  ".join(parts)
