"""What Windows does differently with files, and that our code works there.

On Windows these tests run against the system itself, elsewhere against `windows_files`, under
which other tests run a second time (`each_system` in conftest).
"""

import builtins
import ntpath
import os
import sqlite3
import types

import pytest
import windows_files
from civitai_manager_libs import setting
from civitai_manager_libs.core import atomic_file, AtomicFile, disk, remove_if_present
from civitai_manager_libs.core import ResumableFile, safe_open, write_text_file
from civitai_manager_libs.core.safe_open import expand_folder, open_own_file, open_shared
from civitai_manager_libs.errors import DiskError

IS_WINDOWS = os.name == "nt"
URL, TAG = "https://image.civitai.com/a.png", '"v1"'


@pytest.fixture
def windows(monkeypatch):
    if IS_WINDOWS:
        return types.SimpleNamespace(os=os, open=builtins.open, sqlite3=sqlite3)
    return windows_files.play_windows(monkeypatch)


@pytest.fixture
def played(monkeypatch):
    if IS_WINDOWS:
        pytest.skip("its scanner cannot be told when to look")
    return windows_files.play_windows(monkeypatch)


@pytest.fixture
def path(tmp_path):
    (tmp_path / "a.png").write_bytes(b"old")
    return str(tmp_path / "a.png")


def _code_of(change, *paths):
    with pytest.raises(OSError) as caught:
        change(*paths)
    return caught.value.winerror


def test_open_file_and_database_cannot_be_renamed_or_deleted_unless_shared(windows, path):
    with windows.open(path, "rb"):
        assert _code_of(windows.os.remove, path) == 32
        assert _code_of(windows.os.replace, path, path + "2") == 32
        builtins.open(path + "3", "wb").close()
        assert _code_of(windows.os.replace, path + "3", path) == 5
    db = windows.sqlite3.connect(path + ".db")
    db.execute("CREATE TABLE a (b)")
    assert _code_of(windows.os.replace, path + ".db", path + "2") == 32
    db.close()
    windows.os.replace(path + ".db", path + "4")
    with windows.open(path, "r+b", buffering=0, opener=open_shared) as file:
        windows.os.replace(path, path + "2")
        file.write(b"new")
    with open(path + "2", "rb") as file:
        assert file.read() == b"new"


def test_names_ignore_case_and_cannot_be_reserved_or_have_forbidden_characters(windows, tmp_path):
    assert [name for name in windows_files.MISSING if hasattr(windows.os, name)] == []
    for name in ("a.png. ", "NUL", "nul"):
        windows.open(str(tmp_path / name), "wb").close()
    for letter in '?*"<>|':
        with pytest.raises(OSError):
            windows.open(str(tmp_path / f"a{letter}b"), "wb")
    assert os.listdir(tmp_path) == ["a.png"]
    assert windows.os.path.isfile(str(tmp_path / "A.Png"))
    with pytest.raises(PermissionError):
        windows.os.open(str(tmp_path), os.O_RDONLY)


def test_file_is_locked_by_one_byte(windows, path):
    with builtins.open(path, "r+b") as first, builtins.open(path, "r+b") as second:
        assert safe_open.lock_descriptor(first.fileno()) is True
        assert safe_open.lock_descriptor(second.fileno()) is False


@pytest.mark.parametrize("change", ["replace", "remove"])
def test_file_in_use_for_a_moment_is_tried_again(played, path, change):
    """A virus scanner opens each new file for half a second."""
    with AtomicFile(os.path.dirname(path)) as partial:
        partial.write(b"new")
        if change == "replace":
            partial.commit(path)
    assert 0 < played.waited < 2
    assert os.listdir(os.path.dirname(path)) == ["a.png"]
    with open(path, "rb") as file:
        assert file.read() == (b"new" if change == "replace" else b"old")


def test_file_in_use_for_long_is_a_disk_error_without_loss(played, path, monkeypatch):
    monkeypatch.setattr(atomic_file, "_PATIENCE", 0.6)
    with pytest.raises(DiskError, match="in use"), played.open(path, "rb"):
        write_text_file(path, "new")
    with pytest.raises(DiskError, match="in use"), played.open(path, "rb"):
        remove_if_present(path)
    assert [*os.listdir(os.path.dirname(path))] == ["a.png"]
    with open(path, "rb") as file:
        assert file.read() == b"old"


def test_other_errors_are_not_tried_again(monkeypatch, tmp_path):
    monkeypatch.setattr(atomic_file.time, "sleep", lambda _: pytest.fail("it waited"))
    with pytest.raises(FileNotFoundError):
        atomic_file.delete_file(str(tmp_path / "nowhere"))


def test_resumable_file_is_locked_until_it_is_renamed(windows, path, tmp_path, monkeypatch):
    """Without the lock, another program could shorten the file to the noted size."""
    seen = []

    def replace(source, target):
        with open_own_file(source, "r+b") as other:
            seen.append(safe_open.lock_descriptor(other.fileno()))
        os.replace(source, target)

    monkeypatch.setattr("civitai_manager_libs.core.atomic_file.replace_file", replace)
    with ResumableFile(str(tmp_path), URL) as half:
        half.write(b"new")
        half.write_note(9, TAG)
        half.commit(path)
    assert set(seen) == {False} and os.listdir(tmp_path) == ["a.png"]


def test_folder_is_not_flushed(windows, tmp_path):
    disk.sync_folder(str(tmp_path))
    disk.make_folder(str(tmp_path / "a" / "b"))
    assert os.listdir(tmp_path / "a") == ["b"]


def test_settings_are_written_as_utf_8(windows):
    setting.change("saved_name", "{id} 燈塔")
    setting.save()
    setting.restore()
    assert setting.load() == [] and setting.saved_name == "{id} 燈塔"


@pytest.mark.parametrize(
    "typed,path",
    [
        (typed, typed)
        for typed in ("C:\\pictures", "\\\\nas\\share\\pictures", "%NOWHERE%\\pictures", "")
    ]
    + [('"C:\\my pictures"', "C:\\my pictures"), ("D:/pictures ", "D:/pictures")]
    + [("~\\pictures", "C:\\Users\\me\\pictures")]
    + [("%LOCALAPPDATA%\\pictures", "C:\\Users\\me\\AppData\\Local\\pictures")],
)
def test_windows_variables_and_quotes_are_expanded(monkeypatch, typed, path):
    monkeypatch.setenv("USERPROFILE", "C:\\Users\\me")
    monkeypatch.setenv("LOCALAPPDATA", "C:\\Users\\me\\AppData\\Local")
    monkeypatch.setattr(safe_open, "os", types.SimpleNamespace(name="nt", path=ntpath))
    assert expand_folder(typed) == path
    assert ntpath.isabs(expand_folder(typed)) == (path[1:2] in (":", "\\"))


@pytest.mark.posix
def test_percent_signs_are_kept_on_other_systems(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("LOCALAPPDATA", "x")
    assert expand_folder("~/%LOCALAPPDATA%") == os.path.join("/home/me", "%LOCALAPPDATA%")
