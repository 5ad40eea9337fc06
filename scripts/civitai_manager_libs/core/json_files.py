"""Small files of JSON or text, written atomically and readable by the user alone."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ..errors import DiskError, SettingError
from .files import AtomicFile, delete_file, open_to_read, replace_file, sync_folder
from .files import translate_disk_errors

__all__ = ["back_up_invalid_file", "lock_file", "make_file_private", "make_folder_private"]
__all__ += ["read_json_object", "remove_if_present", "write_text_file"]

_WAIT = 30.0  # seconds for another thread or process to finish
_MAX_FILE = 1_000_000  # bytes; more is no settings file
_OTHERS = stat.S_IRWXG | stat.S_IRWXO  # on Windows the rights of the folder decide


def read_json_object(path: str) -> dict[str, Any]:
    """Read the JSON object in a settings file; return {} if the file is missing.

    A damaged file is renamed to `<path>.damaged`. Raises SettingError, with a message for the user,
    if the file is damaged or cannot be read.
    """
    try:
        with open_to_read(path) as file:
            values = json.loads(file.read(_MAX_FILE))  # of bytes: Windows editors write a BOM
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingError(
            f"The settings file {path} cannot be read ({error.strerror})."
        ) from error
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise SettingError(f"The settings file was damaged; {_try_to_rename(path)}.")
    return values


def _try_to_rename(path: str) -> str:
    """Rename a file to `<path>.damaged`, and return words for the user.

    The words say what the new name is, or that the file could not be renamed and must be repaired.
    """
    try:
        replace_file(path, f"{path}.damaged")
    except OSError:
        return f"defaults are used until {path} is repaired"
    return f"it was renamed to {path}.damaged, and defaults are used"


def back_up_invalid_file(path: str) -> str:
    """Copy a settings file to `<path>.damaged`; return a sentence for the user with both paths.

    If the copy fails, the sentence names only `path`.
    """
    try:
        with AtomicFile(os.path.dirname(path)) as copy:
            copy.copy_from(path)
            copy.commit(f"{path}.damaged")
    except DiskError:
        return f"The settings are in {path}."
    return f"The settings are in {path}; a copy of the old file is {path}.damaged."


@contextmanager
def lock_file(path: str) -> Iterator[None]:
    """Keep others from reading and writing a file in a `with lock_file(path)` block of their own.

    Others are threads and processes. Without the lock, a change of the file could be lost if two
    programs share the folder. Raises DiskError if the lock is not free after 30 seconds.
    """
    from .sqlite_file import ProcessLock  # here, so that `--help` does not load SQLite

    folder, name = os.path.split(path)
    lock = ProcessLock(os.path.join(folder, "locks", f"{name}.lock"))
    if not lock.acquire(_WAIT):
        raise DiskError(f"{path} cannot be written: another program is writing to it.", path)
    try:
        yield
    finally:
        lock.release()


def remove_if_present(path: str) -> None:
    """Delete a file; do nothing if it is missing. Raises DiskError."""
    with translate_disk_errors(path), suppress(FileNotFoundError):
        delete_file(path)
    sync_folder(os.path.dirname(path))


def write_text_file(path: str, text: str, private: bool = False) -> None:
    """Write a text file atomically. Raises DiskError.

    private: allow only the user to read the file.
    """
    with AtomicFile(os.path.dirname(path)) as partial:
        if private:
            partial.make_private()
        partial.write(text.encode("utf-8"))
        partial.commit(path)
    sync_folder(os.path.dirname(path))


def make_folder_private(folder: str, own_prefixes: tuple[str, ...]) -> None:
    """Let only the user read a folder, which is created if missing; ignore errors.

    own_prefixes: how the names of this program's files begin. If the folder contains other files,
    its permissions are not changed. On Windows, nothing is done.
    """
    if os.name == "nt":
        return
    with suppress(OSError):
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        with suppress(FileExistsError):
            os.mkdir(folder, 0o700)
        if all(name.startswith(own_prefixes) for name in os.listdir(folder)):
            _remove_group_access(folder)


def make_file_private(path: str) -> None:
    """Remove other users' access to a file; ignore errors. On Windows, nothing is done."""
    if os.name != "nt":
        with suppress(OSError):
            _remove_group_access(path)


def _remove_group_access(path: str) -> None:
    mode = stat.S_IMODE(os.stat(path).st_mode)
    if mode & _OTHERS:
        os.chmod(path, mode & ~_OTHERS)
