"""Types of files, by their first bytes."""

from __future__ import annotations

import pytest
from civitai_manager_libs.core import detect_media_extension, is_text


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
    assert detect_media_extension(start) == extension


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
    assert is_text("", body)


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
    assert not is_text("", body)
