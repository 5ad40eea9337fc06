"""Partial files: written, resumed, cleaned up, and the ranges of bytes that they have."""

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import hypothesis
import hypothesis.strategies as st
import pytest
from civitai_manager_libs.core import atomic_file, ByteRanges, remove_leftovers, resumable_file
from civitai_manager_libs.core import resume_note
from civitai_manager_libs.core.resumable_file import delete_resumable, NOTE, read_note
from civitai_manager_libs.core.resumable_file import ResumableFile, ResumeNote
from civitai_manager_libs.errors import DiskError
from cli_process import start_python

pytestmark = pytest.mark.usefixtures("each_system")

URL, TAG = "https://image.civitai.com/a/original=true/a.png", '"v1"'


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path)


@pytest.fixture(autouse=True)
def system(monkeypatch):
    """Return a list whose last string `read_boot_id` returns."""
    starts = ["first"]
    monkeypatch.setattr(resume_note, "read_boot_id", lambda: starts[-1])
    return starts


def _begun(folder, of=URL):
    file = ResumableFile(folder, of)
    file.write_note(5000, TAG)
    return file


def _kept(folder, *ranges, synced=((0, 1000),), of=URL):
    """Leave an unfinished file: "s" in the ranges that were synced, "w" in the others."""
    with _begun(folder, of) as half:
        for start, end in synced:
            half.write_at(b"s" * (end - start), start)
        if synced:
            half.sync()
        for start, end in ranges:
            half.write_at(b"w" * (end - start), start)
        half.keep()
    return half


def _found(folder):
    with ResumableFile(folder, URL) as half:
        return [*half.ranges] if half.found is not None else None


def _read(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def test_kept_file_is_resumed_with_its_note_and_bytes(folder):
    _kept(folder)
    assert ResumableFile.exists(folder, URL)
    with ResumableFile(folder, URL) as half:
        assert half.found == ResumeNote(1000, 5000, TAG, system="first")
        assert half.size == 1000
        half.write(b"y" * 4000)
        half.commit(os.path.join(folder, "a.png"))
    assert os.listdir(folder) == ["a.png"]
    assert _read(folder, "a.png") == b"s" * 1000 + b"y" * 4000


@pytest.mark.parametrize("is_resumed", [False, True])
def test_file_that_is_not_kept_or_has_no_note_is_deleted(folder, is_resumed):
    if is_resumed:
        _kept(folder)
    with _begun(folder) as half:
        half.write(b"x")
        half.sync()
        assert len(os.listdir(folder)) == 2
    assert os.listdir(folder) == []
    with ResumableFile(folder, URL) as half:
        half.write(b"x")
        half.keep()
    assert os.listdir(folder) == []


def test_bytes_that_are_not_noted_are_dropped(folder):
    path = _kept(folder).path
    for name, torn in ((path, b"\0" * 500), (path + NOTE, b'{"size": 12')):
        with open(name, "ab") as file:
            file.write(torn)
    with ResumableFile(folder, URL) as half:
        assert (half.size, _read(half.path)) == (1000, b"s" * 1000)


def test_file_is_of_its_url_at_any_host_of_civitai(folder):
    one, other = (f"https://civitai.{name}/api/download/models/1" for name in ("com", "red"))
    _kept(folder, of=one)
    assert ResumableFile.exists(folder, other) and not ResumableFile.exists(folder, one + "?")
    with ResumableFile(folder, one + "?") as half:
        assert half.found is None and half.size == 0


_TORN = {
    **{"empty": lambda note: b"", "torn": lambda note: note[:9], "other": lambda note: b"[]\n"},
    "zeros": lambda note: b"\0" * len(note),
    "less-than-none": lambda note: note.replace(b"1000", b"-100"),
    "more-than-there-is": lambda note: note.replace(b"1000", b"1001"),
    "no-number": lambda note: note.replace(b"1000", b"true"),
    "no-version": lambda note: note.replace(b'"\\"v1\\""', b'""'),
    "missing": None,
}


@pytest.mark.parametrize("tear", _TORN.values(), ids=_TORN)
def test_file_with_a_torn_note_starts_empty(folder, tear):
    path = _kept(folder).path + NOTE
    note = _read(path)
    os.remove(path)
    if tear is not None:
        Path(path).write_bytes(tear(note))
    with ResumableFile(folder, URL) as half:
        assert half.found is None and half.size == 0 == os.path.getsize(half.path)
        assert not os.path.exists(path)


@hypothesis.given(st.binary(max_size=300))
def test_any_note_can_be_read(tmp_path, body):
    (tmp_path / "note").write_bytes(body)
    found = read_note(str(tmp_path / "note"))
    assert found is None or found.validator


def test_note_of_an_older_version_is_read(folder):
    path = _kept(folder).path + NOTE
    with open(path, "w") as file:
        file.write(json.dumps({"size": 900, "total": 5000, "validator": TAG}) + "\n")
    assert _found(folder) == [(0, 900)]


def test_note_without_its_file_is_ignored(folder):
    os.remove(_kept(folder).path)
    with ResumableFile(folder, URL) as half:
        assert half.found is None
        half.write(b"other" * 500)  # killed before it was noted
    assert _found(folder) is None, "the old note would have joined two versions"


def test_restart_deletes_the_note_and_all_bytes(folder):
    _kept(folder)
    with ResumableFile(folder, URL) as half:
        half.restart()
        assert (half.size, half.restarts, os.path.getsize(half.path)) == (0, 1, 0)
        half.sync()
        assert os.listdir(folder) == [os.path.basename(half.path)]
        half.write_note(9, '"v2"')
        half.write(b"other")
        half.keep()
    with ResumableFile(folder, URL) as half:
        assert (half.found.total, half.found.validator) == (9, '"v2"')
        assert _read(half.path) == b"other"


@pytest.mark.parametrize("moment", ["_delete_note", "restart"])
def test_note_is_deleted_from_the_disk_before_other_bytes_are_written(folder, monkeypatch, moment):
    _kept(folder)
    done, remove = [], os.remove
    monkeypatch.setattr(resumable_file, "sync_folder", lambda _: done.append("synced"))
    monkeypatch.setattr(os, "remove", lambda path: (done.append("removed"), remove(path)))
    with ResumableFile(folder, URL) as half:
        getattr(half, moment)()
        assert done == ["removed", "synced"]


def test_bytes_are_flushed_before_a_note_counts_them(folder, monkeypatch):
    flushed, sync_file = [], resumable_file.sync_file

    def watched_sync(descriptor):
        flushed.append((os.fstat(descriptor).st_size, len(os.listdir(folder))))
        sync_file(descriptor)

    monkeypatch.setattr(resumable_file, "sync_file", watched_sync)
    with ResumableFile(folder, URL) as file:
        file.write(b"x" * 1000)
        file.write_note(5000, TAG)
        assert flushed[0] == (1000, 1), "there is no note yet"


def test_bytes_are_written_at_their_offsets(folder):
    parts = {start: bytes([start]) * 10 for start in range(0, 100, 10)}
    with _begun(folder) as file:
        for start in (50, 0, 90, 20, 10, 70, 40, 30, 60):
            file.write_at(parts[start], start)
        assert (file.size, file.bytes_before_gap, [*file.ranges.gaps(100)]) == (90, 80, [(80, 90)])
        file.write_at(parts[80], 80)
        assert file.read_at(75, 10) == parts[70][:5] + parts[80][:5]
        file.commit_new(os.path.join(folder, "a"))
    assert os.listdir(folder) == ["a"]
    assert _read(folder, "a") == b"".join(parts.values())


def test_threads_can_write_at_once(folder):
    with _begun(folder) as file:

        def write(number):
            for at in range(number, 1000, 4):
                file.write_at(b"%03d" % at, at * 3)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(write, range(4)))
        assert [*file.ranges] == [(0, 3000)]
        assert file.read_at(0, 3000) == b"".join(b"%03d" % at for at in range(1000))


