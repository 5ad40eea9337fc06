"""Leftovers of killed programs are removed, except resumable files."""

from __future__ import annotations

import os
import time

import pytest
from civitai_manager_libs.core import delete_resumable, remove_leftovers, ResumableFile
from civitai_manager_libs.core.resumable_file import NOTE

pytestmark = pytest.mark.usefixtures("each_system")

URL, TAG = "https://image.civitai.com/a.png", '"v1"'


@pytest.fixture
def half(tmp_path):
    with ResumableFile(str(tmp_path), URL) as half:
        half.write(b"x" * 1000)
        half.write_note(5000, TAG)
        half.keep()
    return half.path


def test_resumable_file_is_kept(half, tmp_path):
    assert remove_leftovers(str(tmp_path)) == 0
    assert ResumableFile(str(tmp_path), URL).size == 1000


@pytest.mark.parametrize("name", ["no/such/folder", "a\0b", "a\ud800b"])
def test_folder_that_cannot_be_listed_has_no_leftovers(tmp_path, name):
    folder = str(tmp_path / name)
    assert remove_leftovers(folder) == delete_resumable(folder, [URL]) == 0


def test_resumable_file_of_a_month_ago_is_deleted(half, tmp_path):
    long_ago = time.time() - 31 * 24 * 3600
    os.utime(half, (long_ago, long_ago))
    assert remove_leftovers(str(tmp_path)) == 1 and os.listdir(tmp_path) == []


@pytest.mark.parametrize("note", [b"", b"{}\n"], ids=["torn", "nonsense"])
def test_file_with_an_invalid_note_is_deleted(half, tmp_path, note):
    with open(half + NOTE, "wb") as file:
        file.write(note)
    assert remove_leftovers(str(tmp_path)) == 1 and os.listdir(tmp_path) == []


def test_file_shorter_than_its_note_says_is_deleted(half, tmp_path):
    os.truncate(half, 999)
    assert remove_leftovers(str(tmp_path)) == 1 and os.listdir(tmp_path) == []


@pytest.mark.parametrize("gone", ["", NOTE], ids=["file", "note"])
def test_file_and_note_are_deleted_without_each_other(half, tmp_path, gone):
    os.remove(half + gone)
    assert remove_leftovers(str(tmp_path)) == 1 and os.listdir(tmp_path) == []


def test_file_in_use_is_kept(half, tmp_path):
    os.remove(half + NOTE)
    with ResumableFile(str(tmp_path), URL):
        assert remove_leftovers(str(tmp_path)) == 0


def test_files_of_other_programs_are_kept(half, tmp_path):
    for name in (".civitai-shortcut-a", "a.part", "a.note", ".civitai-shortcut.note"):
        (tmp_path / name).write_bytes(b"")
    assert remove_leftovers(str(tmp_path)) == 0 and len(os.listdir(tmp_path)) == 6
