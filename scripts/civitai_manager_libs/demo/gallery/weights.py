"""The model files of the demo: small, valid, and the same bytes at each start."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import re
import struct
import zipfile
from dataclasses import dataclass
from random import Random

from .catalogue import find_demo_version, DemoModel, MODELS, DemoVersion

__all__ = ["find_autov2_hash", "find_weights", "list_weights", "make_body", "make_file_stem"]
__all__ += ["make_hashes", "measure_body", "Weights"]

_SIZES = {"Checkpoint": 8_000_000, "VAE": 800_000, "TextualInversion": 24_576}  # bytes of tensors
_SIZE = 1_500_000  # of other models
_BLOCK = 65_521  # bytes that repeat; a prime, so that a part at a wrong place is noticed
_DTYPES = {"fp16": ("F16", 2), "fp32": ("F32", 4), "bf16": ("BF16", 2)}
_PICKLED = 910_401  # the version whose only file is a pickle
_WITH_MORE_FILES = 910_101  # with a full file, a VAE and a configuration
_WITH_GGUF = 910_204
_CONFIGURATION = b"model:\n  base_learning_rate: 1.0e-04\n  # of the demo\n"


@dataclass(frozen=True)
class Weights:
    """A file of a model version. id: the version's id, followed by one digit.

    size: bytes of its tensors. type, format, precision: as in the API's list `files`.
    is_pruned: whether the API's list describes the file as "pruned" and not as "full".
    """

    id: int
    name: str
    size: int
    type: str = "Model"
    format: str = "SafeTensor"
    precision: str = "fp16"
    is_pruned: bool = True

    @property
    def version_id(self) -> int:
        """Return the id of the model version that has this file."""
        return self.id // 10


def list_weights(model: DemoModel, version: DemoVersion) -> list[Weights]:
    """Return the files of a version; the first is the one that Civitai offers by default."""
    stem, size = make_file_stem(model.name, version.name), _SIZES.get(model.type, _SIZE)
    first = Weights(version.id * 10, f"{stem}.safetensors", size)
    if version.id == _PICKLED:
        return [Weights(first.id, f"{stem}.pt", size, format="PickleTensor")]
    if version.id == _WITH_GGUF:
        gguf = Weights(first.id + 1, f"{stem}-Q8_0.gguf", size // 2, format="GGUF", precision="")
        return [first, gguf]
    if version.id == _WITH_MORE_FILES:
        full = Weights(first.id + 1, f"{stem}-full.safetensors", 2 * size, precision="fp32")
        vae = Weights(first.id + 2, f"{stem}.vae.safetensors", _SIZES["VAE"], type="VAE")
        config = Weights(first.id + 3, f"{stem}.yaml", 0, "Config", "Other", "")
        return [first, full, vae, config]
    return [first]


def find_weights(file_id: int) -> Weights | None:
    """Return the model file with this id, None if there is none."""
    found = find_demo_version(file_id // 10)
    files = list_weights(*found) if found else []
    return next((file for file in files if file.id == file_id), None)


@functools.lru_cache(maxsize=4)
def make_body(weights: Weights) -> bytes:
    if weights.type == "Config":
        return _CONFIGURATION
    if weights.format == "GGUF":
        return b"GGUF" + struct.pack("<IQQ", 3, 0, 0) + _make_data(weights, weights.size)
    if weights.format == "PickleTensor":
        return _make_zip(_make_data(weights, weights.size))
    header = _make_header(weights)
    return struct.pack("<Q", len(header)) + header + _make_data(weights, weights.size)


@functools.lru_cache(maxsize=None)
def measure_body(weights: Weights) -> int:
    """Return the size of a model file in bytes, with its header."""
    return len(make_body(weights))


@functools.lru_cache(maxsize=None)
def make_hashes(weights: Weights) -> dict[str, str]:
    """Return the hashes of a model file by type, such as "SHA256", as the API states them."""
    sha = hashlib.sha256(make_body(weights)).hexdigest().upper()
    return {"AutoV2": sha[:10], "SHA256": sha}


def make_file_stem(model: str, version: str) -> str:
    """Return the file name, without extension, for a model's name and a version's name."""
    return re.sub(r"[^A-Za-z0-9]+", "_", f"{model[:40]} {version[:12]}").strip("_")


def find_autov2_hash(stem: str) -> str:
    """Return the AutoV2 hash of a model file. stem: the file's name without extension.

    If the demo has no such file, return an invented hash, always the same for the same name.
    """
    weights = _list_by_stem().get(stem)
    if weights is None:
        return f"{Random(stem).getrandbits(40):010x}"
    return make_hashes(weights)["AutoV2"].lower()


@functools.lru_cache(maxsize=1)
def _list_by_stem() -> dict[str, Weights]:
    return {
        make_file_stem(model.name, version.name): list_weights(model, version)[0]
        for model in MODELS
        for version in model.versions
    }


def _make_header(weights: Weights) -> bytes:
    """Return the header of a safetensors file with one tensor, as JSON.

    Spaces at the end make the header's length a multiple of 8 bytes.
    """
    dtype, width = _DTYPES[weights.precision]
    shape = [weights.size // width]
    tensor = {"dtype": dtype, "shape": shape, "data_offsets": [0, weights.size]}
    header = {"__metadata__": {"format": "pt"}, "demo.weight": tensor}
    text = json.dumps(header, separators=(",", ":")).encode()
    return text + b" " * (-len(text) % 8)


def _make_data(weights: Weights, size: int) -> bytes:
    block = hashlib.shake_128(str(weights.id).encode()).digest(_BLOCK)
    return (block * (size // _BLOCK + 1))[:size]


def _make_zip(data: bytes) -> bytes:
    """Return a ZIP file as PyTorch saves it, with `data` and a pickle of an empty dictionary."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        parts = {"archive/data.pkl": b"\x80\x02}q\x00.", "archive/data/0": data}
        for name, body in parts.items():
            archive.writestr(zipfile.ZipInfo(name), body)
    return out.getvalue()