def test_unflushed_bytes_count_while_the_system_runs(folder):
    _kept(folder, (10, 20), (60, 70), (20, 30), synced=[(0, 5)])
    assert _found(folder) == [(0, 5), (10, 30), (60, 70)]


def test_only_flushed_bytes_count_after_a_system_restart(folder, system):
    _kept(folder, (10, 20), (60, 70), synced=[(0, 5), (90, 95)])
    system.append("second")
    with ResumableFile(folder, URL) as file:
        assert [*file.ranges] == [(0, 5), (90, 95)]
        file.write_note(5000, TAG)
        file.write_at(b"n" * 5, 5)
        file.keep()
    with ResumableFile(folder, URL) as file:
        assert [*file.ranges] == [(0, 10), (90, 95)]
        file.write_note(5000, TAG)  # a second run flushes what the first has written
        file.keep()
    system.append("third")
    assert _found(folder) == [(0, 10), (90, 95)]
    system.append("")  # it is not known when the system was started
    _kept(folder, (10, 20), synced=[(0, 5)])
    assert _found(folder) == [(0, 5)]


def test_note_stays_short(folder, monkeypatch):
    monkeypatch.setattr(resumable_file, "_MAX_LINES", 500)
    with _begun(folder) as file:
        for at in range(0, 1000, 2):
            file.write_at(b"ab", at)
            if at % 50 == 0:
                file.sync()
                file.write_at(b"z", 2000)
        assert os.path.getsize(file.path + ".note") < 2000
        file.keep()
    assert _found(folder) == [(0, 1000), (2000, 2001)]


@pytest.mark.posix
def test_second_writer_gets_a_separate_file_that_is_not_kept(folder):
    with ResumableFile(folder, URL) as first:
        first.write(b"first")
        with _begun(folder) as second:
            assert second.is_taken and not first.is_taken
            assert second.path != first.path
            second.write(b"second")
            second.keep()
        assert os.listdir(folder) == [os.path.basename(first.path)]
        assert _read(first.path) == b"first"


@pytest.mark.posix
def test_file_that_was_just_committed_is_not_resumed(folder, monkeypatch):
    """Another program waited for the lock of the unfinished file until it was committed."""
    hold, target = resumable_file.lock_descriptor, os.path.join(folder, "a.png")
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
    assert _read(target) == b"s" * 1000


