"""Free space, and what is flushed to the disk."""

import errno
import os
import shutil

import pytest
from civitai_manager_libs.core import atomic_file, disk
from civitai_manager_libs.core.atomic_file import AtomicFile
from civitai_manager_libs.core.disk import check_free_space, make_folder, sync_file, sync_folder
from civitai_manager_libs.errors import DiskError, DiskFull


def test_missing_space_is_reported_before_a_folder_is_created(tmp_path):
    free = shutil.disk_usage(tmp_path).free
    with pytest.raises(DiskFull, match="free .* more") as caught:
        check_free_space(str(tmp_path / "not" / "there"), free + 2**40)
    assert abs(caught.value.missing - 2**40) < 2**36
    assert os.listdir(tmp_path) == []
    check_free_space(str(tmp_path / "not" / "there"), 0)


pytestmark = pytest.mark.usefixtures("each_system")


def test_bytes_are_flushed_before_the_file_is_renamed(tmp_path, monkeypatch):
    done = []

    def synced(descriptor):
        done.append(("synced", os.fstat(descriptor).st_size))
        sync_file(descriptor)

    def named(source, path):
        done.append(("named", os.path.getsize(source)))

    monkeypatch.setattr(atomic_file, "sync_file", synced)
    monkeypatch.setattr(os, "replace", named)
    with AtomicFile(str(tmp_path)) as partial:
        partial.write(b"x" * 1000)
        partial.commit(str(tmp_path / "a"))
    assert done == [("synced", 1000), ("named", 1000)]


@pytest.mark.parametrize("code,kind", [(errno.EIO, DiskError), (errno.ENOSPC, DiskFull)])
def test_failed_flush_leaves_no_file(tmp_path, monkeypatch, code, kind):
    monkeypatch.setattr(disk, "_FULL", None)
    monkeypatch.setattr(disk, "_fdatasync", _failing(code))
    with pytest.raises(kind), AtomicFile(str(tmp_path)) as partial:
        partial.commit(str(tmp_path / "a"))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOSYS, errno.ENOTSUP])
def test_file_is_written_to_a_disk_that_cannot_flush(tmp_path, monkeypatch, code):
    monkeypatch.setattr(disk, "_fdatasync", _failing(code))
    monkeypatch.setattr(os, "fsync", _failing(code))
    with AtomicFile(str(tmp_path)) as partial:
        partial.commit(str(tmp_path / "a"))
    sync_folder(str(tmp_path))
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.posix
def test_full_fsync_is_used_where_it_exists(tmp_path, monkeypatch):
    """As on macOS, whose fsync stops at the disk's own memory."""
    asked = []
    monkeypatch.setattr(disk, "_FULL", 51)
    monkeypatch.setattr(disk.fcntl, "fcntl", lambda descriptor, what: asked.append(what))
    monkeypatch.setattr(disk, "_fdatasync", lambda _: asked.append("fdatasync"))
    with open(tmp_path / "a", "wb") as file:
        sync_file(file.fileno())
        assert asked == [51]
        monkeypatch.setattr(disk.fcntl, "fcntl", _failing(errno.ENOTSUP))
        sync_file(file.fileno())
    assert asked == [51, "fdatasync"]


@pytest.mark.posix
def test_failed_flush_of_a_folder_is_a_disk_error(tmp_path, monkeypatch):
    sync_folder(str(tmp_path / "gone"))  # which needs none
    monkeypatch.setattr(os, "fsync", _failing(errno.EIO))
    with pytest.raises(DiskError, match=tmp_path.name):
        sync_folder(str(tmp_path))


@pytest.mark.posix
def test_names_of_new_folders_are_flushed_too(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(disk, "sync_folder", synced.append)
    make_folder(str(tmp_path / "a" / "b" / "c"))
    make_folder(str(tmp_path / "a" / "b"))
    assert synced == [str(tmp_path / "a" / "b"), str(tmp_path / "a"), str(tmp_path)]
    assert (tmp_path / "a" / "b" / "c").is_dir()


def _failing(code):
    def fail(*_):
        raise OSError(code, os.strerror(code))

    return fail
