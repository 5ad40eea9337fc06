"""A whole run with a key: it reaches the API, and is in no other request and no other file."""

from __future__ import annotations

import json
import os
import stat

import pytest
from api_server import ApiServer, status
from civitai_manager_libs import setting
from cli_process import CliProcess

_KEY = "sekret-0123456789abcdef"


@pytest.fixture
def storage():
    """Another host, where originals may really lie."""
    with ApiServer(count=30) as server:
        yield server


@pytest.fixture
def server(storage):
    """Sends some pictures' requests on, fails some, and repeats the key in its own answers."""
    with ApiServer(count=30) as server:
        server.known_key = _KEY
        for image_id in server.ids[:10]:
            path = f"{storage.url}/image/{image_id:08x}-0000-4000-8000-000000000000"
            server.always(image_id, status(307, Location=path))
        server.always(server.ids[11], status(404, f"no {_KEY}".encode()))
        server.always(server.ids[12], status(500, json.dumps({"error": f"oh {_KEY}"}).encode()))
        yield server


@pytest.fixture
def program(server, tmp_path, monkeypatch):
    monkeypatch.setenv("CIVITAI_SHORTCUT_DATA", str(tmp_path / "data"))
    setting.save_api_key(_KEY)
    return CliProcess(server.url, tmp_path / "data")


def _files_with(text, *folders):
    for folder in folders:
        for root, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(root, name)
                with open(path, "rb") as file:
                    if text.encode() in file.read():
                        yield os.path.relpath(path, folder)


def test_key_reaches_the_api_and_no_picture(server, storage, program, tmp_path):
    done = program.run("download", "101", "--dest", str(tmp_path / "pictures"), "--json")
    assert done.returncode == 1, done.stderr  # two were scripted to fail
    sent = {path for path, key in server.keys if key is not None}
    assert sent and all(path.startswith("/api/") for path in sent)
    assert len(storage.requests) == 10
    assert [key for _, key in storage.keys if key is not None] == []


def test_key_is_in_no_address(server, storage, program, tmp_path):
    program.run("download", "101", "--dest", str(tmp_path / "pictures"))
    asked = [*server.requests, *storage.requests]
    assert asked and not [path for path in asked if _KEY in path or "token" in path]


def test_key_lies_in_its_own_file_alone_which_only_the_user_can_read(program, tmp_path):
    program.run("download", "101", "--dest", str(tmp_path / "pictures"))
    assert list(_files_with(_KEY, tmp_path / "data", tmp_path / "pictures")) == ["api_key"]
    assert stat.S_IMODE(os.stat(tmp_path / "data" / "api_key").st_mode) == 0o600


def test_key_that_an_answer_repeats_is_not_said(program, tmp_path):
    done = program.run("download", "101", "--dest", str(tmp_path / "pictures"), "--json")
    assert "reason" in done.stdout and _KEY not in done.stdout + done.stderr