def test_killed_process_loses_no_written_bytes(folder, system):
    code = "import sys; from civitai_manager_libs.core import ResumableFile\n"
    code += "half = ResumableFile(*sys.argv[1:3]); half.write_note(100, sys.argv[3])\n"
    code += "half.write_at(b'a' * 10, 50); half.sync(); half.write_at(b'b' * 10, 0)\n"
    code += "print('there', flush=True); input()"
    with start_python(code, folder, URL, TAG) as process:
        process.stdout.readline()
        assert delete_resumable(folder, [URL]) == 0, "it lives"
        process.kill()
    [note] = [_read(folder, name) for name in os.listdir(folder) if name.endswith(".note")]
    first, *_ = note.splitlines()
    system.append(json.loads(first).get("system", ""))
    assert _found(folder) == ([(0, 10), (50, 60)] if system[-1] else [(50, 60)])


def test_existing_file_is_not_replaced(folder):
    path = os.path.join(folder, "a")
    Path(path).write_bytes(b"mine")
    with _begun(folder) as file:
        file.write_at(b"x", 0)
        with pytest.raises(DiskError):
            file.commit_new(path)
        file.keep()
    assert _read(path) == b"mine" and _found(folder) == [(0, 1)]


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
        atomic_file.rename_to_new(source, target)
    assert open(target).read() == target
    os.remove(target)
    atomic_file.rename_to_new(source, target)
    assert os.listdir(folder) == ["b"] and open(target).read() == source


@pytest.mark.posix
def test_program_killed_while_renaming_leaves_no_second_name(folder, monkeypatch):
    def die(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(atomic_file.os, "remove", die)
    file = _begun(folder)
    file.write_at(b"x" * 100, 0)
    with pytest.raises(KeyboardInterrupt):
        file.commit_new(os.path.join(folder, "a"))
    monkeypatch.undo()
    assert len(os.listdir(folder)) == 3
    assert remove_leftovers(folder) == 1
    assert os.listdir(folder) == ["a"]
    assert _read(folder, "a") == b"x" * 100


def test_only_the_named_downloads_are_discarded(folder):
    for n in range(4):
        _kept(folder, of=f"{URL}?{n}")
    os.remove(ResumableFile(folder, f"{URL}?2").path + NOTE)
    assert delete_resumable(folder, [f"{URL}?{n}" for n in (1, 2, 9)]) == 2
    left = [n for n in range(4) if ResumableFile.exists(folder, f"{URL}?{n}")]
    assert left == [0, 3] and len(os.listdir(folder)) == 4
    assert delete_resumable(os.path.join(folder, "gone"), [URL]) == 0


@pytest.mark.parametrize("name", ["no/such/folder", "a\0b", "a\ud800b"])
def test_folder_that_cannot_be_listed_has_no_leftovers(tmp_path, name):
    folder = str(tmp_path / name)
    assert remove_leftovers(folder) == delete_resumable(folder, [URL]) == 0


def _write(path, data):
    Path(path).write_bytes(data)


_MONTH = 31 * 24 * 3600
_USELESS = {
    "a-month-old": lambda half: os.utime(half, (time.time() - _MONTH,) * 2),
    "of-a-clock-ahead": lambda half: os.utime(half, (time.time() + _MONTH,) * 2),
    "torn-note": lambda half: _write(half + NOTE, b""),
    "odd-note": lambda half: _write(half + NOTE, b"{}\n"),
    "shorter-than-noted": lambda half: os.truncate(half, 999),
    **{"no-file": os.remove, "no-note": lambda half: os.remove(half + NOTE)},
}


@pytest.mark.parametrize("spoil", _USELESS.values(), ids=_USELESS)
def test_leftover_that_cannot_be_resumed_is_deleted_unless_it_is_in_use(folder, spoil):
    half = _kept(folder).path
    for name in (".civitai-shortcut-a", "a.part", "a.note", ".civitai-shortcut.note"):
        _write(os.path.join(folder, name), b"")  # of other programs
    assert remove_leftovers(folder) == 0
    with ResumableFile(folder, URL) as file:
        assert file.size == 1000 and remove_leftovers(folder) == 0
        file.write_note(5000, TAG)
        file.keep()
    spoil(half)
    assert remove_leftovers(folder) == 1 and len(os.listdir(folder)) == 4


_RANGES = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=12)


@hypothesis.given(_RANGES, st.integers(0, 40))
def test_ranges_have_the_added_bytes_and_gaps_the_others(added, total):
    ranges, expected = ByteRanges(added), set()
    for start, end in added:
        expected |= set(range(start, end))
    held = [number for start, end in ranges for number in range(start, end)]
    assert held == sorted(expected) and ranges.size == len(expected)
    assert ranges.end == max(expected, default=-1) + 1
    assert all(before[1] < after[0] for before, after in zip(list(ranges), list(ranges)[1:]))
    missing = {number for start, end in ranges.gaps(total) for number in range(start, end)}
    assert missing == set(range(total)) - expected
    assert ranges.bytes_before_gap == next(n for n in range(50) if n not in expected)
