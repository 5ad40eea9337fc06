"""What is told of model files that other programs move, replace, cut off, link and delete."""

import hashlib
import itertools
import json
import os
import struct
from contextlib import suppress
from pathlib import Path

import pytest
from civitai_manager_libs import host, setting
from civitai_manager_libs.infotext import Resource
from civitai_manager_libs.model_files.index import ModelIndex
from hypothesis import given, settings, strategies as st
from model_storage import safetensors

# Versions of one model, of the same size but the last one.
_BODIES = {version: safetensors(900 if version < 9 else 990, version) for version in (7, 8, 9)}
_HASHES = {version: hashlib.sha256(body).hexdigest() for version, body in _BODIES.items()}
_NAMES = [
    "style",
    "caf\u00e9",
    "cafe\u0301",
    "\u65e5\u672c \u1f600'",
    "x.y",
    "sub/style",
    "linked/style",
]
_SIDECARS = [".civitai.info", ".metadata.json", ".cm-info.json", ".json"]
_HOW = ["ours", "host", "autov3"]


@st.composite
def _lists_of_steps(draw):
    """Draw what programs do to a few files, so that much of it is done to the same one."""
    few = draw(st.lists(st.sampled_from(_NAMES), min_size=1, max_size=3, unique=True))
    places, versions, ends = map(st.sampled_from, (few, [*_BODIES], _SIDECARS))
    step = st.one_of(
        st.tuples(st.just("put"), places, versions),
        st.tuples(st.just("hash"), places, st.sampled_from(_HOW)),
        st.tuples(st.just("describe"), places, versions, ends),
        st.tuples(st.just("spoil"), places, ends, st.binary(max_size=9)),
        st.tuples(st.sampled_from(["move", "swap", "link", "name_twice"]), places, places),
        st.tuples(st.sampled_from(["edit", "cut", "empty", "delete", "circle"]), places),
    )
    return draw(st.lists(step, min_size=3, max_size=12))


def _tensors(body):
    return body[8 + struct.unpack("<Q", body[:8])[0] :]


def _autov3(body):
    return hashlib.sha256(_tensors(body)).hexdigest()[:12]


_BY_TENSORS = {_tensors(body): version for version, body in _BODIES.items()}


def _sidecar(version, end):
    hashes = {"SHA256": _HASHES[version].upper(), "AutoV3": _autov3(_BODIES[version])}
    files = [{"name": "style.safetensors", "hashes": hashes}]
    record = {"id": version, "modelId": 3, "name": f"v{version}", "files": files}
    return {
        ".civitai.info": record,
        ".metadata.json": {"sha256": _HASHES[version], "civitai": record},
        ".cm-info.json": {"VersionId": version, "ModelId": 3, "Hashes": hashes},
        ".json": {"id": 3, "modelVersions": [record]},
    }[end]


