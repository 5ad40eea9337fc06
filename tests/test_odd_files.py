"""Whatever lies under a file's name: the reader ends, and finds the good files beside it."""

import json
import os
import socket
import threading
from pathlib import Path

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.core import AtomicFile, compute_sha256, extension_if_complete, Image
from civitai_manager_libs.core import is_complete, model_formats
from civitai_manager_libs.core import read_json_object, remove_leftovers, sqlite
from civitai_manager_libs.errors import CivitaiShortcutError
from civitai_manager_libs.infotext import embed_infotext, read_embedded
from civitai_manager_libs.library import bookmarks, image_cache, models, reproductions
from civitai_manager_libs.library.database import select_rows_or_empty
from civitai_manager_libs.model_files.folders import walk_folders
from civitai_manager_libs.model_files.index import load_hashes, ModelIndex
from civitai_manager_libs.model_files.sidecars import describes_other_version, read_sidecar
from image_files import png

pytestmark = pytest.mark.posix

_URL = "https://image.civitai.com/a/b/original=true/1.jpeg"


def _make_socket(path):
    here = os.getcwd()
    os.chdir(path.parent)  # the path of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(here)


def _make_huge(path):
    with open(path, "wb") as file:
        file.truncate(1 << 36)


_ODD = {
    "pipe": os.mkfifo if hasattr(os, "mkfifo") else None,
    "link-to-pipe": lambda path: (os.mkfifo(f"{path}.pipe"), os.symlink(f"{path}.pipe", path)),
    "socket": _make_socket,
    "endless-device": lambda path: os.symlink("/dev/zero", path),
    "folder": os.mkdir,
    "link-to-itself": lambda path: os.symlink(path.name, path),
    "link-to-nowhere": lambda path: os.symlink("nowhere", path),
    "link-to-parent": lambda path: os.symlink("..", path),
    "huge": _make_huge,
    "not-utf-8": lambda path: Path(path).write_bytes(b"\xff\xfe\xd8" * 9),
    "empty": lambda path: Path(path).write_bytes(b""),
}


def _run(read):
    """Return what a reader returns, or its error; fail if it does not end."""
    ended = []

    def run():
        try:
            ended.append(read())
        except (CivitaiShortcutError, OSError) as error:
            ended.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(10)
    assert ended, "the reader did not end, or failed with an error that nobody expects"
    return ended[0]


def _read_database(path):
    schema = sqlite.Schema("CREATE TABLE a (b)", "It", "")
    return sqlite.Database(path, schema).close()


def _copy(path):
    with AtomicFile(os.path.dirname(path)) as file:
        if os.path.getsize(path) < 1 << 30:  # a copy of a huge file takes its time
            file.copy_from(path)


# Each reads the file at the path that it gets.
_READERS = {
    "sidecar": read_sidecar,
    "sidecar-beside": lambda path: describes_other_version(path.split(".")[0] + ".pt", 1),
    "embedded": read_embedded,
    "picture": reproductions.open_image,
    "embed": lambda path: embed_infotext(path, "a\nSteps: 1"),
    "type": extension_if_complete,
    "whole": lambda path: is_complete(path, "png"),
    "hash": lambda path: os.path.getsize(path) >= 1 << 30 or compute_sha256(path),
    "model": lambda path: model_formats.find_tensors(path, "a"),
    "settings": read_json_object,
    "copy": _copy,
    "database": _read_database,
    "leftovers": lambda path: remove_leftovers(os.path.dirname(path)),
}


@pytest.mark.parametrize("kind", _ODD)
@pytest.mark.parametrize("name", _READERS)
def test_reader_of_a_path_ends(tmp_path, kind, name):
    path = tmp_path / "x.civitai.info"
    _ODD[kind](path)
    _run(lambda: _READERS[name](str(path)))


