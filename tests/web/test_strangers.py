"""What each route tells a visitor without a login of this machine, and what odd texts do to it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from api_server import MODEL_ID
from civitai_manager_libs import setting
from civitai_manager_libs.jobs import JobService
from civitai_manager_libs.library import reproductions
from civitai_manager_libs.model_files import get_model_index
from civitai_manager_libs.web.routes import dependencies
from page_driver import wait_for
from PIL import Image
import pytest
import requests
from route_requests import fill_path, IMAGES, iter_requests

_ELSEWHERE = {"X-Forwarded-For": "192.0.2.7"}
_OURS = {"X-Civitai-Shortcut": "1"}
_PASSWORD, _KEY = "planted-password", "planted-key"


def _ask_all(api, keys, headers, language="en"):
    """Return {request: all that the server answers, headers and body}."""
    answers = {}
    for method, pattern, body in iter_requests():
        for path in fill_path(pattern, keys):
            sent = {**_OURS, "Accept-Language": language, **headers}
            kind = {"data": body} if isinstance(body, bytes) else {"json": body}
            if body is None:
                kind = {}
            answer = api.ask(f"api/{path}", method, headers=sent, **kind)
            answers[method, path, str(body)] = f"{answer.headers} {answer.text}"
    return answers


@pytest.fixture
def planted(api, civitai, tmp_path, monkeypatch, folder):
    """Fill every place that knows a secret; return (the secrets, the ids for the paths)."""
    monkeypatch.setenv("HOME", str(tmp_path / "planted-home"))
    models = tmp_path / "planted-models"
    (models / "loras").mkdir(parents=True)
    (models / "loras" / "a.safetensors").write_bytes(b"x")
    Image.new("RGB", (8, 8)).save(models / "loras" / "a.png")
    setting.change("model_folders", str(models))
    setting.change("download_images_folder", str(tmp_path / "planted-downloads"))
    api.get(f"models/{MODEL_ID}")
    api.get(f"images?model={MODEL_ID}&level=XXX")
    api.post("jobs", {"ids": IMAGES[:2]})
    _wait_for_jobs(api)
    made = tmp_path / "planted-made" / "made.png"
    made.parent.mkdir()
    picture = Image.new("RGB", (8, 8))
    picture.save(made)
    one = reproductions.Reproduction(0, IMAGES[0], str(made), "a\nSteps: 1", 1.0, False, 8, 8)
    reproductions.store_reproduction(one, picture)
    setting.change("proxy", f"http://me:{_PASSWORD}@127.0.0.1:9")
    setting.civitai_api_key = _KEY
    key = get_model_index().list_files()[0].make_key()
    ids = {
        "model_id": MODEL_ID,
        "image_id": IMAGES[0],
        "post_id": 7,
        "reproduction": 1,
        "key": key,
        "job": 1,
    }
    folders = [Path(setting.data_folder()), models, made.parent]
    folders += [tmp_path / "planted-home", tmp_path / "planted-downloads"]
    secrets = [_PASSWORD, _KEY, str(tmp_path), *(f.name for f in folders if "planted" in f.name)]
    return secrets, ids


def _wait_for_jobs(api):
    states = ("done", "failed", "paused", "cancelled")
    wait_for(lambda: all(row["state"] in states for row in api.get("jobs")["jobs"]), "the jobs")
    wait_for(lambda: not dependencies.get_job_service()._workers._entries, "the workers")


def _fail_in_downloads(api, tmp_path):
    """Let a download fail with an error of its folder."""
    Path(tmp_path, "planted-downloads", "A model").write_text("no folder")
    api.post("jobs", {"ids": IMAGES[2:], "query": {"model": MODEL_ID}})
    _wait_for_jobs(api)


def _break_jobs(api, tmp_path):
    dependencies._job_service = JobService(dependencies.get_client)
    path = Path(setting.database_file())
    for name in path.parent.glob("gallery.db*"):
        name.unlink()
    path.write_bytes(b"damaged" * 999)


def _break_library(api, tmp_path):
    path = Path(setting.library_file())
    for name in path.parent.glob("library.db*"):
        name.unlink()
    path.mkdir()


_STATES = {
    "whole": lambda api, tmp_path: None,
    "failed-download": _fail_in_downloads,
    "damaged-jobs": _break_jobs,
    "damaged-library": _break_library,
}
# Of the requests by whom may see it: where at least one secret must be.
_TOLD = {
    "whole": {"bootstrap?", "jobs?", f"images/{IMAGES[0]}?"},
    "failed-download": {"bootstrap?", "jobs?"},
    "damaged-jobs": {"bootstrap?"},
    "damaged-library": {"bootstrap?", "home?"},
}


_LANGUAGES = ("en", "zh-TW", "zh-TW", "en")


@pytest.mark.parametrize("state,language", [*zip(_STATES, _LANGUAGES, strict=True)])
def test_no_route_tells_a_stranger_where_things_lie(
    api, planted, tmp_path, monkeypatch, library, state, language
):
    secrets, ids = planted
    _STATES[state](api, tmp_path)
    if state == "damaged-library":
        library.forget()
    answers = _ask_all(api, ids, _ELSEWHERE, language)
    told = {name: s for name, text in answers.items() for s in secrets if s in text}
    assert not told
    own = _ask_all(api, ids, {}, language)
    known = {path for (_, path, _), text in own.items() if any(s in text for s in secrets)}
    assert _TOLD[state] <= known, "the owner is told"
    assert not any(_KEY in text for text in own.values())


@pytest.mark.parametrize("name", ["proxy", "download_images_folder", "model_folders"])
def test_private_setting_is_shown_to_whom_may_change_it(api, name):
    setting.change(name, "planted")

    def shown(**headers):
        settings = {one["name"]: one for one in api.get("bootstrap", **headers)["settings"]}
        return settings[name]["value"], settings[name]["locked"]

    assert shown() == ("planted", "")
    assert shown(**_ELSEWHERE) == ("", "only_here")


def test_stranger_cannot_guess_a_private_setting(api):
    setting.change("proxy", "planted")
    codes = [
        api.ask("api/settings", "PUT", headers={**_OURS, **_ELSEWHERE}, json=body)
        for body in ({"proxy": "planted"}, {"proxy": "other"})
    ]
    assert [answer.status_code for answer in codes] == [403, 403]


_TEXTS = ["\udcff", "\ud83d.png", "a\0b", "../" * 50, "\ufdfd" * 3000, "%s{0}{id.__class__}"]
_KNOWN = (502, 503, 507)  # Civitai or the disk failed


def _replace(value, text):
    """Yield a value once for each text in it, which is replaced."""
    if isinstance(value, str):
        yield text
    elif isinstance(value, list):
        for at, one in enumerate(value):
            yield from ([*value[:at], new, *value[at + 1 :]] for new in _replace(one, text))
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from ({**value, key: new} for new in _replace(one, text))


@pytest.mark.parametrize("text", _TEXTS, ids=ascii)
def test_no_route_fails_because_of_a_text(api, civitai, text):
    api.get(f"models/{MODEL_ID}")
    api.get(f"images?model={MODEL_ID}&level=XXX")
    keys = {
        "model_id": MODEL_ID,
        "image_id": IMAGES[0],
        "post_id": 7,
        "reproduction": 1,
        "key": 1,
        "job": 1,
    }
    headers = {**_OURS, "Content-Type": "application/json"}
    failed, count = [], 0
    for method, pattern, body in iter_requests():
        for new in _replace(body, text):
            path, count = fill_path(pattern, keys)[0], count + 1
            answer = api.ask(f"api/{path}", method, data=json.dumps(new), headers=headers)
            if answer.status_code >= 500 and answer.status_code not in _KNOWN:
                failed.append((path, new, answer.status_code))
    assert not failed and count > 20


def _damage_a_row_of_each_table(value):
    """Put a value into each column of a row, if SQLite takes it there; return how often it did."""
    with closing(sqlite3.connect(setting.library_file(), isolation_level=None)) as db:
        before = db.total_changes
        tables = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in (names for names in tables if not names[0].startswith("trigram")):
            columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
            is_row = " AND ".join(f"{column} IS ?" for column in columns)
            for column in columns:
                row = db.execute(f"SELECT * FROM {table}").fetchone() or [None] * len(columns)
                with suppress(sqlite3.IntegrityError):  # the key of a row is always a number
                    sql = f"UPDATE OR IGNORE {table} SET {column} = ? WHERE {is_row}"
                    db.execute(sql, (value, *row))
        return db.total_changes - before


_DAMAGES = ("text", b"\xff", float("inf"), 2**62, "[{}, null]")


def test_no_route_fails_because_of_a_damaged_row(api, planted, library):
    _, ids = planted
    shown = {image["id"] for image in api.get(f"images?model={MODEL_ID}&level=XXX")["images"]}
    _ask_all(api, ids, {})  # so that each table has a row
    _wait_for_jobs(api)
    library.forget()
    path = Path(setting.library_file())
    whole, failed = path.read_bytes(), []
    for value in _DAMAGES:
        for beside in path.parent.glob(f"{path.name}-*"):
            beside.unlink()
        path.write_bytes(whole)
        assert _damage_a_row_of_each_table(value) > 60
        for method, pattern, body in iter_requests():
            for asked in fill_path(pattern, ids):
                kind = {"data": body} if isinstance(body, bytes) else {"json": body}
                url = f"{api.url}/civitai_shortcut/api/{asked}"
                answer = requests.request(method, url, headers=_OURS, timeout=60, **kind)
                if answer.status_code >= 500 and answer.status_code not in _KNOWN:
                    failed.append((value, asked, body))
        library.forget()
        found = {image["id"] for image in api.get("images?search=picture&level=XXX")["images"]}
        assert len(found & shown) > len(shown) // 2, (value, "the others are shown")
        library.forget()
    assert not failed
