"""A request for a model file, as a job stores it."""

from __future__ import annotations

import json

from civitai_manager_libs.civitai import version_from_json
from civitai_manager_libs.model_files.choice import make_request, ModelFileRequest

_ROW = {"id": 7, "modelId": 3, "name": "v2", "model": {"name": "Mix", "type": "LORA"}}
_FILE = {"id": 9, "name": "mix.safetensors", "sizeKB": 1, "hashes": {"SHA256": "AB" * 32}}


def test_stored_request_is_read_back_unchanged():
    version = version_from_json({**_ROW, "files": [_FILE]})
    request = make_request(version.remote_files[0], version, "lora", "/models/mix.safetensors")
    assert (request.file_id, request.version_id, request.model_id) == (9, 7, 3)
    assert (request.size, request.sha256, request.title) == (1024, "ab" * 32, "Mix v2")
    stored = json.loads(json.dumps(request.to_json()))
    assert ModelFileRequest.from_json(stored) == request


def test_request_with_unknown_keys_is_read():
    stored = {"file_id": 9, "version_id": 7, "model_id": 3, "url": "u", "path": "p", "more": 1}
    assert ModelFileRequest.from_json(stored).path == "p"
    assert ModelFileRequest.from_json({"record": 5, "size": "x"}).record == {}
