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
        server.cookie = "seen=1; Path=/"
        yield server


@pytest.fixture
def server(storage):
    """Sends some pictures' requests on, fails some, and repeats the key in its own answers."""
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
    assert len(server.pages) == 2
    assert len(storage.requests) == 11  # ten pictures, and the model
    assert [key for _, key in storage.keys if key is not None] == []


def test_key_is_in_no_address_and_in_no_header_but_the_apis(server, storage, program, tmp_path):
    program.run("download", "101", "--dest", str(tmp_path / "pictures"))
    asked = [*server.sent, *storage.sent]
    assert asked and not [path for path, _ in asked if _KEY in path or "token" in path]
    with_key = {
        (path.partition("?")[0].rpartition("/")[0], name, value)
        for path, headers in asked
        for name, value in headers.items()
        if _KEY in f"{name} {value}"
    }
    own = ("authorization", f"Bearer {_KEY}")
    assert with_key == {("/api/v1", *own), ("/api/v1/models", *own)}
    assert not [path for path, headers in storage.sent if _KEY in repr(headers)]


def test_no_request_of_a_run_says_more_than_what_it_wants(server, storage, program, tmp_path):
    """Neither a cookie, though every answer sets one, nor where it came from."""
    program.run("download", "101", "--dest", str(tmp_path / "pictures"))
    names = {name for _, headers in [*server.sent, *storage.sent] for name in headers}
    usual = {"host", "user-agent", "accept", "accept-encoding", "connection", "authorization"}
    assert {"host", "authorization"} <= names <= usual | {"range", "if-range"}


def test_password_of_a_netrc_is_sent_to_nobody(server, storage, program, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    for name in (".netrc", "_netrc"):
        (home / name).write_text(
            "machine 127.0.0.1 login me password s3cret-of-netrc\n"
            "default login me password s3cret-of-netrc\n"
        )
        (home / name).chmod(0o600)
    setting.save_api_key("")
    places = {"HOME": str(home), "USERPROFILE": str(home), "NETRC": str(home / ".netrc")}
    done = program.run("download", "101", "--dest", str(tmp_path / "pictures"), **places)
    assert "saved" in done.stdout + done.stderr and len(storage.requests) == 11
    asked = [*server.sent, *storage.sent]
    assert not [path for path, headers in asked if "authorization" in headers]


def test_key_lies_in_its_own_file_alone_which_only_the_user_can_read(program, tmp_path):
    program.run("download", "101", "--dest", str(tmp_path / "pictures"))
    assert list(_files_with(_KEY, tmp_path / "data", tmp_path / "pictures")) == ["api_key"]
    assert stat.S_IMODE(os.stat(tmp_path / "data" / "api_key").st_mode) == 0o600


def test_key_that_an_answer_repeats_is_not_said(program, tmp_path):
    done = program.run("download", "101", "--dest", str(tmp_path / "pictures"), "--json")
    assert "reason" in done.stdout and _KEY not in done.stdout + done.stderr


_ESCAPED = "".join(f"\\u{ord(c):04x}" for c in _KEY)
_QUOTED = "".join(f"%{ord(c):02x}" for c in _KEY)


@pytest.mark.parametrize("quoted", [_KEY, _ESCAPED, _QUOTED], ids=["plain", "escaped", "percent"])
@pytest.mark.parametrize("code", [200, 400, 401, 404, 500])
def test_key_in_the_words_of_an_answer_is_told_to_nobody(server, program, tmp_path, quoted, code):
    server.always("page", status(code, b'{"error": "bad token %s"}' % quoted.encode()))
    done = program.run("download", "101", "--dest", str(tmp_path / "pictures"), "--json")
    said = done.stdout + done.stderr
    assert done.returncode != 0 and ("bad token ***" in said or code == 404)
    for form in (_KEY, _ESCAPED, _QUOTED):
        assert form not in said
        kept = [name for name in _files_with(form, tmp_path) if not name.endswith("api_key")]
        assert kept == []
