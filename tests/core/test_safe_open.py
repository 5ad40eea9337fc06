"""No write follows a link that another user placed in a shared folder."""

import os
import threading

import pytest
from civitai_manager_libs.core import AtomicFile, back_up_invalid_file, remove_leftovers
from civitai_manager_libs.core import resumable_file, ResumableFile, safe_open, sqlite
from civitai_manager_libs.errors import DiskError

URL, TAG, OTHER = "https://image.civitai.com/a.png", '"v1"', 4711  # the last: a user's number

pytestmark = pytest.mark.posix  # on Windows only administrators make links
root_only = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files to others"
)


@pytest.fixture
def victim(tmp_path):
    victim = tmp_path / "home" / "victim"
    victim.parent.mkdir()
    victim.write_bytes(b"the only copy")
    yield victim
    assert victim.read_bytes() == b"the only copy"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "shared").mkdir()
    return str(tmp_path / "shared")


def _half_path(folder):
    with ResumableFile(folder, URL) as half:
        return half.path


def _save(folder, name="a.png"):
    """Download a file as the program does: with a note, then complete."""
    with ResumableFile(folder, URL) as half:
        half.write(b"x" * 1000)
        half.write_note(5000, TAG)
        half.commit(os.path.join(folder, name))


def _keep_half(folder):
    """Leave an unfinished file of 1,000 bytes, and return its path."""
    with ResumableFile(folder, URL) as half:
        half.write(b"x" * 1000)
        half.write_note(5000, TAG)
        half.keep()
    return half.path


def _keep_damaged(folder):
    path = os.path.join(folder, "settings.json")
    with open(path, "wb") as file:
        file.write(b"{}")
    back_up_invalid_file(path)


def _lock(folder):
    lock = sqlite.ProcessLock(os.path.join(folder, "job.lock"))
    assert lock.acquire()
    lock.release()


@pytest.mark.parametrize("place", [os.symlink, os.link], ids=["link", "second-name"])
@pytest.mark.parametrize(
    "name,write",
    [
        pytest.param("", _save, id="half-file"),
        pytest.param(resumable_file.NOTE, _save, id="note"),
        pytest.param("a.png", _save, id="picture"),
        pytest.param("settings.json.damaged", _keep_damaged, id="damaged"),
        pytest.param("job.lock", _lock, id="lock"),
    ],
)
def test_target_of_a_planted_link_is_not_changed(folder, victim, place, name, write):
    placed = _half_path(folder) + name if name in ("", resumable_file.NOTE) else f"{folder}/{name}"
    place(victim, placed)
    write(folder)
    assert not os.path.islink(placed)
    assert not os.path.exists(placed) or not os.path.samefile(placed, victim)


def test_planted_pipe_does_not_block(folder):
    path = _half_path(folder)
    for name in (path, path + resumable_file.NOTE):
        os.mkfifo(name)
    worker = threading.Thread(target=_save, args=(folder,), daemon=True)
    worker.start()
    worker.join(30)
    assert os.listdir(folder) == ["a.png"]


@root_only
def test_file_of_another_user_is_not_resumed(folder):
    os.chown(_keep_half(folder), OTHER, OTHER)
    with ResumableFile(folder, URL) as half:
        assert half.found is None and half.size == 0
        assert os.stat(half.path).st_uid == os.geteuid()


@root_only
def test_file_is_resumed_on_a_disk_with_one_owner_for_all(folder, monkeypatch):
    """A network disk may give all files to the user who mounted it."""
    path = _keep_half(folder)
    for path in (folder, path, path + resumable_file.NOTE):
        os.chown(path, OTHER, OTHER)
    with ResumableFile(folder, URL) as half:
        assert half.found is not None and half.size == 1000


@root_only
@pytest.mark.parametrize("make", [AtomicFile, lambda folder: ResumableFile(folder, URL)])
def test_folder_linked_by_another_user_is_refused(folder, tmp_path, make):
    elsewhere, link = tmp_path / "home", os.path.join(folder, "author")
    elsewhere.mkdir()
    os.symlink(elsewhere, link)
    with make(link):
        assert len(os.listdir(elsewhere)) == 1, "a link of our own is followed"
    os.chown(link, OTHER, OTHER, follow_symlinks=False)
    with pytest.raises(DiskError, match="author"):
        make(link)
    assert os.listdir(elsewhere) == []


def test_file_swapped_between_two_checks_is_refused(folder, victim, monkeypatch):
    os.symlink(victim, os.path.join(folder, ".civitai-shortcut-1.part"))
    remove_leftovers(folder)  # which deletes nothing through a link
    path = os.path.join(folder, "a")
    monkeypatch.setattr(safe_open, "is_foreign", lambda _: False)
    os.link(victim, path)
    with pytest.raises(PermissionError):
        safe_open.open_own_file(path, "r+b")
