"""Model files: what their extensions mean, and whether a file is what its extension says."""

from __future__ import annotations

import json
import operator
import os
import re
import struct
from collections.abc import Iterable
from typing import Any, BinaryIO

from ..errors import InvalidResponse, NeedsKey
from .file_types import is_text, is_web_page
from .safe_open import open_to_read
from .untrusted import as_mapping, has_too_many_parts

_SAFETENSORS = (".safetensors", ".sft")
SAFE = (*_SAFETENSORS, ".gguf")  # formats without code, the best first
PICKLES = (".ckpt", ".pt", ".pth", ".bin")
CONFIGURATIONS = (".yaml", ".yml")  # name the Python classes that a WebUI is to load (`target:`)
MODELS = (*SAFE, *PICKLES)
RUN_CODE = (*PICKLES, *CONFIGURATIONS)
_NAME = re.compile(rf"(?:{'|'.join(map(re.escape, MODELS))})$", re.IGNORECASE)


def model_file_stem(name: str) -> str:
    """Return a file's name without folders and without the extension of a model file."""
    return _NAME.sub("", re.split(r"[\\/]", name)[-1].strip())


START_SIZE = 512  # bytes that `check_model_start` needs, unless the file is shorter
_MAX_HEADER = 100_000_000  # bytes; the limit of the safetensors library
_MAX_HEADER_PARTS, _MAX_SIGNS = 500_000, 4_000_000  # a model of 10,000 tensors has a tenth of that
_ZIP, _PICKLE = b"PK\x03\x04", b"\x80"
# Extension: what the file may begin with. A checkpoint of torch before 1.6 is a pickle.
_MAGIC: dict[str, tuple[bytes, ...]] = {
    ".gguf": (b"GGUF",),
    ".zip": (_ZIP,),
    **dict.fromkeys(PICKLES, (_ZIP, _PICKLE)),
}


def check_model_start(head: bytes, content_type: str, name: str) -> None:
    """Raise an error if a download does not begin as a model file of its format does.

    head: the first 512 bytes, or the whole file if it is shorter. content_type: the response's
    header; web pages and text are recognized by the header or by the head. name: the file's name,
    whose extension tells the format; for an unknown extension any binary data is accepted. Raises
    NeedsKey for a web page, and InvalidResponse for other wrong content.
    """
    if is_web_page(content_type, head):
        raise NeedsKey(
            "The server sent a web page instead of the model: an API key may be needed.", 401
        )
    if not head:
        raise InvalidResponse("The server sent an empty file instead of the model.")
    extension = os.path.splitext(name)[1].lower()
    if extension == ".json":
        return
    if is_text(content_type, head):
        raise InvalidResponse("The server sent text instead of the model.")
    if extension in _SAFETENSORS:
        _read_header_size(head)
    elif not head.startswith(_MAGIC.get(extension, b"")):
        raise InvalidResponse(f"This is not a {extension} file: its beginning is wrong.")


def check_model_file(file: BinaryIO, name: str) -> None:
    """Raise an error if a model file is not of its format, or a safetensors file is incomplete.

    name: the file's name, whose extension tells the format. Raises NeedsKey for a web page,
    InvalidResponse for other wrong content, and OSError.
    """
    file.seek(0)
    head = file.read(START_SIZE)
    check_model_start(head, "", name)
    if os.path.splitext(name)[1].lower() in _SAFETENSORS:
        header, file_size = _read_header(file, head), os.fstat(file.fileno()).st_size
        if has_too_many_parts(header, _MAX_HEADER_PARTS, _MAX_SIGNS):
            raise InvalidResponse("The header of the safetensors file is too large to be read.")
        try:
            tensors: Any = json.loads(header)
            ends = [
                operator.index(as_mapping(tensor)["data_offsets"][1])
                for name, tensor in as_mapping(tensors).items()
                if name != "__metadata__"
            ]
            end = max(ends, default=0)
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise InvalidResponse("The header of the safetensors file is damaged.") from error
        if 8 + len(header) + end != file_size:
            raise InvalidResponse("The safetensors file is not as long as its header says.")


_TAIL = 4096  # bytes at the end of a header, whose last tensors end near the file's end
_OFFSETS = re.compile(rb'"data_offsets": *\[ *\d+ *, *(\d{1,18}) *\]')


def is_cut_off(path: str) -> bool:
    """Return whether a safetensors file certainly ends before its tensors do. Raises OSError."""
    if not path.lower().endswith(_SAFETENSORS):
        return False
    with open_to_read(path) as file:
        size = os.fstat(file.fileno()).st_size
        try:
            start = 8 + _read_header_size(file.read(9))
        except InvalidResponse:  # another format, or nothing that tells its length
            return False
        file.seek(max(8, start - _TAIL))
        ends = map(int, _OFFSETS.findall(file.read(start - file.tell())))
        return start + max(ends, default=0) > size


def find_tensors(path: str, parts: Iterable[str]) -> set[str]:
    """Return those parts of names that the tensors of a safetensors file have.

    Raises InvalidResponse for another file, and OSError.
    """
    with open_to_read(path) as file:
        header = _read_header(file, file.read(START_SIZE))
    return {part for part in parts if part.encode() in header}


def _read_header(file: BinaryIO, head: bytes) -> bytes:
    header = head[8:] + file.read(max(0, 8 + _read_header_size(head) - len(head)))
    return header[: _read_header_size(head)]


def _read_header_size(head: bytes) -> int:
    """Return the size in bytes of a safetensors file's JSON header. Raises InvalidResponse."""
    if len(head) >= 9 and head[8:9] == b"{":
        (size,) = struct.unpack("<Q", head[:8])
        if 2 <= size <= _MAX_HEADER:
            return int(size)
    raise InvalidResponse("This is not a safetensors file: its beginning is wrong.")
