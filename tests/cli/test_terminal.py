"""A job's progress on a terminal."""

from __future__ import annotations

import io
import os
import sys
import unicodedata

import pytest
from civitai_manager_libs.cli import terminal
from civitai_manager_libs.cli.terminal import ProgressLine
from civitai_manager_libs.errors import DiskError
from civitai_manager_libs.jobs.progress import JobProgress


class _Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(terminal.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def columns(monkeypatch):
    def set_to(count):
        size = os.terminal_size((count, 24))
        monkeypatch.setattr(terminal.shutil, "get_terminal_size", lambda: size)

    set_to(80)
    return set_to


def _progress(saved=0, total=60, state="running", **values):
    told = {"skipped": 0, "failed": 0, "walked": True, "bytes": saved * 1024, "rate": 2048.0}
    told.update({"seconds_left": 75.0, **values})
    return JobProgress(1, "A model", state, saved=saved, total=total, **told)


def _shown(stream, *progress, language="en", clock=None, step=10.0):
    line = ProgressLine(stream, language)
    for each in progress:
        line.show(each)
        if clock:
            clock[0] += step
    line.end()
    return stream.getvalue()


def _width(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


# Elsewhere: plain lines


def test_elsewhere_it_is_whole_lines_without_control_characters(clock):
    shown = _shown(io.StringIO(), _progress(3), _progress(60, state="done"), clock=clock)
    assert shown == (
        "Downloading pictures 3/60  3.0 KB  2.0 KB/s  1:15\n"
        "Downloading pictures 60/60  60.0 KB  2.0 KB/s  1:15\n"
    )


def test_elsewhere_a_line_comes_every_five_seconds_and_at_the_end(clock):
    stream = io.StringIO()
    many = [_progress(n) for n in range(12)]
    shown = _shown(stream, *many, _progress(60, state="done"), clock=clock, step=1.0)
    assert [line.split()[2] for line in shown.splitlines()] == ["0/60", "5/60", "10/60", "60/60"]


def test_line_that_says_nothing_new_is_not_repeated(clock):
    assert _shown(io.StringIO(), _progress(3), _progress(3), clock=clock).count("\n") == 1


def test_words_are_the_users_language(clock):
    assert "下載圖片 3/60" in _shown(io.StringIO(), _progress(3), language="zh-TW")


@pytest.mark.parametrize("language,words", [("en", "resuming in 40 s"), ("zh-TW", "40 秒後繼續")])
def test_rest_of_the_host_takes_the_place_of_the_time_left(clock, language, words):
    shown = _shown(io.StringIO(), _progress(3, resting=39.6), language=language)
    assert words in shown and "1:15" not in shown


def test_unknown_time_left_is_left_out(clock):
    assert _shown(io.StringIO(), _progress(3, seconds_left=None)).endswith("2.0 KB/s\n")


# On a terminal: one line


def test_on_a_terminal_there_is_a_bar(clock, columns):
    shown = _shown(_Terminal(), _progress(30))
    assert (
        shown == f"\r[{'#' * 12}{'.' * 12}]  Downloading pictures 30/60  30.0 KB  2.0 KB/s  1:15\n"
    )


@pytest.mark.parametrize("saved,total,full", [(0, 0, 0), (0, 60, 0), (60, 60, 24), (9, 5, 24)])
def test_bar_is_never_longer_than_itself(clock, columns, saved, total, full):
    assert f"[{'#' * full}{'.' * (24 - full)}]" in _shown(_Terminal(), _progress(saved, total))


def test_on_a_terminal_a_shorter_line_wipes_the_longer_one_out(clock, columns):
    longer, shorter = _progress(3, bytes=10**9), _progress(4, bytes=1, seconds_left=None)
    first, second = _shown(_Terminal(), longer, shorter, clock=clock).rstrip("\n")[1:].split("\r")
    assert len(second) == len(first) and second.endswith(" ")


@pytest.mark.parametrize("width", [10, 33, 40, 41, 42, 43, 80])
def test_chinese_line_never_wraps(clock, columns, width):
    columns(width)
    shown = _shown(_Terminal(), _progress(3), _progress(59), language="zh-TW", clock=clock)
    assert all(_width(part) < width for part in shown.rstrip("\n").split("\r"))


def test_on_a_terminal_it_changes_at_most_five_times_a_second(clock, columns):
    shown = _shown(_Terminal(), *[_progress(n) for n in range(50)], clock=clock, step=0.05)
    assert 10 <= shown.count("\r") <= 14


def test_end_without_progress_writes_nothing(columns):
    assert _shown(_Terminal()) == ""


# What a terminal must not obey


@pytest.mark.parametrize(
    "text,shown",
    [
        ("a\x1b[2Jb", "a?[2Jb"),
        ("a\r\n\tb", "a???b"),
        ("\x9b31m", "?31m"),
        ("\u202eabc\u2066", "?abc?"),
        ("a\u2028b", "a?b"),
        ("\udcff", "?"),
        ("燈塔\u3000é 🦊", "燈塔\u3000é 🦊"),
        ("👩\u200d🔬", "👩\u200d🔬"),
    ],
    ids=ascii,
)
def test_plain_keeps_letters_and_no_orders(text, shown):
    assert terminal.plain(text) == shown


@pytest.mark.parametrize(
    "text,shown",
    [
        ("abcdefgh", "abcdefgh"),
        ("abcdefghi", "abcde..."),
        ("塔塔塔塔", "塔塔塔塔"),
        ("塔" * 5, "塔塔..."),
    ],
)
def test_what_is_longer_is_cut(text, shown):
    assert terminal.fitted(text, 8) == shown


# Streams that are gone


@pytest.fixture
def without_reader():
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w", encoding="utf-8") as stream:
        yield stream


def test_progress_whose_reader_left_goes_on_and_is_silent(clock, without_reader):
    line = ProgressLine(without_reader, "en")
    for saved in (3, 30, 60):
        line.show(_progress(saved))
        clock[0] += 10.0
    line.end()


def test_result_without_a_reader_is_no_error(monkeypatch, without_reader):
    monkeypatch.setattr(sys, "stdout", without_reader)
    terminal.out("a line")
    terminal.out("another")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_result_that_is_lost_is_an_error_and_a_lost_sentence_is_none(monkeypatch):
    with open("/dev/full", "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        with pytest.raises(DiskError, match="cannot be written to stdout: No space left"):
            terminal.out("a line")
    with open("/dev/full", "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        terminal.say("a sentence")
