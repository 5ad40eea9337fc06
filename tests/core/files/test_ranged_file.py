"""A file written in any order is resumed with exactly the bytes that it has."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest
from civitai_manager_libs.core import ByteRanges, RangedFile, remove_leftovers
from civitai_manager_libs.core.files import ranged_file, replace, resume_note
from civitai_manager_libs.errors import DiskError

pytestmark = pytest.mark.usefixtures("each_system")

_URL, _TAG = "https://civitai.com/api/download/models/7", '"v1"'
_SCRIPTS = os.path.join(os.path.dirname(__file__), *[os.pardir] * 3, "scripts")


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path)


@pytest.fixture(autouse=True)
def system(monkeypatch):
    """Return a list whose last string is the present `system_start()`."""
    starts = ["first"]
    monkeypatch.setattr(resume_note, "system_start", lambda: starts[-1])
    return starts


def _begun(folder):
    file = RangedFile(folder, _URL)
    file.start_note(100, _TAG)
    return file


def _kept(folder, *ranges, synced=()):
    with _begun(folder) as file:
        for start, end in synced:
            file.write_at(b"s" * (end - start), start)
        if synced:
            file.sync()
        for start, end in ranges:
            file.write_at(b"w" * (end - start), start)
        file.keep()


def _found(folder):
    file = RangedFile(folder, _URL)
    with file:
        return [*file.ranges] if file.found is not None else None


def test_bytes_are_written_at_their_offsets(folder):
    parts = {start: bytes([start]) * 10 for start in range(0, 100, 10)}
    with _begun(folder) as file:
        for start in (50, 0, 90, 20, 10, 70, 40, 30, 60):
            file.write_at(parts[start], start)
        assert (file.size, file.beginning, [*file.ranges.gaps(100)]) == (90, 80, [(80, 90)])
        file.write_at(parts[80], 80)
        assert file.read_at(75, 10) == parts[70][:5] + parts[80][:5]
        file.commit_new(os.path.join(folder, "a"))
    assert os.listdir(folder) == ["a"]
    assert open(os.path.join(folder, "a"), "rb").read() == b"".join(parts.values())


def test_threads_can_write_at_once(folder):
    with _begun(folder) as file:

        def write(number):
            for at in range(number, 1000, 4):
                file.write_at(b"%03d" % at, at * 3)

        threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [*file.ranges] == [(0, 3000)]
        assert file.read_at(0, 3000) == b"".join(b"%03d" % at for at in range(1000))


def test_unflushed_bytes_count_while_the_system_runs(folder, system):
    _kept(folder, (10, 20), (60, 70), (20, 30), synced=[(0, 5)])
    assert _found(folder) == [(0, 5), (10, 30), (60, 70)]


def test_only_flushed_bytes_count_after_a_system_restart(folder, system):
    _kept(folder, (10, 20), (60, 70), synced=[(0, 5), (90, 95)])
    system.append("second")
    with RangedFile(folder, _URL) as file:
        assert [*file.ranges] == [(0, 5), (90, 95)]
        file.start_note(100, _TAG)
        file.write_at(b"n" * 5, 5)
        file.keep()
    assert _found(folder) == [(0, 10), (90, 95)]


@pytest.mark.parametrize("synced", [[], [(0, 5)]])
def test_second_run_knows_which_bytes_are_flushed(folder, system, synced):
    _kept(folder, (10, 20), synced=synced)
    with RangedFile(folder, _URL) as file:
        file.start_note(100, _TAG)
        file.keep()
    system.append("second")
    assert _found(folder) == (synced or [])


def test_only_flushed_bytes_count_if_the_system_start_is_unknown(folder, system):
    system.append("")
    _kept(folder, (10, 20), synced=[(0, 5)])
    assert _found(folder) == [(0, 5)]


def test_note_stays_short(folder, monkeypatch):
    monkeypatch.setattr(ranged_file, "_MAX_LINES", 500)
    with _begun(folder) as file:
        for at in range(0, 1000, 2):
            file.write_at(b"ab", at)
            if at % 50 == 0:
                file.sync()
                file.write_at(b"z", 2000)
        assert os.path.getsize(file.path + ".note") < 2000
        file.keep()
    assert _found(folder) == [(0, 1000), (2000, 2001)]


def test_file_in_use_is_not_opened_twice(folder):
    with _begun(folder) as file:
        other = RangedFile(folder, _URL)
        with other:
            assert other.is_taken and other.found is None
        assert not file.is_taken


def test_restart_deletes_all_bytes(folder):
    with _begun(folder) as file:
        file.write_at(b"old", 40)
        file.restart()
        assert (file.size, file.restarts, os.path.getsize(file.path)) == (0, 1, 0)
        file.start_note(50, '"v2"')
        file.write_at(b"new", 0)
        file.keep()
    with RangedFile(folder, _URL) as file:
        assert (file.found.total, file.found.validator, [*file.ranges]) == (50, '"v2"', [(0, 3)])


def test_sync_after_a_restart_does_not_record_old_bytes(folder, monkeypatch):
    with _begun(folder) as file:
        file.write_at(b"old", 0)
        file.restart()
        file.sync()
        assert not os.path.exists(file.path + ".note")


def test_file_without_a_note_is_not_kept(folder):
    with RangedFile(folder, _URL) as file:
        file.write_at(b"x", 0)
        file.keep()
    assert os.listdir(folder) == []


def test_existing_file_is_not_replaced(folder):
    path = os.path.join(folder, "a")
    with open(path, "wb") as mine:
        mine.write(b"mine")
    with _begun(folder) as file:
        file.write_at(b"x", 0)
        with pytest.raises(DiskError):
            file.commit_new(path)
        file.keep()
    assert open(path, "rb").read() == b"mine" and _found(folder) == [(0, 1)]


@pytest.mark.posix
def test_existing_file_is_not_replaced_without_hard_links(folder, monkeypatch):
    def refuse(*_, **options):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    source, target = os.path.join(folder, "a"), os.path.join(folder, "b")
    for path in (source, target):
        with open(path, "w") as file:
            file.write(path)
    with pytest.raises(FileExistsError):
        replace.rename_to_new(source, target)
    assert open(target).read() == target
    os.remove(target)
    replace.rename_to_new(source, target)
    assert os.listdir(folder) == ["b"] and open(target).read() == source


@pytest.mark.posix
def test_program_killed_while_renaming_leaves_no_second_name(folder, monkeypatch):
    def die(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(replace.os, "remove", die)
    file = _begun(folder)
    file.write_at(b"x" * 100, 0)
    with pytest.raises(KeyboardInterrupt):
        file.commit_new(os.path.join(folder, "a"))
    monkeypatch.undo()
    assert len(os.listdir(folder)) == 3
    assert remove_leftovers(folder) == 1
    assert os.listdir(folder) == ["a"]
    assert open(os.path.join(folder, "a"), "rb").read() == b"x" * 100


def test_killed_process_loses_no_written_bytes(folder):
    code = f"import sys; sys.path.insert(0, {_SCRIPTS!r})\n"
    code += "from civitai_manager_libs.core import RangedFile\n"
    code += "file = RangedFile(*sys.argv[1:3]); file.start_note(100, sys.argv[3])\n"
    code += "file.write_at(b'a' * 10, 50); file.write_at(b'b' * 10, 0)\n"
    code += "print('there', flush=True); input()"
    argv = [sys.executable, "-c", code, folder, _URL, _TAG]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        process.kill()
    note = [name for name in os.listdir(folder) if name.endswith(".note")]
    lines = open(os.path.join(folder, note[0]), "rb").read().splitlines()
    assert lines[0].startswith(b'{"size": 0') and lines[1:] == [b"[50,60]", b"[0,10]"]


def test_note_has_its_ranges():
    note = resume_note.ResumeNote.of(ByteRanges([(0, 5), (7, 9)]), 10, _TAG)
    assert (note.size, note.parts) == (5, ((7, 9),)) and [*note.ranges] == [(0, 5), (7, 9)]
