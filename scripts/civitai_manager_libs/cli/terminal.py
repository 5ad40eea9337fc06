"""What a terminal shows: lines in the user's language, tables, and the progress of a job."""

from __future__ import annotations

import errno
import io
import locale
import os
import shutil
import signal
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, TextIO, TYPE_CHECKING

from .. import setting, util
from ..core import ENDING_SIGNALS
from ..errors import DiskError, InputError
from ..i18n import messages

if TYPE_CHECKING:
    from ..jobs import Job

SUCCESS, SOME_FAILED, BAD_INPUT, NOTHING_DONE, INTERRUPTED = 0, 1, 2, 3, 130  # exit codes
_CLOSED_PIPE = (errno.EPIPE, errno.EINVAL)  # the second on Windows
_TRANSLATED = ("bad_input", "error")  # reasons of errors with a translated sentence
_DETAILED = ("bad_answer", "busy", "disk")  # reasons of errors whose sentence says more
_DIRECTION_MARKS = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
_MIN_TEXT = 20  # columns that a narrow terminal leaves to the last text of a row
_BAR_INTERVAL, _LINE_INTERVAL = 0.2, 5.0  # seconds


def prepare_terminal() -> None:
    """Make stdin, stdout and stderr safe to use; call this once, before any file is opened.

    A closed stream is replaced by the null device. Characters that the console cannot show are
    printed as "?".
    """
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # else the next file opened gets the stream's number
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(os.devnull, mode, errors="replace"))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


# In the user's language


def get_user_language() -> str:
    """Return the language in the settings, else the system's language if supported, else "en"."""
    if setting.language in messages.LANGUAGES:
        return setting.language
    system = ""
    with suppress(ValueError):  # a name that Python does not know
        system = (os.name == "nt" and locale.getlocale()[0]) or ""
    return messages.parse_locale_language({"LANG": system, **os.environ})


def get_text(key: str, **values: Any) -> str:
    """Return the text for a key in the user's language, its placeholders filled by `values`."""
    return messages.translate(key, get_user_language(), **values)


def explain_failure(reason: str, sentence: str) -> str:
    """Return an error's message in the user's language.

    reason: the error's code, such as `busy`. sentence: the error's message; it is returned if it is
    in the user's language already. Otherwise return the translated explanation of the code,
    followed by the message in brackets for the codes in `_DETAILED`.
    """
    if get_user_language() == "en" or reason in _TRANSLATED:
        return sentence
    text = messages.explain_reason(reason, get_user_language(), sentence)
    return f"{text}（{sentence}）" if reason in _DETAILED else text


@contextmanager
def translate_errors(key: str, **values: Any) -> Iterator[None]:
    """Catch an InputError in the block, and raise one with the text for `key` instead.

    The text is in the user's language. `values` fill its placeholders; the placeholder `error` is
    filled by the message of the caught error.
    """
    try:
        yield
    except InputError as error:
        message = messages.translate_error(error, get_user_language())
        raise InputError(get_text(key, error=message, **values)) from error


# Lines


def print_result(line: str) -> None:
    """Write a line to stdout without control characters. Raises DiskError, not if a pipe closed."""
    error = write_now(sys.stdout, f"{strip_controls(line)}\n")
    if error is not None and error.errno not in _CLOSED_PIPE:
        raise DiskError(get_text("no_output", why=error.strerror or error)) from error


def print_message(sentence: str) -> None:
    """Write a sentence for the user to stderr, without control characters."""
    write_now(sys.stderr, f"{strip_controls(sentence)}\n")


def print_translated(key: str, **values: Any) -> None:
    """Write the text for a key to stderr, in the user's language. values: its placeholders."""
    print_message(get_text(key, **values))


