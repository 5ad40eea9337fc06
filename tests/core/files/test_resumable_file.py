"""A later run resumes a file only if it is the beginning of the same version."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import hypothesis
import hypothesis.strategies as st
import pytest
from civitai_manager_libs.core.files import file_lock, resumable_file
from civitai_manager_libs.core.files.resumable_file import (
    discard_resumable,
    read_note,
    ResumableFile,
    ResumeNote,
)

pytestmark = pytest.mark.usefixtures("each_system")

SCRIPTS = os.path.join(os.path.dirname(__file__), *[os.pardir] * 3, "scripts")
URL, TAG = "https://image.civitai.com/a/original=true/a.png", '"v1"'


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path)


def _kept(folder, body=b"x" * 1000, of=URL):
    with ResumableFile(folder, of) as half:
        half.write(body)
        half.keep(5000, TAG)
    return half


def _body(half):
    with open(half.path, "rb") as file:
        return file.read()


def test_kept_file_is_resumed_with_its_note_and_bytes(folder):
    _kept(folder)
    assert ResumableFile.exists(folder, URL)
    with ResumableFile(folder, URL) as half:
        assert half.found == ResumeNote(1000, 5000, TAG)
        assert half.size == 1000
        half.write(b"y" * 4000)
        half.commit(os.path.join(folder, "a.png"))
    assert os.listdir(folder) == ["a.png"]
    assert open(os.path.join(folder, "a.png"), "rb").read() == b"x" * 1000 + b"y" * 4000


def test_file_that_is_not_kept_is_deleted(folder):
    with ResumableFile(folder, URL) as half:
        half.write(b"x")
        half.write_note(5000, TAG)
    assert os.listdir(folder) == []


def test_resumed_file_that_is_not_kept_again_is_deleted(folder):
    _kept(folder)
    with ResumableFile(folder, URL):
        assert len(os.listdir(folder)) == 2
    assert os.listdir(folder) == []


def test_another_url_has_another_file(folder):
    _kept(folder)
    assert not ResumableFile.exists(folder, URL + "?")
    with ResumableFile(folder, URL + "?") as half:
        assert half.found is None and half.size == 0


def test_bytes_after_the_last_note_are_dropped(folder):
    """A power loss may have lost them; the note counts only flushed bytes."""
    with ResumableFile(folder, URL) as half:
        half.write(b"x" * 1000)
        half.keep(5000, TAG)
        half.write(b"\0" * 500)
    with ResumableFile(folder, URL) as half:
        assert (half.size, _body(half)) == (1000, b"x" * 1000)


@pytest.mark.parametrize(
    "tear",
    [
        pytest.param(lambda note: b"", id="empty"),
        pytest.param(lambda note: note[:-1], id="torn"),
        pytest.param(lambda note: b"\0" * len(note), id="zeros"),
        pytest.param(lambda note: b"[]\n", id="other"),
        pytest.param(lambda note: note.replace(b"1000", b"-100"), id="less-than-none"),
        pytest.param(lambda note: note.replace(b"1000", b"1001"), id="more-than-there-is"),
        pytest.param(lambda note: note.replace(b"1000", b"true"), id="no-number"),
        pytest.param(lambda note: note.replace(b'"\\"v1\\""', b'""'), id="no-version"),
    ],
)
def test_file_with_a_torn_note_starts_empty(folder, tear):
    path = _kept(folder).path + resumable_file.NOTE
    with open(path, "rb") as file:
        note = file.read()
    with open(path, "wb") as file:
        file.write(tear(note))
    with ResumableFile(folder, URL) as half:
        assert half.found is None and half.size == 0 == os.path.getsize(half.path)
        assert not os.path.exists(path)


def test_torn_last_line_of_a_note_is_ignored(folder):
    half = _kept(folder)
    with open(half.path + resumable_file.NOTE, "ab") as file:
        file.write(b'{"size": 12')
    with ResumableFile(folder, URL) as half:
        assert half.size == 1000


@hypothesis.given(st.binary(max_size=300))
def test_any_note_can_be_read(tmp_path, body):
    (tmp_path / "note").write_bytes(body)
    found = read_note(str(tmp_path / "note"))
    assert found is None or found.validator


def test_file_without_a_note_starts_empty(folder):
    os.remove(_kept(folder).path + resumable_file.NOTE)
    assert not ResumableFile.exists(folder, URL)
    with ResumableFile(folder, URL) as half:
        assert half.size == 0 == os.path.getsize(half.path)


def test_note_without_its_file_is_ignored(folder):
    os.remove(_kept(folder).path)
    with ResumableFile(folder, URL) as half:
        assert half.found is None
        half.write(b"other" * 500)  # killed before it was noted
        half.keep(0, "")
    with ResumableFile(folder, URL) as half:
        assert half.size == 0, "the old note would have joined two versions"


def test_restart_deletes_the_note(folder, monkeypatch):
    _kept(folder)
    with ResumableFile(folder, URL) as half:
        half.restart()
        assert os.listdir(folder) == [os.path.basename(half.path)]
        half.write(b"other")
        half.keep(9, '"v2"')
    with ResumableFile(folder, URL) as half:
        assert half.found == ResumeNote(5, 9, '"v2"') and _body(half) == b"other"


@pytest.mark.parametrize("moment", ["_drop_note", "restart"])
def test_note_is_deleted_from_the_disk_before_other_bytes_are_written(folder, monkeypatch, moment):
    _kept(folder)
    done, remove = [], os.remove
    monkeypatch.setattr(resumable_file, "sync_folder", lambda _: done.append("synced"))
    monkeypatch.setattr(os, "remove", lambda path: (done.append("removed"), remove(path)))
    with ResumableFile(folder, URL) as half:
        getattr(half, moment)()
        assert done == ["removed", "synced"]


# Two who want the same


@pytest.mark.posix
def test_second_writer_gets_a_separate_file_that_is_not_kept(folder):
    with ResumableFile(folder, URL) as first:
        first.write(b"first")
        with ResumableFile(folder, URL) as second:
            assert second.path != first.path
            second.write(b"second")
            second.keep(9, TAG)
        assert os.listdir(folder) == [os.path.basename(first.path)]
        assert _body(first) == b"first"


@pytest.mark.posix
def test_file_that_was_just_committed_is_not_resumed(folder, monkeypatch):
    """Another program waited for the lock of the unfinished file until it was committed."""
    hold, target = file_lock.lock_descriptor, os.path.join(folder, "a.png")
    _kept(folder)
    first = ResumableFile(folder, URL)

    def late(descriptor, wait=False):
        if not os.path.exists(target):
            first.commit(target)
            first.__exit__(None, None, None)
        return hold(descriptor, wait)

    monkeypatch.setattr(resumable_file, "lock_descriptor", late)
    with ResumableFile(folder, URL) as second:
        second.write(b"other")
    assert open(target, "rb").read() == b"x" * 1000


@pytest.mark.posix
def test_disk_without_locks_keeps_no_file(folder, monkeypatch):
    monkeypatch.setattr(resumable_file, "lock_descriptor", lambda *_: None)
    _kept(folder)
    assert os.listdir(folder) == []


def test_killed_process_keeps_the_noted_bytes(folder):
    code = f"import sys; sys.path.insert(0, {SCRIPTS!r})\n"
    code += "from civitai_manager_libs.core import ResumableFile\n"
    code += "half = ResumableFile(*sys.argv[1:3])\n"
    code += "half.write(b'x' * 1000); half.write_note(5000, sys.argv[3]); half.write(b'y' * 9)\n"
    code += "print('there', flush=True); input()"
    argv = [sys.executable, "-c", code, folder, URL, TAG]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        assert discard_resumable(folder, [URL]) == 0, "it lives"
        process.kill()
    with ResumableFile(folder, URL) as half:
        assert half.found == ResumeNote(1000, 5000, TAG) and _body(half) == b"x" * 1000


# Removed


def test_only_the_named_downloads_are_discarded(folder):
    for n in range(4):
        _kept(folder, of=f"{URL}?{n}")
    os.remove(ResumableFile(folder, f"{URL}?2").path + resumable_file.NOTE)
    assert discard_resumable(folder, [f"{URL}?{n}" for n in (1, 2, 9)]) == 2
    assert [ResumableFile.exists(folder, f"{URL}?{n}") for n in range(4)] == [
        True,
        False,
        False,
        True,
    ]
    assert len(os.listdir(folder)) == 4
    assert discard_resumable(os.path.join(folder, "gone"), [URL]) == 0


def test_note_is_readable_json(folder):
    with open(_kept(folder).path + resumable_file.NOTE) as file:
        assert json.loads(file.read()) == {"size": 1000, "total": 5000, "validator": TAG}