class _Disk:
    """A folder of models that other programs change, and the SHA256s that are known of it."""

    def __init__(self, folder, index):
        self.folder, self.index, self.times = folder, index, itertools.count(1_000_000_000, 100)
        self.hosts, self.hashed = {}, {}
        (folder / "sub").mkdir(parents=True)
        (folder.parents[1] / "outside").mkdir()
        (folder / "linked").symlink_to(folder.parents[1] / "outside")

    def path(self, name):
        return self.folder / f"{name}.safetensors"

    def put(self, name, version):
        with suppress(FileNotFoundError):
            self.path(name).unlink()
        self._write(name, _BODIES[version])

    def _write(self, name, body):
        self.path(name).write_bytes(body)
        # The time is that of the download, or of the file's copy: earlier or later than before.
        number = next(self.times)
        os.utime(self.path(name), (number, number if number % 300 else 2_000_000_000 - number))

    def hash(self, name, by):
        for file in self.index.list_files():
            if file.path == str(self.path(name)):
                body, title = self.path(name).read_bytes(), f"lora/{file.name}"
                codes = {"host": hashlib.sha256(body).hexdigest(), "autov3": _autov3(body)}
                if by == "ours":
                    self.index.compute_hash(file)
                else:
                    self.hosts[title] = [(file.changed_at, codes[by])]
                self.hashed[file.path] = file.changed_at, by, title

    def list_hashed(self):
        """Return {path: how} of the files that were hashed after their last change."""
        return {
            path: how
            for path, (time, how, title) in self.hashed.items()
            if os.path.exists(path) and os.stat(path).st_mtime == time
            if how == "ours" or self.hosts[title][0][0] == time
        }

    def describe(self, name, version, end):
        (self.folder / f"{name}{end}").write_text(json.dumps(_sidecar(version, end)))

    def spoil(self, name, end, data):
        (self.folder / f"{name}{end}").write_bytes(data)

    def move(self, name, other):
        with suppress(FileNotFoundError):
            os.replace(self.path(name), self.path(other))

    def swap(self, name, other):
        for step in ((name, "kept"), (other, name), ("kept", other)):
            self.move(*step)

    def link(self, name, other):
        if name != other:
            self.delete(other)
            self.path(other).symlink_to(self.path(name))

    def name_twice(self, name, other):
        if name != other and self.path(name).is_file():
            self.delete(other)
            os.link(self.path(name), self.path(other))

    def edit(self, name):
        """Change the metadata in a file, as a WebUI's editor does; its tensors stay."""
        with suppress(OSError, struct.error):
            tensors = _tensors(self.path(name).read_bytes())
            if tensors not in _BY_TENSORS:
                return  # no editor opens a file that is cut off
            spans = {"data_offsets": [0, len(tensors)]}
            header = json.dumps({"__metadata__": {"notes": "mine"}, "weight": spans}).encode()
            self._write(name, struct.pack("<Q", len(header)) + header + tensors)

    def cut(self, name):
        with suppress(OSError):
            self._write(name, self.path(name).read_bytes()[:-7])

    def empty(self, name):
        with suppress(OSError):
            self._write(name, b"")

    def delete(self, name):
        with suppress(FileNotFoundError):
            self.path(name).unlink()

    def circle(self, name):
        with suppress(FileExistsError):
            (self.folder / f"{name} circle").symlink_to(self.folder)
            self.path(f"{name}-itself").symlink_to(self.path(f"{name}-itself"))

    def find_versions(self):
        """Return {path: version} of the whole files, by their tensors."""
        found = {}
        for top, _, names in os.walk(self.folder, followlinks=False):
            found |= {os.path.join(top, name): None for name in names if "tensors" in name}
        for path in (*found, str(self.path("linked/style"))):
            with suppress(OSError, struct.error):
                with open(path, "rb") as file:
                    found[path] = _BY_TENSORS.get(_tensors(file.read()))
        return found


@pytest.mark.posix
@settings(max_examples=300)
@given(_lists_of_steps())
def test_file_here_is_what_its_bytes_say_as_far_as_they_are_known(tmp_path_factory, steps):
    top = tmp_path_factory.mktemp("disk")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CIVITAI_SHORTCUT_DATA", str(top / "data"))
        setting.change("model_folders", str(top / "models"))
        disk = _Disk(top / "models" / "Lora", ModelIndex())
        patch.setattr(host, "read_cached_hashes", lambda: disk.hosts)
        for step, *values in steps:
            getattr(disk, step)(*values)
            disk.index.forget()
        versions, hashed = disk.find_versions(), disk.list_hashed()
        edited = {p for p in hashed if Path(p).read_bytes() not in _BODIES.values()}
        # The SHA256 of edited metadata tells nothing.
        certain = {p: versions[p] for p in hashed if hashed[p] == "autov3" or p not in edited}
        for (version, code), name in itertools.product(_HASHES.items(), _NAMES):
            stem = os.path.basename(name)
            wanted = Resource("lora", stem, hash=code[:10], version_id=version)
            found = disk.index.find(wanted, 3, {stem, code, _autov3(_BODIES[version])})
            assert found.state == "here" or version not in certain.values()
            if found.state == "here":
                assert versions[found.file.path], "cut off, empty or gone"
                assert version == certain.get(found.file.path, version)
