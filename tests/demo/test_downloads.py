"""The demo's model files: real ones, behind a route that answers as Civitai's does."""

import hashlib
import json
import struct

import pytest

_ROUTE = "/api/download/models"
_KEY = {"Authorization": "Bearer demo-key"}


def _fetch(http, url, **headers):
    sent = http.get(url, headers=_KEY, allow_redirects=False)
    assert sent.status_code == 307, sent.text
    return http.get(sent.headers["Location"], headers=headers)


def test_each_file_matches_its_record(demo, http):
    page = http.get(f"{demo.url}/api/v1/models", params={"nsfw": "true"}).json()
    versions = [version for model in page["items"] for version in model["modelVersions"]]
    files = [file for version in versions for file in version["files"]]
    refused = 0
    for file in files:
        url = f"{file['downloadUrl'].partition('?')[0]}?fileId={file['id']}"
        if http.get(url, headers=_KEY, allow_redirects=False).status_code == 403:
            refused += 1
            continue
        body = _fetch(http, url).content
        assert len(body) == file["sizeKB"] * 1024
        sha = hashlib.sha256(body).hexdigest().upper()
        assert (sha, sha[:10]) == (file["hashes"]["SHA256"], file["hashes"]["AutoV2"])
        _check_form(file, body)
    assert refused == 3 and len(files) - refused > 15
    assert {file["metadata"]["format"] for file in files} >= {"SafeTensor", "PickleTensor", "GGUF"}


def _check_form(file, body):
    if file["metadata"]["format"] == "SafeTensor":
        (length,) = struct.unpack("<Q", body[:8])
        header = json.loads(body[8 : 8 + length])
        ends = [tensor["data_offsets"][1] for name, tensor in header.items() if name[0] != "_"]
        assert max(ends) == len(body) - 8 - length
    elif file["type"] != "Config":
        assert body.startswith(
            {"GGUF": b"GGUF", "PickleTensor": b"PK\3\4"}[file["metadata"]["format"]]
        )


@pytest.mark.parametrize(
    "version_id,status,error",
    [
        (910_602, 403, "Early Access"),
        (910_201, 403, "Early Access"),
        (910_702, 403, "You do not have access to this resource"),
        (911_002, 410, "Model archived"),
        (910_301, 401, "Unauthorized"),
        (999, 404, "Model not found"),
    ],
    ids="early sold generator archived login unknown".split(),
)
def test_route_returns_the_reason_if_it_refuses_a_file(demo, http, version_id, status, error):
    answer = http.get(f"{demo.url}{_ROUTE}/{version_id}", allow_redirects=False)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