# Each reads a file of a fixed name in the data folder.
_OWN = {
    "settings.json": setting.load,
    "api_key": setting.load,
    "recent.json": models.list_recent_galleries,
    "model_hashes.json": load_hashes,
    "library.db": lambda: select_rows_or_empty("SELECT 1 FROM images"),
    "sc_gallery": image_cache.trim_cache,
    "sc_kept": lambda: bookmarks.store_thumbnails([Image(1, _URL)]),
    "locks": lambda: select_rows_or_empty("SELECT 1 FROM images"),
}


@pytest.mark.parametrize("kind", _ODD)
@pytest.mark.parametrize("name", _OWN)
def test_reader_of_an_own_file_ends(library, kind, name):
    path = Path(setting.data_folder(), name)
    path.parent.mkdir(parents=True, exist_ok=True)
    _ODD[kind](path)
    found = _run(_OWN[name])
    assert not isinstance(found, OSError), found


@pytest.mark.parametrize("kind", _ODD)
def test_cache_fetches_an_image_whose_place_is_taken(kind):
    path = Path(setting.get_image_url_to_gallery_file(_URL))
    path.parent.mkdir(parents=True)
    _ODD[kind](path)
    assert _run(lambda: image_cache.find_cached(_URL)) is None
    _run(image_cache.trim_cache)


@pytest.fixture
def odd_folder(tmp_path):
    """Return a folder of 40 models with sidecars, with an odd entry of each kind between them."""
    top = tmp_path / "models"
    for at in range(40):
        folder = top / f"{at % 4}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"good-{at}.safetensors").write_bytes(b"x")
        (folder / f"good-{at}.civitai.info").write_text(json.dumps({"id": at + 1}))
        (folder / f"good-{at}.png").write_bytes(png())
    for at, (kind, make) in enumerate(_ODD.items()):
        for name in (f"{kind}", f"{kind}.safetensors", f"good-{at}.json", f"good-{at}.preview.png"):
            make(top / str(at % 4) / name)
    (top / "0" / os.fsdecode(b"\xff.safetensors")).write_bytes(b"x")
    (top / "0" / os.fsdecode(b"\xff.civitai.info")).write_text(json.dumps({"id": 99}))
    return top


def test_every_good_model_is_found_among_odd_entries(odd_folder):
    listings = _run(lambda: list(walk_folders({str(odd_folder): ""})))
    names = {name for listing in listings for name, _, _ in listing.files}
    assert {f"good-{at}.safetensors" for at in range(40)} < names
    assert os.fsdecode(b"\xff.safetensors") in names


def test_index_knows_every_good_model_among_odd_entries(odd_folder):
    setting.change("model_folders", str(odd_folder))
    index = ModelIndex()
    known = {file.version_id for file in _run(index.list_files)}
    assert set(range(1, 41)) | {99} <= known
    file = next(file for file in index.list_files() if file.version_id == 99)
    found = _run(lambda: index.compute_hash(file))
    digest = compute_sha256(file.path)
    assert found.hashes == {digest} and load_hashes()[file.path][2] == digest


def test_files_that_vanish_while_a_folder_is_read_hide_no_others(odd_folder, monkeypatch):
    real, seen = os.scandir, []

    class Vanishing:
        def __init__(self, entry):
            self._entry = entry

        def __getattr__(self, name):
            return getattr(self._entry, name)

        def stat(self):
            seen.append(self._entry.name)
            if len(seen) % 5 == 0:
                os.unlink(self._entry.path)
                raise FileNotFoundError(self._entry.path)
            return self._entry.stat()

    class Entries:
        def __init__(self, path):
            self._entries = real(path)

        def __enter__(self):
            return (Vanishing(entry) for entry in list(self._entries))

        def __exit__(self, *_):
            self._entries.close()

    monkeypatch.setattr(os, "scandir", Entries)
    listings = list(walk_folders({str(odd_folder): ""}))
    names = {name for listing in listings for name, _, _ in listing.files}
    assert names == set(seen) - set(seen[4::5]) - {"empty.safetensors"} and len(names) > 30
