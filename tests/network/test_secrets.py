"""A whole run with a key: it reaches the API, and is in no other request and no other file."""

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
    """Start another host, where the originals are."""
    with ApiServer(count=30) as server:
        server.cookie = "seen=1; Path=/"
        yield server


@pytest.fixture
def server(storage):
    """Start a server that redirects some images, fails some, and quotes the key."""
    with ApiServer(count=30, page=20) as server:
        server.known_key = _KEY
        server.cookie = f"session={_KEY}; Path=/"
        server.script("model", status(307, Location=f"{storage.url}/api/v1/models/101"))
        server.always("page", lambda *sent: _pointing_elsewhere(storage, *sent))
        for image_id in server.ids[:10]:
            path = f"{storage.url}/image/{image_id:08x}-0000-4000-8000-000000000000"
            server.always(image_id, status(307, Location=path))
        server.always(server.ids[11], status(404, f"no {_KEY}".encode()))
        server.always(server.ids[12], status(500, json.dumps({"error": f"oh {_KEY}"}).encode()))
        yield server


def _pointing_elsewhere(storage, request, body):
    """Says where to go on as a whole address too, with the key."""
    page = json.loads(body)
    page["metadata"]["nextPage"] = f"{storage.url}/api/v1/images?cursor=20&token={_KEY}"
    request.reply(200, json.dumps(page).encode(), {})


@pytest.fixture
def program(server, tmp_path, monkeypatch):
    monkeypatch.setenv("CIVITAI_SHORTCUT_DATA", str(tmp_path / "data"))
    setting.save_api_key(_KEY)
    return CliProcess(server.url, tmp_path / "data")


def _files_with(text, *folders):
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and text.encode() in path.read_bytes():
                yield str(path.relative_to(folder))


def test_key_is_sent_only_to_the_api_and_stored_only_in_its_file(
    server, storage, program, tmp_path
):
    done = program.run("download", "101", "--dest", str(tmp_path / "pictures"), "--json")
    assert done.returncode == 1, done.stderr  # two were scripted to fail
    assert "***" in done.stdout and _KEY not in done.stdout + done.stderr
    assert len(server.pages) == 2
    assert len(storage.requests) == 11  # ten pictures, and the model
    requests = [*server.sent, *storage.sent]
    assert not [path for path, _ in requests if _KEY in path or "token" in path]
    with_key = {
        (path.partition("?")[0].rpartition("/")[0], name, value)
        for path, headers in requests
        for name, value in headers.items()
        if _KEY in f"{name} {value}"
    }
    header = ("authorization", f"Bearer {_KEY}")
    assert with_key == {("/api/v1", *header), ("/api/v1/models", *header)}
    assert not [path for path, headers in storage.sent if _KEY in repr(headers)]
    # No cookie, though every response sets one, and no referrer.
    names = {name for _, headers in requests for name in headers}
    usual = {"host", "user-agent", "accept", "accept-encoding", "connection", "authorization"}
    assert {"host", "authorization"} <= names <= usual | {"range", "if-range"}
    assert list(_files_with(_KEY, tmp_path / "data", tmp_path / "pictures")) == ["api_key"]
    assert stat.S_IMODE(os.stat(tmp_path / "data" / "api_key").st_mode) == 0o600
