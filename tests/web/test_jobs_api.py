"""Downloads as the page begins, sees and stops them."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from api_server import MODEL_ID, status, VERSION_ID
from civitai_manager_libs import setting
from civitai_manager_libs.civitai import ImageQuery
from civitai_manager_libs.core import find_cancellation
from civitai_manager_libs.errors import DiskFull
from civitai_manager_libs.jobs import JobStore
from civitai_manager_libs.library import image_records
from civitai_manager_libs.web.http import contract
from civitai_manager_libs.web.routes import dependencies, jobs
from page_driver import wait_for

_REQUEST = "0b7f3c11-52aa-4e0e-b3aa-21d4c5e60003"


@pytest.fixture
def ids(api, civitai):
    civitai.script("model")
    return [image["id"] for image in api.get(f"images?model={MODEL_ID}&limit=10")["images"]]


def _ended(api, state="done"):
    def is_so():
        rows = api.get("jobs")["jobs"]
        return rows and all(row["state"] == state for row in rows) and rows

    rows = wait_for(is_so, f"the end of the jobs: {state}")
    wait_for(lambda: not dependencies.get_job_service()._workers._entries)
    return rows[0] if state != "done" else api.get("jobs")["jobs"][0]


def _files(row):
    names = os.listdir(row["folder"])
    return {name for name in names if not name.endswith((".txt", ".json"))}


def test_no_job_runs_at_first(api):
    counts = {"active": 0, "total": 0}
    told = api.get("jobs")
    assert told.pop("bookmarks_revision") > 0
    assert told == {**counts, "more": "", "notice": "", "jobs": []}


def test_selection_is_downloaded(api, civitai, ids):
    civitai.name = "A <b>model</b>"
    begun = api.post("jobs", {"ids": ids[:3], "query": {"model": MODEL_ID}})
    assert begun == {"job_id": 1, "message": "Downloading 3 pictures"}
    row = _ended(api)
    assert (row["title"], row["line"], row["report"]) == ("A <b>model</b>", "3 saved", [])
    assert _files(row) == {civitai.file_of(i) for i in ids[:3]}
    views = api.get(f"images?model={MODEL_ID}&limit=10")["images"]
    assert [view["id"] for view in views if view["saved"]] == ids[:3]


def test_gallery_is_downloaded_as_the_filters_show_it(api, civitai):
    api.get(f"models/{MODEL_ID}")
    query = {"model": MODEL_ID, "type": "video", "level": "Mature", "sort": "Oldest"}
    begun = api.post("jobs", {"query": query, "limit": 4})
    assert begun["message"] == "Downloading up to 4 pictures"
    row = _ended(api)
    assert row["title"] == "A model" and {name[-4:] for name in _files(row)} == {".mp4"}
    asked = civitai.pages[-1]
    assert (asked["browsingLevel"], asked["sort"], asked["type"]) == ("7", "Oldest", "video")


def test_file_names_have_the_open_models_name(api, civitai, ids):
    setting.change("saved_name", "{model}/{version}/{author|nobody}-{id}")
    api.get(f"models/{MODEL_ID}")
    api.post("jobs", {"ids": ids[:2], "query": {"model": MODEL_ID, "version": 1001}})
    row = _ended(api)
    assert row["folder"].endswith(os.path.join("A model", "v1"))
    assert _files(row) == {f"nobody-{civitai.file_of(i)}" for i in ids[:2]}
    api.post("jobs", {"query": {"model": MODEL_ID}, "limit": 3})
    row = _ended(api)
    assert (row["title"], row["saved"], row["skipped"]) == ("A model", 1, 2)
    assert set(os.listdir(os.path.join(row["folder"]))) == {"v1", "unknown"}


def test_invalid_template_is_reported_and_starts_no_job(api, ids):
    setting.change("saved_name", "{model}")
    answer = api.send("POST", "jobs", {"ids": ids[:2]})
    assert answer.status_code == 400 and "needs {id}" in answer.json()["error"]["message"]
    assert api.get("jobs")["jobs"] == []


@pytest.mark.parametrize(
    "query,title",
    [
        ({"post": 7}, "Post 7"),
        ({"user": "anna"}, "anna"),
        ({"version": 1001}, "Civitai"),
        ({"model": MODEL_ID}, "A model"),  # which nobody has opened
        ({"model": 77}, "Model 77"),  # whose name is not known
    ],
)
def test_job_is_named_after_its_gallery(api, civitai, query, title):
    api.post("jobs", {"query": query, "limit": 1})
    assert _ended(api)["title"] == title


def test_download_that_is_told_to_take_too_long_is_not_begun(api, civitai, monkeypatch):
    def wait(*_):  # for the model's name, as a Civitai that hangs lets one wait
        while True:
            find_cancellation().check()
            time.sleep(0.01)

    monkeypatch.setattr(dependencies.models, "load_model", wait)
    monkeypatch.setitem(contract.REMOTE_SECONDS, "remote", 0.1)
    answer = api.send("POST", "jobs", {"query": {"model": MODEL_ID}, "limit": 1})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "too_long")
    assert api.get("jobs")["jobs"] == []


def test_jobs_are_described_and_found_by_words(api, civitai, ids):
    filters = {"level": "Mature", "sort": "Oldest", "type": "video", "meta": True, "period": "Week"}
    api.post("jobs", {"query": {"version": VERSION_ID, **filters}, "limit": 4})
    api.post("jobs", {"ids": ids[:2], "query": {"search": 'set="Best of"'}})
    api.post("jobs", {"ids": ids[2:3], "query": {"model": MODEL_ID}})
    _ended(api)
    one, collected, gallery = api.get("jobs")["jobs"]
    assert (one["group"], one["subject"]) == ("A model", "1 chosen picture")
    assert (collected["group"], collected["filters"]) == ("Collection “Best of”", [])
    assert collected["subject"] == "2 chosen pictures" and os.path.isdir(collected["folder"])
    assert gallery["subject"] == f"#{VERSION_ID} · up to 4 pictures"
    assert gallery["filters"] == ["Oldest", "Week", "rated up to R", "Videos", "With data only"]
    assert gallery["created"][:4] == str(time.gmtime().tm_year)
    for words, found in (("BEST 2", collected), ("videos r", gallery), ("model 1 chosen", one)):
        listed = api.get(f"jobs?search={words}")
        assert [job["id"] for job in listed["jobs"]] == [found["id"]] and listed["total"] == 3
    assert api.get("jobs?search=nothing")["jobs"] == []
    assert [job["id"] for job in api.get("jobs?limit=2")["jobs"]] == [one["id"], collected["id"]]


@pytest.mark.parametrize("level", [{}, {"level": "y"}], ids=str)
def test_rating_and_limit_default_to_the_settings(api, civitai, level):
    setting.change("gallery_level", "X")
    setting.change("gallery_download_limit", 2)
    begun = api.post("jobs", {"query": {"model": MODEL_ID, **level}})
    assert begun["message"] == "Downloading up to 2 pictures"
    _ended(api)
    assert civitai.pages[-1]["browsingLevel"] == "15"


def test_limit_out_of_bounds_is_refused_and_starts_nothing(api, civitai):
    for limit in (0, 1_000_001, "x", 2.5, True):
        answer = api.send("POST", "jobs", {"query": {"model": MODEL_ID}, "limit": limit})
        error = answer.json()["error"]
        assert (answer.status_code, error["field"]) == (400, "limit"), limit
        assert ("1000000" in error["message"]) == (limit not in ("x", True)), limit
    assert api.get("jobs")["jobs"] == []


def test_image_outside_the_library_is_not_downloaded(api, civitai, ids):
    for unknown in ([1], [5030, 1], [2**62], [-1]):
        assert api.send("POST", "jobs", {"ids": unknown}).status_code == 404, unknown
    for body in ({}, {"ids": "5030"}, {"ids": [2**70]}, {"query": {}}, {"query": {"model": "x"}}):
        assert api.send("POST", "jobs", body).status_code == 400, body
    assert api.get("jobs")["jobs"] == [] and not civitai.fetched


# Once


def test_same_request_twice_starts_one_job(api, civitai, ids):
    body = {"ids": ids[:3], "request": _REQUEST}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(api.post, ["jobs"] * 8, [body] * 8))
    assert answers == [answers[0]] * 8 and len(api.get("jobs")["jobs"]) == 1
    _ended(api)
    api.post("jobs", {**body, "request": _REQUEST.replace("0", "1")})
    assert len(api.get("jobs")["jobs"]) == 2
    _ended(api)


def test_refused_request_can_be_repeated(api, civitai, ids):
    body = {"query": {"model": MODEL_ID}, "limit": 0, "request": _REQUEST}
    assert api.send("POST", "jobs", body).status_code == 400
    assert api.post("jobs", {**body, "limit": 1})["job_id"] == 1
    _ended(api)


def test_saved_image_needs_no_job(api, civitai, ids):
    api.post("jobs", {"ids": ids[:1]})
    row = _ended(api)
    again = api.post("jobs", {"ids": ids[:1]})
    assert again["job_id"] is None
    assert civitai.file_of(ids[0]) in again["message"]
    image_records.forget_saved_files(ids[:1])  # as in a library that was set aside
    assert api.post("jobs", {"ids": ids[:1]})["job_id"] is None
    assert len(api.get("jobs")["jobs"]) == 1
    os.remove(os.path.join(row["folder"], civitai.file_of(ids[0])))
    assert api.post("jobs", {"ids": ids[:1]})["job_id"] == 2
    assert _ended(api)["saved"] == 1 and civitai.fetched[ids[0]] == 2


# Deeds


def test_failures_are_reported_and_retried(api, civitai, ids):
    civitai.always(ids[1], status(403))
    api.post("jobs", {"ids": ids[:3]})
    row = _ended(api)
    assert row["failed"] == 1 and "API key" in row["failures"][0]["reason"]
    assert row["actions"] == ["retry", "key", "open", "forget"]
    civitai.always(ids[1], None)
    assert api.post("jobs/1/retry")["jobs"][0]["state"] != "cancelled"
    assert _ended(api)["saved"] == 3
    assert api.post("jobs/1/forget")["jobs"] == []


def test_job_is_paused_resumed_and_cancelled(api, civitai, ids):
    gate = threading.Event()
    civitai.on_picture = lambda _: gate.wait(20)
    api.post("jobs", {"ids": ids})
    wait_for(lambda: api.get("jobs")["active"] == 1)
    api.post("jobs/1/pause")
    row = _ended(api, "paused")
    assert row["actions"] == ["resume", "cancel"]
    assert api.get("jobs")["active"] == 0
    api.post("jobs/1/resume")
    wait_for(lambda: api.get("jobs")["active"] == 1)
    api.post("jobs/1/cancel")
    _ended(api, "cancelled")
    gate.set()


@pytest.mark.parametrize("path,code", [("99/cancel", 400), ("99/nonsense", 404), ("x/cancel", 405)])
def test_impossible_action_is_an_error(api, path, code):
    answer = api.send("POST", f"jobs/{path}")
    assert answer.status_code == code
    if code == 400:
        assert answer.json()["error"]["message"] == "There is no job 99."


def test_jobs_resume_as_soon_as_the_disk_is_not_full_any_more(api, civitai, ids, monkeypatch):
    with JobStore(setting.database_file()) as store:
        query = ImageQuery(model_id=MODEL_ID)
        job_id = store.add_job("A model", query, setting.data_folder(), 3)
        store.set_state(job_id, "running")
    failures, list_unfinished = [0, 0], JobStore.list_unfinished

    def fail_at_first(store):
        if failures:
            failures.pop()
            raise DiskFull("There is no disk space left.")
        return list_unfinished(store)

    monkeypatch.setattr(JobStore, "list_unfinished", fail_at_first)
    monkeypatch.setattr(dependencies, "_RESUME_SECONDS", 0.01)
    dependencies.resume_work()
    assert _ended(api)["saved"] == 3 and not failures


def test_unusable_database_is_reported(api, monkeypatch):
    os.makedirs(setting.data_folder(), exist_ok=True)
    path = os.path.join(setting.data_folder(), "in-the-way")
    with open(path, "w", encoding="utf-8") as file:
        file.write("x")
    monkeypatch.setattr(setting, "database_file", lambda: os.path.join(path, "gallery.db"))
    assert api.error("jobs")[:2] == (507, "disk")


# The folder


@pytest.fixture
def opener(monkeypatch):
    """Install a file manager that ends with this code; return what it is given."""
    monkeypatch.setattr(jobs.shutil, "which", lambda name: "/usr/bin/xdg-open")

    class Opener:
        given, code = [], 0

        def __init__(self, arguments, **_):
            Opener.given.append(arguments)

        def wait(self, _):
            return Opener.code

    monkeypatch.setattr(jobs.subprocess, "Popen", Opener)
    return Opener


def test_folder_is_opened_on_this_machine(api, ids, opener):
    api.post("jobs", {"ids": ids[:1]})
    row = _ended(api)
    api.post("jobs/1/open")
    assert opener.given[0][1] == row["folder"]


def test_folder_is_not_opened_for_another_machine(api, ids, opener):
    api.post("jobs", {"ids": ids[:1]})
    row = _ended(api)
    sent = {"headers": {"X-Civitai-Shortcut": "1", "X-Forwarded-For": "192.168.1.5"}}

    def told():
        return api.ask("api/jobs/1/open", "POST", **sent).json()["error"]["message"]

    assert told() == "The files are on the server."
    api.app.auth, api.app.tokens = {"me": "secret"}, {"a-token": "me"}
    sent["cookies"] = {"access-token": "a-token"}
    assert told() == f"The files are on the server, in {row['folder']}." and not opener.given


def test_folder_is_not_opened_without_a_file_manager(api, ids, opener, monkeypatch):
    api.post("jobs", {"ids": ids[:1]})
    row = _ended(api)
    monkeypatch.setattr(jobs.shutil, "which", lambda name: None)
    monkeypatch.setattr(jobs.sys, "platform", "linux")
    told = api.send("POST", "jobs/1/open").json()["error"]["message"]
    assert row["folder"] in told and not opener.given


def test_failing_file_manager_is_reported_with_the_folder(api, ids, opener):
    opener.code = 3
    api.post("jobs", {"ids": ids[:1]})
    row = _ended(api)
    assert row["folder"] in api.send("POST", "jobs/1/open").json()["error"]["message"]
    os.rename(row["folder"], f"{row['folder']}-moved")
    assert "does not exist" in api.send("POST", "jobs/1/open").json()["error"]["message"]


def test_reading_more_continues_after_the_pages_already_read(api, on_demo):
    api.get("images?model=900001&limit=100")
    on_demo.requests.clear()
    query = {"model": 900001, "level": "None"}
    api.post("jobs", {"query": query, "limit": 100, "reads_only": True})
    row = _ended(api)
    assert (row["saved"], row["reads_only"], row["folder"]) == (100, True, "")
    assert row["line"] == "100 of at most 100 read" and "open" not in str(row["actions"])
    assert api.get("stats?model=900001&level=None")["image_count"] == 200


def test_gallery_is_read_twice_if_the_page_requests_it(api, civitai):
    api.post("jobs", {"query": {"version": VERSION_ID}, "limit": 1000, "verify": True})
    assert _ended(api)["report"][0].endswith(f"Both passes found the same {len(civitai.ids)}.")


def test_reading_more_of_a_completely_read_gallery_says_so(api, civitai):
    cursor = ""
    while cursor is not None:
        cursor = api.get(f"images?version={VERSION_ID}&limit=100&cursor={cursor}")["cursor"]
    civitai.requests.clear()
    asked = {"query": {"version": VERSION_ID}, "limit": 100, "reads_only": True}
    answer = api.post("jobs", asked)
    assert answer["job_id"] is None and "all of this gallery" in answer["message"]
    assert civitai.requests == []


@pytest.mark.posix
@pytest.mark.parametrize("level", ["base", "model", "model/user", "model/user/author"])
@pytest.mark.parametrize("is_link_first", [True, False])
def test_no_folder_of_a_template_is_written_through_a_link(
    api, civitai, ids, tmp_path, level, is_link_first
):
    base, elsewhere = tmp_path / "pictures", tmp_path / "elsewhere"
    elsewhere.mkdir()
    setting.change("download_images_folder", str(base))
    setting.change("saved_name", "{model}/user/{author}/{id}")
    author = api.get(f"images/{ids[0]}")["user"]
    parts = {"model": "model", "user": "user", "author": author}
    civitai.name = "model"
    link = base.joinpath(*(parts[part] for part in level.split("/") if part != "base"))

    def make_link():
        link.parent.mkdir(parents=True, exist_ok=True)
        if link.is_dir():
            link.rename(tmp_path / "before")
        link.symlink_to(elsewhere)

    if not is_link_first:
        api.post("jobs", {"ids": ids[:1], "query": {"model": MODEL_ID}})
        assert _ended(api)["line"] == "1 saved"
    make_link()
    begun = api.send("POST", "jobs", {"ids": ids[1:4], "query": {"model": MODEL_ID}})
    if begun.status_code != 200:
        text = begun.text
    else:
        row = _ended(api)
        text = "".join(one["detail"] for one in row["failures"])
    written = [name for _, _, names in os.walk(elsewhere) for name in names]
    assert bool(written) == (level == "base")  # which the user has chosen
    assert (f"{link} is a link" in text) == (level != "base")
