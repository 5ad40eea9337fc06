"""A file that Civitai no longer has comes from the user's archive, by its hash and never a key."""

import hashlib
import json
import os

import pytest
from api_server import ApiServer, status
from civitai_manager_libs import setting
from civitai_manager_libs.errors import InputError, NotFound, WrongHash
from civitai_manager_libs.http_client import CivitaiHttpClient
from civitai_manager_libs.model_files import find_archived_file, get_model_index, index
from civitai_manager_libs.model_files import ModelFileRequest, receive_model_file, validate_archive

_HEADER = b'{"a":{"dtype":"F16","shape":[4],"data_offsets":[0,8]}}'
_BODY = len(_HEADER).to_bytes(8, "little") + _HEADER + b"12345678"
_SHA = hashlib.sha256(_BODY).hexdigest()


def _file(url, sha=_SHA, name="style.safetensors", **more):
    return {"name": name, "sizeKB": 1, "sha256": sha.upper(), "mirrors": [{"url": url}], **more}


class _Archive(ApiServer):
    """An archive with the files in `files`; `body` is what comes for each of them."""

    def __init__(self):
        super().__init__(count=1)
        self.files, self.body = [], _BODY
        self.always("other", self._answer)

    def _answer(self, request, _):
        if request.path.startswith("/api/sha256/"):
            found = self.files if request.path.endswith(_SHA) else []
            body = {"data": {"name": "Style", "version": {"id": 5, "files": found}}}
            return request.reply(200 if found else 404, json.dumps(body).encode(), {})
        known = request.path == "/files/style"
        return request.reply(200 if known else 404, self.body if known else b"", {})


@pytest.fixture
def archive(monkeypatch, library, tmp_path):
    setting.change("http_max_retries", 0)
    monkeypatch.setenv("CIVITAI_API_KEY", "secret")
    setting.civitai_api_key = "secret"
    monkeypatch.setattr(index, "_model_index", index.ModelIndex())
    (tmp_path / "models" / "loras").mkdir(parents=True)
    setting.change("model_folders", str(tmp_path / "models"))
    with _Archive() as server:
        setting.change("model_archive", validate_archive(f"{server.url}/"))
        server.files = [_file("/files/style")]
        yield server


def _find():
    return find_archived_file(_SHA, "lora", 0)


def _receive(request):
    def progress(*_):
        pass

    return receive_model_file(CivitaiHttpClient(), request, progress)


def test_file_is_found_by_its_hash_verified_and_known_here_without_the_key(archive, tmp_path):
    request = ModelFileRequest.from_json(json.loads(json.dumps(_find().to_json())))
    received = _receive(request)
    assert received.path == str(tmp_path / "models" / "loras" / "style.safetensors")
    with open(received.path, "rb") as file:
        assert file.read() == _BODY
    assert os.listdir(tmp_path / "models" / "loras") == ["style.safetensors"]
    [file] = get_model_index().list_files()
    assert _SHA in file.hashes
    assert len(archive.requests) >= 2 and {key for _, key in archive.keys} == {None}


def test_what_has_another_hash_is_not_kept(archive, tmp_path):
    archive.body = _BODY[:-1] + b"x"
    with pytest.raises(WrongHash):
        _receive(_find())
    assert not any("style" in name for name in os.listdir(tmp_path / "models" / "loras"))


@pytest.mark.parametrize(
    "file",
    [
        _file("/files/style", sha="0" * 64),
        _file("/files/style", name="style.ckpt"),
        _file("/files/style", mirrors=[{"url": "/files/style", "deletedAt": "2025-01-01"}]),
        _file("https://civitai.com/api/download/models/5"),
        _file("http://192.168.0.1/x"),
        _file("http://a.example/x"),
        _file("https://127.0.0.1:99999/x"),
        {"mirrors": 5},
        None,
    ],
    ids=["hash", "pickle", "deleted", "civitai", "inner", "no-https", "port", "damaged", "null"],
)
def test_file_that_cannot_be_verified_or_requested_is_not_found(archive, file):
    archive.files = [file]
    with pytest.raises(NotFound):
        _find()
    archive.script("other", status(200, b'"text"'))
    with pytest.raises(NotFound):
        _find()


def test_nobody_is_asked_without_an_archive_or_a_whole_hash(archive):
    for code in ("", _SHA[:10], "x" * 64, f"{_SHA}/../x"):
        with pytest.raises(InputError):
            find_archived_file(code, "lora", 0)
    setting.change("model_archive", "")
    with pytest.raises(InputError):
        _find()
    assert archive.requests == []


def test_second_mirror_is_asked_if_the_first_one_is_gone_and_public_ones_need_https(archive):
    archive.files = [_file("/files/gone"), _file("http://a.example/2", downloadUrl="/files/style")]
    assert _receive(_find()).size == len(_BODY)


@pytest.mark.parametrize("size", [None, -5, 1e18, "x", [1]])
def test_size_that_cannot_be_is_bounded(archive, size):
    archive.files = [_file("/files/style", sizeKB=size)]
    assert 0 <= _find().size <= 2**50


@pytest.mark.parametrize(
    "text", ["archive.example", "http://a.example", "https://u:p@a.b", "https://a?x"]
)
def test_address_of_an_archive_is_checked(text):
    with pytest.raises(InputError):
        validate_archive(text)
    assert validate_archive(" https://a.example/x/ ") == "https://a.example/x"
