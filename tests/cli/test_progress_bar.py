"""A job's progress at a terminal, and where there is none."""

import io
import os
import unicodedata

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.civitai import ImageQuery
from civitai_manager_libs.cli import terminal
from civitai_manager_libs.jobs import Job, WalkState


class _Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def _english():
    setting.change("language", "en")


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

    monkeypatch.setattr(terminal, "_BAR_INTERVAL", 0)
    set_to(80)
    return set_to


def _progress(saved=0, total=60, state="running", **values):
    asked = (1, 0.0, "A model", ImageQuery(5), "", total, False, state, "", "", None)
    told = {"bytes": saved * 1024, "rate": 2048.0, "seconds_left": 75.0, **values}
    return Job(*asked, WalkState.OVER, saved=saved, waiting=total - saved, **told)


def _shown(stream, *told, clock=None, step=10.0):
    line = terminal.ProgressDisplay(stream)
    for each in told:
        line.show(each)
        if clock:
            clock[0] += step
    line.end()
    return stream.getvalue()


def _lines_of(shown):
    """Each state of the one line, without what wipes the one before it out."""
    return [line.rstrip(" \n") for line in shown.split("\r") if line.strip()]


def _width(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def test_without_a_terminal_a_plain_line_is_printed_every_five_seconds_and_at_the_end(clock):
    many = [_progress(n) for n in range(12)]
    shown = _shown(io.StringIO(), *many, _progress(60, state="done"), clock=clock, step=1.0)
    assert shown == "".join(
        f"Downloading pictures {n}/60  {f'{n}.0 KB' if n else '0 B'}  2.0 KB/s  1:15\n"
        for n in (0, 5, 10, 60)
    )


def test_pause_of_the_host_replaces_the_time_left():
    shown = _shown(io.StringIO(), _progress(3, retry_in=39.6))
    assert "resuming in 40 s" in shown and "1:15" not in shown


def test_closed_pipe_is_no_error_and_ends_the_output(clock):
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w", encoding="utf-8") as stream:
        line = terminal.ProgressDisplay(stream)
        for saved in (3, 30, 60):
            line.show(_progress(saved))
            clock[0] += 10.0
        line.end()


def test_terminal_shows_a_bar_in_the_remaining_width(columns):
    shown = _shown(_Terminal(), _progress(30))
    words = "Downloading pictures 30/60  30.0 KB  2.0 KB/s  1:15  "
    assert set(_lines_of(shown)) == {f"{words}[{'#' * 12}{'.' * 12}]"}
    assert len(words) + 26 == 79
    assert shown.count("\n") == 1 and shown.endswith("\n")


def test_bar_follows_a_new_total_and_a_decreasing_count(columns):
    shown = _lines_of(_shown(_Terminal(), _progress(20, 200), _progress(20, 20), _progress(10, 20)))
    bars = [line.partition("[")[2].rstrip("]") for line in shown]
    assert list(dict.fromkeys(round(bar.count("#") / len(bar), 1) for bar in bars)) == [0.1, 1, 0.5]


@pytest.mark.parametrize("width", [10, 33, 40, 41, 42, 43, 80])
def test_chinese_line_never_wraps(columns, width):
    setting.change("language", "zh-TW")
    columns(width)
    shown = _shown(_Terminal(), _progress(3), _progress(59))
    assert "下載" in shown and all(_width(line) < width for line in _lines_of(shown))
