"""The model files of the demo: small, and the same bytes at each start."""

from __future__ import annotations

import functools
import hashlib
import json
import re
import struct
from dataclasses import dataclass
from random import Random

from .catalogue import find_demo_version, DemoModel, MODELS, DemoVersion

__all__ = [
    "find_autov2_hash",
    "find_demo_file",
    "list_demo_files",
    "make_file_bytes",
    "make_file_stem",
]
__all__ += ["make_hashes", "count_file_bytes", "DemoFile"]

_SIZES = {"Checkpoint": 8_000_000, "VAE": 800_000, "TextualInversion": 24_576}  # bytes of tensors
_SIZE = 1_500_000  # of other models
_BLOCK = 65_521  # bytes that repeat; a prime, so that a part at a wrong place is noticed
_DTYPES = {"fp16": ("F16", 2), "fp32": ("F32", 4)}
_SIGNATURES = {"GGUF": b"GGUF\3\0\0\0", "PickleTensor": b"PK\3\4"}
_PICKLED = 910_401  # the version whose only file is a pickle
_WITH_MORE_FILES = 910_101  # with a full file, a VAE and a configuration
_WITH_GGUF = 910_204
_CONFIGURATION = b"model:\n  base_learning_rate: 1.0e-04\n  # of the demo\n"


@dataclass(frozen=True)
class DemoFile:
    """A file of a model version. id: the version's id, followed by one digit.

    size: bytes of its tensors. type, format, precision: as in the API's list `files`.
    """

    id: int
    name: str
    size: int
    type: str = "Model"
    format: str = "SafeTensor"
    precision: str = "fp16"

    @property
    def version_id(self) -> int:
        """Return the id of the model version that has this file."""
        return self.id // 10


def list_demo_files(model: DemoModel, version: DemoVersion) -> list[DemoFile]:
    """Return the files of a version; the first is the one that Civitai offers by default."""
    stem, size = make_file_stem(model.name, version.name), _SIZES.get(model.type, _SIZE)
    first = DemoFile(version.id * 10, f"{stem}.safetensors", size)
    if version.id == _PICKLED:
        return [DemoFile(first.id, f"{stem}.pt", size, format="PickleTensor")]
    if version.id == _WITH_GGUF:
        gguf = DemoFile(first.id + 1, f"{stem}-Q8_0.gguf", size // 2, format="GGUF", precision="")
        return [first, gguf]
    if version.id == _WITH_MORE_FILES:
        full = DemoFile(first.id + 1, f"{stem}-full.safetensors", 2 * size, precision="fp32")
        vae = DemoFile(first.id + 2, f"{stem}.vae.safetensors", _SIZES["VAE"], type="VAE")
        config = DemoFile(first.id + 3, f"{stem}.yaml", 0, "Config", "Other", "")
        return [first, full, vae, config]
    return [first]


def find_demo_file(file_id: int) -> DemoFile | None:
    """Return the model file with this id, None if there is none."""
    found = find_demo_version(file_id // 10)
    files = list_demo_files(*found) if found else []
    return next((file for file in files if file.id == file_id), None)


@functools.lru_cache(maxsize=4)
def make_file_bytes(file: DemoFile) -> bytes:
    if file.type == "Config":
        return _CONFIGURATION
    block = hashlib.shake_128(str(file.id).encode()).digest(_BLOCK)
    data = (block * (file.size // _BLOCK + 1))[: file.size]
    return (_SIGNATURES.get(file.format) or _make_header(file)) + data


@functools.lru_cache(maxsize=None)
def count_file_bytes(file: DemoFile) -> int:
    """Return the size of a model file in bytes, with its header."""
    return len(make_file_bytes(file))


@functools.lru_cache(maxsize=None)
def make_hashes(file: DemoFile) -> dict[str, str]:
    """Return the hashes of a model file by type, such as "SHA256", as the API states them."""
    sha = hashlib.sha256(make_file_bytes(file)).hexdigest().upper()
    return {"AutoV2": sha[:10], "SHA256": sha}


def make_file_stem(model_name: str, version_name: str) -> str:
    """Return the name of a version's file, without extension."""
    return re.sub(r"[^A-Za-z0-9]+", "_", f"{model_name[:40]} {version_name[:12]}").strip("_")


def find_autov2_hash(stem: str) -> str:
    """Return the AutoV2 hash of a model file. stem: the file's name without extension.

    If the demo has no such file, return an invented hash, always the same for the same name.
    """
    file = _list_by_stem().get(stem)
    if file is None:
        return f"{Random(stem).getrandbits(40):010x}"
    return make_hashes(file)["AutoV2"].lower()


@functools.lru_cache(maxsize=1)
def _list_by_stem() -> dict[str, DemoFile]:
    return {
        make_file_stem(model.name, version.name): list_demo_files(model, version)[0]
        for model in MODELS
        for version in model.versions
    }


def _make_header(file: DemoFile) -> bytes:
    """Return the header of a safetensors file with one tensor."""
    dtype, width = _DTYPES[file.precision]
    shape = [file.size // width]
    tensor = {"dtype": dtype, "shape": shape, "data_offsets": [0, file.size]}
    header = {"__metadata__": {"format": "pt"}, "demo.weight": tensor}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text
