"""A file gets its final name only when complete; leftovers of killed processes are deleted."""

import errno
import os
import shutil

import pytest
from civitai_manager_libs.core import atomic_file, remove_leftovers, safe_open
from civitai_manager_libs.core.atomic_file import AtomicFile
from civitai_manager_libs.errors import DiskError, DiskFull
from cli_process import start_python

pytestmark = pytest.mark.usefixtures("each_system")

WRITES = """
import sys
from civitai_manager_libs.core import AtomicFile
p = AtomicFile(sys.argv[1]); p.write(b'x' * 1000); print('writes', flush=True); input()
"""


class FullDisk:
    """A file on a disk with space for `room` more bytes."""

    def __init__(self, file: object, room: int, code: int = errno.ENOSPC) -> None:
        self._file, self._room, self._code = file, room, code

    def write(self, data: memoryview) -> int:
        if self._room == 0:
            raise OSError(self._code, os.strerror(self._code))
        taken = self._file.write(data[: self._room])
        self._room -= taken
        return taken

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)


def test_final_name_does_not_exist_before_commit(tmp_path):
    source, path = tmp_path / "source", tmp_path / "to" / "a.png"
    source.write_bytes(b"x" * 100_000)
    with AtomicFile(str(path.parent)) as partial:
        partial.write(b"a longer beginning" * 10_000)
        partial.restart()
        assert partial.size == 0
        partial._file = FullDisk(partial._file, 3)  # of which each write takes three bytes
        partial._file.write = lambda data, file=partial._file._file: file.write(data[:3])
        partial.write(b"short")
        partial._file = partial._file._file
        partial.copy_from(str(source))
        assert not path.exists()
        partial.commit(str(path))
    assert path.read_bytes() == b"short" + b"x" * 100_000 and partial.size == 100_005
    assert os.listdir(path.parent) == ["a.png"]
    with pytest.raises(KeyboardInterrupt), AtomicFile(str(tmp_path / "new")) as partial:
        partial.write(b"half")
        raise KeyboardInterrupt
    assert os.listdir(tmp_path / "new") == []


@pytest.mark.posix
def test_mode_follows_the_umask_and_is_0600_if_private(tmp_path):
    old, names = os.umask(0o022), ("n" * 251 + ".png", "private")  # the longest possible one
    try:
        for name in names:
            with AtomicFile(str(tmp_path)) as partial:
                if name == "private":
                    partial.make_private()
                partial.commit(str(tmp_path / name))
    finally:
        os.umask(old)
    assert [os.stat(tmp_path / n).st_mode & 0o777 for n in names] == [0o644, 0o600]


@pytest.mark.parametrize(
    "parts",
    ["file a.png", "folder", "n" * 300, "n" * 300 + " a.png", "a\0b", "a\0b a.png"],
    ids=ascii,
)
def test_impossible_path_is_a_disk_error_that_names_it(parts, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    path = tmp_path.joinpath(*parts.split())
    before = os.listdir(tmp_path)
    with pytest.raises(DiskError) as caught, AtomicFile(str(path.parent)) as partial:
        partial.commit(str(path))
    assert str(path.parent) in str(caught.value)
    assert os.listdir(tmp_path) == before


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS], ids=["no-permission", "read-only"])
def test_unwritable_folder_is_a_disk_error(code, tmp_path, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(atomic_file, "open", refuse, raising=False)
    with pytest.raises(DiskError) as caught:
        AtomicFile(str(tmp_path))
    assert not isinstance(caught.value, DiskFull) and str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("code", [errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)])
def test_full_disk_leaves_no_file(code, tmp_path):
    with pytest.raises(DiskFull), AtomicFile(str(tmp_path)) as partial:
        partial._file = FullDisk(partial._file, 1500, code)
        partial.write(b"x" * 1000)
        partial.write(b"x" * 1000)
    assert os.listdir(tmp_path) == []


@pytest.mark.posix
def test_space_announced_by_other_files_counts_as_used(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with AtomicFile(str(tmp_path)) as second:
        with AtomicFile(str(tmp_path)) as first:
            first.reserve_space(600, keep_free=100)
            with pytest.raises(DiskFull) as caught:
                second.reserve_space(400, keep_free=100)
            assert caught.value.missing == 600 + 400 + 100 - 1000
            first.write(b"x" * 500)
            second.reserve_space(400, keep_free=100)
        with AtomicFile(str(tmp_path)) as third:
            third.reserve_space(600)


def test_file_of_a_process_is_deleted_once_the_process_is_killed(tmp_path):
    (tmp_path / "of-others.part").write_bytes(b"")
    with start_python(WRITES, tmp_path) as process:
        process.stdout.readline()
        with AtomicFile(str(tmp_path)):
            assert remove_leftovers(str(tmp_path)) == 0
            assert len(os.listdir(tmp_path)) == 3
        process.kill()
    assert len(os.listdir(tmp_path)) == 2
    assert remove_leftovers(str(tmp_path)) == 1
    assert os.listdir(tmp_path) == ["of-others.part"]


@pytest.mark.posix
def test_file_is_not_deleted_between_writing_and_renaming(tmp_path, monkeypatch):
    replace = os.replace

    def sweep_first(source: str, path: str) -> None:
        assert remove_leftovers(str(tmp_path)) == 0
        replace(source, path)

    monkeypatch.setattr(os, "replace", sweep_first)
    with AtomicFile(str(tmp_path)) as partial:
        partial.write(b"whole")
        partial.commit(str(tmp_path / "a"))
    assert (tmp_path / "a").read_bytes() == b"whole"


@pytest.mark.posix
def test_file_is_not_deleted_between_creating_and_locking(tmp_path, monkeypatch):
    flock, swept = safe_open.fcntl.flock, []

    def sweep_first(descriptor: int, how: int) -> None:
        if how == safe_open.fcntl.LOCK_EX and not swept:
            swept.append(remove_leftovers(str(tmp_path)))
        flock(descriptor, how)

    monkeypatch.setattr(safe_open.fcntl, "flock", sweep_first)
    with AtomicFile(str(tmp_path)) as partial:
        partial.write(b"whole")
        partial.commit(str(tmp_path / "a"))
    assert swept == [1] and os.listdir(tmp_path) == ["a"]
