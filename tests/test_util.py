"""The log line, file types, safe file names."""

from __future__ import annotations

import io
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from civitai_manager_libs import util
from hypothesis import example, given
from hypothesis import strategies as st

# printD


def test_log_goes_to_stderr_as_one_line_with_its_prefix(capsys):
    util.printD("[http_client] it broke")
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "Civitai Shortcut: [http_client] it broke\n"


@pytest.mark.parametrize("forged", ["\n", "\r", "\x1b[31m", "\u2028", "\u202e", "\x00", "\ud800"])
def test_log_message_cannot_forge_a_line_or_a_colour(capsys, forged):
    util.printD(f"a{forged}b")
    err = capsys.readouterr().err
    assert forged not in err[:-1]
    assert err.count("\n") == 1


def test_console_of_another_code_page_keeps_what_it_can_show(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(raw, encoding="cp950", errors="strict"))
    util.printD("下載失敗 💥!")
    sys.stderr.flush()
    assert raw.getvalue().decode("cp950").rstrip() == "Civitai Shortcut: 下載失敗 \\U0001f4a5!"


def test_lines_of_many_threads_do_not_run_into_each_other(monkeypatch):
    written = []

    class Console:
        def write(self, text: str) -> None:
            written.append(text)

        def flush(self) -> None:
            written.append("")

    monkeypatch.setattr(sys, "stderr", Console())
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(util.printD, "x" * 20))
    assert [text for text in written if text] == ["Civitai Shortcut: x\n"] * 20


# without_query


@pytest.mark.parametrize(
    "url, shown",
    [
        ("https://civitai.com/a?token=secret", "https://civitai.com/a"),
        ("https://civitai.com/a#secret", "https://civitai.com/a"),
        ("https://me:secret@host/a?b", "https://host/a"),
        ("https://me:sec@ret@host/a", "https://host/a"),
        ("https://host/mail@home", "https://host/mail@home"),
        ("nonsense", "nonsense"),
        ("", ""),
    ],
)
def test_no_secret_of_a_url_stays_in_the_log(url, shown):
    assert util.without_query(url) == shown


# detect_media_extension, is_text


@pytest.mark.parametrize(
    "start, extension",
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "jpg"),
        (b"GIF89a", "gif"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "webp"),
        (b"\0\0\0\x20ftypavif", "avif"),
        (b"\0\0\0\x20ftypheic", "heic"),
        (b"\0\0\0\x20ftypheix", "heic"),
        (b"\0\0\0\x20ftypisom", "mp4"),
        (b"\0\0\0\x20ftypqt  ", "mp4"),
        (b"\x1a\x45\xdf\xa3", "webm"),
        (b"ID3\x04", "mp3"),
        (b"\xff\xfb\x90", "mp3"),
        (b"RIFF\x10\0\0\0WAVEfmt ", None),
        (b"\x89PNG\r\n\x1a", None),
        (b"<!DOCTYPE html>", None),
        (b"BM", None),
        (b"", None),
    ],
)
def test_extension_is_told_by_the_bytes(start, extension):
    assert util.detect_media_extension(start) == extension


@pytest.mark.parametrize(
    "body",
    [
        b"<!doctype html><title>Sign in</title>",
        b"\xef\xbb\xbf\r\n <HTML>",
        b"<?xml version='1.0'?><Error/>",
        b"<h1>503</h1>",
        b"<svg xmlns='http://www.w3.org/2000/svg'>",
        b"<!-- proxy -->",
        b'{"error": "gone"}',
        b"{}",
        b'[{"id": 1}]',
        b"[]",
    ],
)
def test_page_or_data_in_a_files_place_is_recognized(body):
    assert util.is_text("", body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{\x00\x01",
        b"[\xff",
        b"<\x00",
        b"\x89PNG\r\n\x1a\n",
        b"\x10\0\0\0\0\0\0\0{",
        b"abc",
        b"<<",
    ],
)
def test_binary_file_is_not_taken_for_a_page(body):
    assert not util.is_text("", body)


# safe_name


@pytest.mark.parametrize(
    "name, safe",
    [
        ("Model: A/B", "Model A B"),
        ("../../etc/passwd", "etc passwd"),
        ("..", "unnamed"),
        ("", "unnamed"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("COM¹", "_COM¹"),
        ("ends with dots...", "ends with dots"),
        ("a\x00b\u202ec", "abc"),
        ("風景 模型", "風景 模型"),
        ("console", "console"),
    ],
)
def test_name_is_made_safe_and_stays_readable(name, safe):
    assert util.safe_name(name) == safe


@given(st.text(), st.integers(8, 200))
@example("CON" + " " * 300, 8)
@example("\ud800", 8)
@example("a" * 7 + "é", 8)
def test_any_text_becomes_one_path_part_that_every_system_takes(text, limit):
    name = util.safe_name(text, limit=limit)
    assert name and name not in (".", "..")
    assert len(name.encode("utf-8")) <= max(limit, len("unnamed")) + 1
    assert not set(name) & set('<>:"/\\|?*\0\n')
    assert name == name.strip(" .") and os.path.basename(name) == name
    assert name.split(".")[0].rstrip().lower() not in {"con", "prn", "aux", "nul", "com1", "lpt9"}
    assert util.safe_name(name, limit=limit + 1) == name


# short_bytes


@pytest.mark.parametrize(
    "count, text",
    [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KB"), (300e6, "286.1 MB"), (5e12, "4656.6 GB")],
)
def test_bytes_are_said_for_people(count, text):
    assert util.short_bytes(count) == text


@pytest.mark.parametrize("seconds,said", [(0, "0:00"), (75.4, "1:15"), (3700, "1:01:40")])
def test_time_is_told_as_a_clock_does(seconds, said):
    assert util.short_time(seconds) == said
