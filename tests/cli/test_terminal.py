"""What is written to a terminal: its language, its letters, its streams, and a job's progress."""

import io
import locale
import os
import sys
import types
import unicodedata

import pytest
from civitai_manager_libs import setting, util
from civitai_manager_libs.civitai import ImageQuery
from civitai_manager_libs.cli import terminal
from civitai_manager_libs.jobs import Job, WalkState


@pytest.mark.parametrize(
    "locale, language",
    [
        ({}, "en"),
        ({"LANG": "zh_TW.UTF-8"}, "zh-TW"),
        ({"LANG": "zh_CN.UTF-8"}, "zh-CN"),
        ({"LANG": "ZH_HK@x"}, "zh-TW"),
        ({"LANG": "zhx"}, "en"),
        ({"LC_MESSAGES": "zh_TW", "LANG": "en_US"}, "zh-TW"),
        ({"LC_ALL": "en_US", "LC_MESSAGES": "zh_TW", "LANG": "zh_TW"}, "en"),
    ],
    ids=lambda value: " ".join(f"{k}={v}" for k, v in value.items()) if value != str(value) else "",
)
def test_language_is_that_of_the_first_locale_variable_set(monkeypatch, locale, language):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in locale.items():
        monkeypatch.setenv(name, value)
    assert terminal.get_user_language() == language


@pytest.mark.parametrize(
    "name,language",
    [
        ("Chinese (Traditional)_Taiwan", "zh-TW"),
        ("Chinese (Simplified)_China", "zh-CN"),
        ("English_Canada", "en"),
    ],
)
def test_language_is_the_systems_on_windows_without_variables(monkeypatch, name, language):
    monkeypatch.setattr(locale, "getlocale", lambda: (name, "950"))
    monkeypatch.setattr(terminal, "os", types.SimpleNamespace(name="nt", environ={}))
    assert terminal.get_user_language() == language
    monkeypatch.setattr(terminal, "os", types.SimpleNamespace(name="nt", environ={"LANG": "C"}))
    assert terminal.get_user_language() == "en"


@pytest.mark.parametrize("page", ["cp950", "cp1252", "ascii", "utf-8"])
def test_console_with_any_code_page_accepts_every_character(monkeypatch, page):
    streams = {"stdout": "strict", "stderr": "backslashreplace"}  # as Python opens them
    for name, errors in streams.items():
        stream = io.TextIOWrapper(io.BytesIO(), encoding=page, errors=errors)
        monkeypatch.setattr(sys, name, stream)
    terminal.prepare_terminal()
    for write in (terminal.print_result, terminal.print_message, util.printD):
        write("燈塔 \U0001f600 caf\xe9")
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        assert "caf" in stream.buffer.getvalue().decode(page)


@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_chosen_language_overrides_the_locale(monkeypatch, language):
    monkeypatch.setenv("LC_ALL", "en_US" if language != "en" else "zh_TW")
    setting.change("language", language)
    assert terminal.get_user_language() == language


@pytest.mark.parametrize(
    "language, reason, said",
    [
        ("zh-TW", "gone", "圖片已不存在，再試也沒有用。"),
        ("zh-TW", "disk", "無法讀寫磁碟。請檢查資料夾的權限與空間。（The sentence.）"),
        ("zh-TW", "bad_input", "The sentence."),
        ("zh-TW", "http_418", "伺服器拒絕 (http_418)。"),
    ],
)
def test_failure_is_reported_in_the_users_language(language, reason, said):
    setting.change("language", language)
    assert terminal.explain_failure(reason, "The sentence.") == said


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
def test_strip_controls_keeps_letters_and_removes_control_characters(text, shown):
    assert terminal.strip_controls(text) == shown


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


@pytest.mark.parametrize(
    "text,shown",
    [
        ("abcdefgh", "abcdefgh"),
        ("abcdefghi", "abcde..."),
        ("塔塔塔塔", "塔塔塔塔"),
        ("塔" * 5, "塔塔..."),
    ],
)
def test_longer_text_is_truncated(text, shown):
    assert terminal.shorten(text, 8) == shown
