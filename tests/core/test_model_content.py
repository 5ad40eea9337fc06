"""A model file is what its name says; a web page, a text or a truncated file is not."""

from __future__ import annotations

import json
import struct

import pytest
from civitai_manager_libs.core.file_types import check_model_file, check_model_start
from civitai_manager_libs.errors import InvalidResponse, NeedsKey
from model_storage import safetensors

_WHOLE = safetensors(5000)
_PAGE = b"\n<!DOCTYPE html><html><title>Log in</title>"


def _header(tensors, tail=b""):
    text = json.dumps(tensors).encode()
    return struct.pack("<Q", len(text)) + text + tail


@pytest.mark.parametrize(
    "name, content",
    [
        ("a.safetensors", _WHOLE),
        ("A.SafeTensors", _WHOLE),
        ("no-tensors.safetensors", _header({"__metadata__": {}})),
        ("a.gguf", b"GGUF\x03\0\0\0"),
        ("a.ckpt", b"PK\x03\x04more"),
        ("a.pt", b"\x80\x02more"),
        ("a.zip", b"PK\x03\x04more"),
        ("a.onnx", b"\x08\x07\x12\x07"),
        ("a.yaml", b"model:\n  target: ldm"),
        ("workflow.json", b'{"nodes": []}'),
    ],
)
def test_file_of_the_right_format_is_accepted(name, content, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(content)
    check_model_start(content[:512], "application/octet-stream", name)
    check_model_file(str(path), name)


@pytest.mark.parametrize(
    "name, content, kind, error",
    [
        ("a.safetensors", _PAGE, "application/octet-stream", NeedsKey),
        ("a.safetensors", _PAGE, "text/html; charset=utf-8", NeedsKey),
        ("a.yaml", _PAGE, "text/html", NeedsKey),
        ("a.yaml", b'{"error": "Unauthorized"}', "", InvalidResponse),
        ("a.yaml", b"<?xml version='1.0'?><Error>", "application/xml", InvalidResponse),
        ("a.pt", b"\x80binary", "Text/HTML", NeedsKey),
        ("a.safetensors", b'{"error": "Unauthorized"}', "", InvalidResponse),
        ("a.pt", b"\x80\x02", "application/json", InvalidResponse),
        ("a.onnx", b'<?xml version="1.0"?><Error>', "application/xml", InvalidResponse),
        ("a.safetensors", b"", "", InvalidResponse),
        ("a.safetensors", b"PK\x03\x04 and more", "", InvalidResponse),
        ("a.safetensors", struct.pack("<Q", 2**40) + b"{}", "", InvalidResponse),
        ("a.safetensors", b"\x10\0\0", "", InvalidResponse),
        ("a.gguf", _WHOLE, "", InvalidResponse),
        ("a.ckpt", _WHOLE, "", InvalidResponse),
    ],
)
def test_start_of_another_format_is_refused(name, content, kind, error):
    with pytest.raises(error):
        check_model_start(content[:512], kind, name)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(_WHOLE[:-1], id="cut"),
        pytest.param(_WHOLE + b"\0", id="longer"),
        pytest.param(_WHOLE[:20], id="cut-in-its-header"),
        pytest.param(_header({"a": {"data_offsets": [0]}}), id="no-end"),
        pytest.param(_header({"a": {"data_offsets": [0, "4"]}}, b"1234"), id="end-is-text"),
        pytest.param(_header({"a": 5}), id="no-tensor"),
        pytest.param(_header({"__metadata__": {"a": [0] * 600_000}}), id="endless-header"),
        pytest.param(struct.pack("<Q", 9) + b"{" * 9, id="no-json"),
    ],
)
def test_truncated_or_damaged_safetensors_are_refused(content, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(InvalidResponse):
        check_model_file(str(path), "a.safetensors")