def write_now(stream: TextIO, text: str) -> OSError | None:
    """Write text to a stream at once; return None, or the error if that fails.

    After an error the stream's later output is discarded. A job thus continues when its terminal is
    closed.
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
    """Return the text with each control character and line break replaced by "?".

    Otherwise a title could send commands to the terminal.
    """
    return "".join(
        (
            "?"
            if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
            or unicodedata.bidirectional(character) in _DIRECTION_MARKS
            else character
        )
        for character in text
    )


# Tables. A Chinese character fills two columns of a terminal.


def format_row(*cells: tuple[str, int], text: str) -> str:
    """Return a line of a table: cells of these widths, then a text.

    A cell is (text, columns); if the number is negative, the text stands at the cell's right. If
    stdout is a terminal, the line is cut to its width.
    """
    head = "".join(f"{pad(cell, columns)}  " for cell, columns in cells)
    if not sys.stdout.isatty():
        return head + text
    return shorten(head + text, max(_count_usable_columns(), _count_columns(head) + _MIN_TEXT))


def pad(text: str, columns: int) -> str:
    """Return the text padded to `columns` columns, with blanks before it if they are negative."""
    blanks = " " * (abs(columns) - _count_columns(text))
    return text + blanks if columns > 0 else blanks + text


def shorten(text: str, columns: int) -> str:
    """Return the text, cut to at most `columns` columns; a text that is cut ends with "..."."""
    if _count_columns(text) <= columns:
        return text
    text = text[: columns - 3]
    while _count_columns(text) > columns - 3:
        text = text[:-1]
    return f"{text}..."


def _count_columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _count_usable_columns() -> int:
    # Some terminals begin a new line when the last column is filled.
    return shutil.get_terminal_size().columns - 1


# Progress


class ProgressDisplay:
    """The progress of a job: a bar in a terminal, elsewhere lines of text.

    The bar is drawn by tqdm. A line is written every five seconds and when the job's state changes.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bar: Any = None  # until the first `show` in a terminal
        self._shown_at, self._last_line = 0.0, ""

    def show(self, progress: Job) -> None:
        """Show a job's progress; call this often, as only some of the calls write anything."""
        if self._stream.isatty():
            done, total = progress.finished, progress.total
            if progress.has_models:
                done, total = progress.bytes, progress.total_bytes
            text, columns = _format_progress(progress), _count_usable_columns()
            if self._bar is None:
                from tqdm import tqdm  # not for `--help`

                self._bar = tqdm(
                    desc=text,
                    total=total,
                    initial=done,
                    file=self._stream,
                    ncols=columns,
                    nrows=24,  # tqdm draws no bar in a terminal that reports 0 lines
                    ascii=".#",
                    bar_format="{desc}  [{bar}]",  # the bar fills the rest of the line
                    mininterval=_BAR_INTERVAL,
                    miniters=0,
                )
            self._bar.total, self._bar.ncols = total, columns
            self._bar.set_description_str(text, refresh=False)
            self._bar.update(done - self._bar.n)
            return
        is_early = time.monotonic() - self._shown_at < _LINE_INTERVAL
        if self._last_line and is_early and progress.state == "running":
            return
        self._shown_at, line = time.monotonic(), _format_progress(progress)
        if line != self._last_line:
            self._last_line = line
            write_now(self._stream, f"{line}\n")

    def end(self) -> None:
        """Leave the bar as it is, and go to the next line."""
        if self._bar is not None:
            self._bar.close()


def format_bytes(job: Job) -> str:
    """Return how much a job has received, such as `3 MB`, and of model files the total."""
    received = util.short_bytes(job.bytes)
    if not job.has_models:
        return received
    return get_text("of", done=received, total=util.short_bytes(job.total_bytes))


def _format_progress(progress: Job) -> str:
    key = "progress_models" if progress.has_models else "progress"
    parts = [get_text(key, done=progress.finished, total=progress.total)]
    parts += [format_bytes(progress), f"{util.short_bytes(progress.rate)}/s"]
    if progress.retry_in >= 1:
        parts.append(get_text("resting", seconds=round(progress.retry_in)))
    elif progress.seconds_left is not None:
        parts.append(util.short_time(progress.seconds_left))
    return "  ".join(parts)


@contextmanager
def catch_signals(call: Callable[[], None] = lambda: None) -> Iterator[list[int]]:
    """Yield a list that gets the numbers of ending signals, such as Ctrl-C, while the block runs.

    The first such signal does not end the program: the caller must stop the work when the list is
    no longer empty. A Ctrl-C after the first signal raises KeyboardInterrupt. call: called at each
    signal; it must not acquire a lock.
    """
    received: list[int] = []

    def record(number: int, _frame: FrameType | None) -> None:
        received.append(number)  # no more: this thread may hold any lock
        signal.signal(signal.SIGINT, signal.default_int_handler)
        call()

    # A shell starts background commands with Ctrl-C ignored.
    handled = [n for n in ENDING_SIGNALS if signal.getsignal(n) != signal.SIG_IGN]
    before = {number: signal.signal(number, record) for number in handled}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
