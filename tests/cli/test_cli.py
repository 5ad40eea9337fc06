"""The command line, from its words to its exit codes."""

import contextlib
import json
import os
import re
import select
import shlex
import sqlite3
import subprocess
import sys
import threading
import time

import pytest
from api_server import ApiServer, FIRST_ID, MODEL_ID, status, VERSION_ID
from civitai_manager_libs import setting
from civitai_manager_libs.civitai.image_query import ImageQuery
from civitai_manager_libs.cli import arguments
from civitai_manager_libs.core import sqlite
from civitai_manager_libs.i18n import messages
from civitai_manager_libs.jobs import FIELDS, image_items as job_items, store as job_store
from civitai_manager_libs.jobs.store import JobStore
from civitai_manager_libs.library import search
from cli_process import CliProcess, end_process, ENDING_SIGNALS, ENTRY, part_files
from crash_checks import read_images
from fault_responses import unused_port

_MODEL = str(MODEL_ID)


@pytest.fixture
def server(monkeypatch):
    with ApiServer(count=20) as server:
        monkeypatch.setenv("CIVITAI_BASE_URL", server.url)
        yield server


@pytest.fixture
def program(server, tmp_path):
    return CliProcess(server.url, tmp_path / "data")


@pytest.fixture
def dest(tmp_path):
    return str(tmp_path / "out")


def _is_one_sentence(err):
    return re.fullmatch(r"[^\n]+[.!]\n", err) and "Traceback" not in err


def test_listed_images_are_downloaded_and_missing_ones_named(server, run, dest, tmp_path):
    text = "civitai.com/images/5003\n/images/77 /images/5001 "
    (tmp_path / "my list.txt").write_text(text, encoding="utf-16")
    setting.change("gallery_download_limit", 1)  # of galleries; a list names what is wanted
    setting.save()
    code, out, err = run("download", str(tmp_path / "my list.txt"), "--dest", dest)
    assert (code, out) == (1, f"2 saved, 0 skipped, 0 failed: {dest}\n")
    assert read_images(dest) == server.files([5001, 5003])
    assert err.endswith("(gone, or not shown to you): 1 picture: 77\n")
    again = run("download", str(tmp_path / "my list.txt"), "--dest", dest, "--json")
    assert json.loads(again[1])["not_sent"] == [77]
    limited = run("download", str(tmp_path / "my list.txt"), "--dest", dest, "--limit", "1")
    assert limited[:2] == (0, f"0 saved, 1 skipped, 0 failed: {dest}\n")
    assert run("download", str(tmp_path), "--dest", dest)[0] == 2


def test_download_saves_all_images_and_prints_the_counts(server, run, dest):
    code, out, err = run("download", _MODEL, "--dest", dest)
    assert (code, out) == (0, f"20 saved, 0 skipped, 0 failed: {dest}\n")
    assert read_images(dest) == server.files()
    beside = {f"{i}.{e}" for i in server.ids for e in ("txt", "json")}
    assert set(os.listdir(dest)) == beside | set(server.files())
    assert "Downloading pictures 20/20" in err.splitlines()[-2]
    assert err.endswith(
        "Pictures seen in the gallery: 20. Civitai's list ended after 20 pictures.\n"
    )


@pytest.mark.parametrize(
    "what,asked,saved",
    [
        ("https://civitai.com/posts/7", {"postId": "7", "browsingLevel": "1"}, 3),
        ("https://civitai.red/user/anna_2", {"username": "anna_2", "browsingLevel": "1"}, 3),
        ("https://civitai.com/images/5020", {"imageId": "5020", "browsingLevel": "31"}, 1),
        ("5020", {"imageId": "5020"}, 1),
    ],
    ids="post user image id-of-no-model".split(),
)
def test_post_user_and_single_image_can_be_downloaded(server, run, dest, what, asked, saved):
    code, out, err = run("download", what, "--dest", dest, "--limit", str(saved))
    assert (code, out) == (0, f"{saved} saved, 0 skipped, 0 failed: {dest}\n")
    assert asked.items() <= server.pages[-1].items() and "modelId" not in server.pages[-1]


def test_finished_job_prints_its_report(server, run, dest):
    server.page = 8
    rows = [server._row(i) for i in server.ids[:8]]
    rows[0]["browsingLevel"], rows[1]["url"] = 16, "https://elsewhere.example/1.png"
    page = {"items": rows, "metadata": {"nextCursor": "8|1"}}
    server.script("page", status(200, json.dumps(page).encode()))
    words = ("download", _MODEL, "--dest", dest, "--json")
    code, out, err = run(*words)
    assert json.loads(out)["report"] == {
        **{"seen": 20, "kept_back": 1, "without_data": 0, "unrelated": 0, "dropped": 1},
        **{"gone": 0, "empty_pages": 0, "end": "end", "second_walk": None},
    }
    [said] = [line for line in err.splitlines() if line.startswith("Pictures seen")]
    assert "cannot be read: 1. Civitai's list ended after " in said
    assert "left out because of their rating or type: 1; left out" in said
    code, out, err = run(*words, "--limit", "3")
    assert json.loads(out)["report"]["end"] == "limit" and "may have more" in err


@pytest.mark.parametrize(
    "second, code, numbers, said",
    [
        (0, 0, {"first": 12, "second": 20, "both": 12, "missing": 0}, "found 8 that the first had"),
        (4, 1, {"first": 12, "second": 16, "both": 8, "missing": 4}, "About 4 may be missing"),
    ],
    ids=["found", "missing"],
)
def test_verify_option_reads_the_gallery_twice_and_tells_what_may_be_missing(
    server, run, dest, second, code, numbers, said
):
    answers = [
        {"items": [server._row(i) for i in ids]} for ids in (server.ids[:12], server.ids[second:])
    ]
    server.script("page", *(status(200, json.dumps(answer).encode()) for answer in answers))
    found, out, err = run("download", _MODEL, "--dest", dest, "--verify", "--json")
    told = json.loads(out)
    listed = (found, told["saved"], [p["sort"] for p in server.pages])
    assert listed == (code, 20, ["Newest", "Oldest"])
    assert told["report"]["second_walk"] == {**numbers, "end": "end"}
    assert "up to 3 more requests" in err and said in err
    assert read_images(dest) == server.files()


@pytest.mark.parametrize("stop", [3, 6], ids=["on-a-page", "over-pages"])
def test_later_run_stops_at_known_images(server, run, dest, stop):
    server.page = 5
    old, server.ids = server.ids, server.ids[6:]
    run("download", _MODEL, "--dest", dest)
    server.ids, asked = old, len(server.pages)
    words = ("download", _MODEL, "--dest", dest, "--stop-at-known", str(stop), "--json")
    code, out, err = run(*words)
    told = json.loads(out)
    assert (code, told["saved"], told["skipped"]) == (0, 6, stop)
    assert told["report"]["end"] == "known" and "It stopped, as requested" in err
    assert "sorts a whole model by upload" in err
    assert len(server.pages) - asked <= 2 + stop // 3  # of four; one may have been read ahead
    assert set(server.fetched.values()) == {1} and read_images(dest) == server.files()
    assert run(*words)[0] == 0


def test_known_images_that_do_not_follow_each_other_do_not_stop_the_reading(server, run, dest):
    server.page = 5
    old, server.ids = server.ids, server.ids[1::2]
    run("download", _MODEL, "--dest", dest)
    server.ids = old
    told = json.loads(run("download", _MODEL, "--dest", dest, "--stop-at-known", "2", "--json")[1])
    assert (told["saved"], told["skipped"], told["report"]["end"]) == (10, 10, "end")


def test_again_option_downloads_all_images_again(server, run, dest):
    run("download", _MODEL, "--dest", dest)
    code, out, _ = run("download", _MODEL, "--dest", dest, "--again")
    assert (code, out) == (0, f"20 saved, 0 skipped, 0 failed: {dest}\n")
    assert set(server.fetched.values()) == {2}


@pytest.mark.parametrize(
    "count, said",
    [
        (1, "1 of the skipped was saved before, but the file no longer exists, that is {}."),
        (3, "3 of the skipped were saved before, but the files no longer exist, such as {}."),
    ],
)
def test_saved_files_that_are_missing_now_are_reported(server, run, dest, count, said):
    run("download", _MODEL, "--dest", dest)
    gone = [os.path.join(dest, server.file_of(image_id)) for image_id in server.ids[2 : 2 + count]]
    for path in gone:
        os.remove(path)
    code, _, err = run("download", _MODEL, "--dest", dest)
    assert code == 0 and said.format(gone[0]) in err and err.endswith(" again: --again\n")


@pytest.mark.parametrize(
    "words,asked",
    [
        ([], {"modelId": _MODEL, "browsingLevel": "1", "sort": "Newest", "period": "AllTime"}),
        (["--level", "XXX"], {"browsingLevel": "31"}),
        (["--level", "r"], {"browsingLevel": "7"}),
        (["--level", "PG13"], {"browsingLevel": "3"}),
        (["--type", "Image"], {"type": "image"}),
        (["--sort", "Most Reactions", "--period", "Week"], {"sort": "Most Reactions"}),
        (["--sort", "oldest", "--period", "all time"], {"sort": "Oldest", "period": "AllTime"}),
        (["--version", str(VERSION_ID)], {"modelVersionId": str(VERSION_ID)}),
    ],
    ids=lambda value: " ".join(value) or "defaults" if isinstance(value, list) else "",
)
def test_options_reach_the_api(server, run, dest, words, asked):
    assert run("download", _MODEL, "--dest", dest, "--limit", "1", *words)[0] == 0
    assert asked.items() <= server.pages[0].items()


def test_limit_defaults_to_the_setting(server, run, dest):
    setting.change("gallery_download_limit", 4)
    assert run("download", _MODEL, "--dest", dest)[1].startswith("4 saved")
    assert run("download", _MODEL, "--dest", dest, "--limit", "6")[1].startswith("2 saved, 4 skip")


def test_name_template_creates_folders_and_files(server, run, dest):
    name = "{checkpoint|none}/{model}/{version}/{date|some day} {id}"
    words = ("--version", str(VERSION_ID), "--dest", dest, "--limit", "3", "--name", name)
    code, out, err = run("download", _MODEL, *words)
    assert (code, "3 saved, 0 skipped" in out) == (0, True)
    for image_id in server.ids[:3]:
        at = os.path.join(dest, f"none/A model/v1/some day {server.file_of(image_id)}")
        with open(at, "rb") as file:
            assert file.read() == server.bytes_of(image_id)
        assert os.path.isfile(f"{os.path.splitext(at)[0]}.json")
    assert run("download", _MODEL, *words)[1].startswith("0 saved, 3 skipped")


def test_quality_defaults_to_the_setting(server, run, dest):
    def sizes():
        return {path.split("/")[3] for path in server.requests if "/image/" in path}

    row = server._row
    server._row = lambda image_id: {**row(image_id), "width": 1024, "type": "image"}
    setting.change("saved_quality", "450")
    setting.save()
    for words, size in (["--quality", "800"], "width=800"), ([], "width=450"):
        server.requests.clear()
        run("download", _MODEL, "--dest", dest, "--limit", "2", "--again", *words)
        assert sizes() == {size}
    code, out, err = run("download", _MODEL, "--quality", "500")
    assert code == 2 and "original, 96, 320" in err


def test_max_rate_is_given_in_bytes_a_second(server, run, dest):
    given = {"500k": 500, "2M": 2048, "1.5MiB": 1536, "2048": 2, "1g": 2**20}
    assert {text: arguments.parse_rate(text) for text in given} == given
    assert run("download", _MODEL, "--dest", dest, "--limit", "1", "--max-rate", "2M")[0] == 0
    assert setting.gallery_max_rate_kb == 2048


def test_name_template_defaults_to_the_setting_unless_a_folder_is_given(server, run, dest):
    setting.change("saved_name", "{model}/all/{seed} {id}")
    setting.save()
    code, out, err = run("download", _MODEL, "--limit", "1")
    folder = os.path.join(setting.saved_images_folder(), "A model", "all")
    assert out.endswith(f"{folder}\n")
    assert set(read_images(folder)) == {f"1 {server.file_of(server.ids[0])}"}
    run("download", _MODEL, "--limit", "1", "--dest", dest, "--again")
    assert set(read_images(dest)) == {server.file_of(server.ids[0])}


def test_invalid_name_template_is_refused_before_any_request(server, run, dest, monkeypatch):
    code, out, err = run("download", _MODEL, "--dest", dest, "--name", "{model}")
    assert (code, out) == (2, "") and _is_one_sentence(err) and "needs {id}" in err
    setting.change("saved_name", "{author}")
    setting.save()
    code, out, err = run("download", _MODEL)
    assert (code, out) == (2, "") and "template in the settings" in err and "needs {id}" in err
    monkeypatch.setenv("LC_ALL", "zh_TW.UTF-8")
    assert "檔名範本" in run("download", _MODEL)[2]
    assert not server.requests and not os.path.exists(dest)


def test_concurrency_option_limits_simultaneous_requests(server, run, dest):
    server.delay = 0.05
    run("download", _MODEL, "--dest", dest, "--concurrency", "7")
    assert 5 <= server.most_at_once <= 8


def test_images_saved_in_another_folder_are_reported(server, run, dest):
    words = ("download", _MODEL, "--limit", "3", "--dest")
    for _ in range(2):
        assert "of the skipped" not in run(*words, dest)[2]
    code, out, err = run(*words, dest + "2")
    assert (code, out) == (0, f"0 saved, 3 skipped, 0 failed: {dest}2\n")
    assert err.splitlines()[-1].startswith("3 of the skipped were")
    assert err.endswith("into this one too: --again\n")


def test_chinese_terminal_gets_all_output_in_chinese(server, run, dest, monkeypatch):
    monkeypatch.setenv("LC_ALL", "zh_TW.UTF-8")
    server.always(server.ids[0], status(404))
    server.always(server.ids[1], status(403))
    code, out, err = run("download", _MODEL, "--dest", dest)
    assert (code, out) == (1, f"已儲存 18、略過 0、失敗 2：{dest}\n")
    *_, progress, gallery, gone, needs_key, some_failed, how, again = err.splitlines()
    assert gallery == "圖庫中看過 20 張圖片。Civitai 的清單在 20 張圖片後結束。"
    assert progress.startswith("下載圖片 20/20  ")
    assert gone == f"{server.ids[0]}: gone: 圖片已不存在，再試也沒有用。"
    assert needs_key.startswith(
        f"{server.ids[1]}: needs_key: Civitai 只對有權檢視的 API 金鑰顯示此內容："
    )
    assert some_failed == "部分圖片下載失敗 (2 個)，請檢查網路連線 💥!"
    assert how.startswith("needs_key：請設定") and again == "重試失敗的：retry 1"
    _add_job(dest, "running")
    dates = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")
    assert [dates.sub("", row).split() for row in run("jobs")[1].splitlines()] == [
        ["工作", "狀態", "開始", "完成", "失敗", "名稱"],
        ["2", "已中斷", "0/100", "Another"],
        ["最多", "100", "張圖片", "·", "最新", "·", "分級至", "PG", "普遍級", "·", "在", dest],
        ["繼續：resume", "2"],
        ["1", "失敗", "2", "個", "20/20", "2", "A", "model"],
        ["最多", "200", "張圖片", "·", "最新", "·", "分級至", "PG", "普遍級", "·", "在", dest],
        ["重試失敗的：retry", "1"],
    ]


def test_chinese_table_columns_are_aligned(server, run, dest, monkeypatch):
    monkeypatch.setenv("LC_ALL", "zh_TW.UTF-8")
    _add_job(dest)
    head, row, *_ = run("jobs")[1].splitlines()
    before_title = head[: head.index("名稱")], row[: row.index("Another")]
    assert len({len(text) + len(re.findall("[\u4e00-\u9fff]", text)) for text in before_title}) == 1


def test_json_is_the_last_and_only_line_on_stdout(server, run, dest):
    server.always(server.ids[0], status(404))
    code, out, _ = run("download", _MODEL, "--dest", dest, "--json")
    result = json.loads(out.splitlines()[-1])
    assert code == 1
    assert list(result) == ["job", "saved", "skipped", "failed", "bytes", "seconds", "report"]
    assert (result["job"], result["saved"], result["skipped"]) == (1, 19, 0)
    assert result["bytes"] == sum(map(len, read_images(dest).values()))
    assert isinstance(result["seconds"], float)
    (failed,) = result["failed"]
    assert list(failed) == ["id", "url", "reason", "message"]
    assert (failed["id"], failed["reason"]) == (server.ids[0], "gone")
    assert failed["url"].startswith(f"{server.url}/image/")


_POST = "https://civitai.com/posts/7"


@pytest.mark.parametrize(
    "words,said",
    [
        (["download", "some words"], "is not a model: give a Civitai URL or"),
        (["download", "https://civitai.com/collections/1"], "cannot list collections"),
        (["download", " "], "Nothing was given: give a Civitai URL of a model, or a model's id"),
        (["download", "x" * 5000], "too long: give a Civitai URL of a model, or a model's id"),
        (["download", "a\x1b[31m\udcff"], "is not a model"),
        (["download", _MODEL, "--version", "77"], f"has no version 77: it has {VERSION_ID}."),
        *[
            (["download", p, "--version", "5"], "--version")
            for p in (_POST, "/user/anna", "/images/5")
        ],
        (["download", _MODEL, "--stop-at-known", "3", "--sort", "Oldest"], "--sort Newest"),
        (["download", _MODEL, "--dest", os.path.join(__file__, "\udcff")], ""),
        *[(["download", _MODEL, "--max-rate", r], "500k or 2M") for r in ("fast", "1023", "1e9")],
        *[(["download", _MODEL, "--max-rate", r], "500k or 2M") for r in ("500 kbit", "99999g")],
        (
            ["download", _MODEL, "--level", "wrong"],
            "PG (or None), PG-13 (or Soft), R (or Mature), X or",
        ),
        (["resume", "7"], "There is no job 7"),
        *[(["download", _MODEL, "--limit", limit], "--limit") for limit in ("0", "٣")],
        (["download", _MODEL, "--concurrency", "17"], "--concurrency"),
        (["download", _MODEL, "--dest", ""], "--dest"),
        (["download", _MODEL, "--period", "\x1b[31m"], "--period"),
        (["download", _MODEL, "--type", "audio"], "--type"),
        *[(words, "--help") for words in (["download"], ["resume", "x"], ["nonsense"])],
        *[(words, "--help") for words in (["--nonsense\n\x1b[31m"], ["--port", "0"])],
    ],
    ids=lambda value: ascii(" ".join(value))[:40] if isinstance(value, list) else "",
)
def test_invalid_input_prints_one_sentence_and_exits_with_2(server, run, monkeypatch, words, said):
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert _is_one_sentence(err) and said in err
    assert "\x1b" not in err and not {p for p in server.requests if "/models/" not in p}
    monkeypatch.delenv("LC_ALL")
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    monkeypatch.setenv("LANG", "zh_TW.UTF-8")
    code, out, err = run(*words)
    assert (code, out) == (2, "") and re.fullmatch(r".*[\u4e00-\u9fff].*\n", err)


def test_sort_that_needs_a_version_is_reported(server, run, dest):
    words = ("download", _MODEL, "--dest", dest, "--limit", "1", "--sort", "Most Reactions")
    assert "give --version to use this sort" in run(*words)[2]
    assert "give --version" not in run(*words, "--version", str(VERSION_ID))[2]


@pytest.mark.parametrize(
    "more, code, said",
    [
        (["--version", str(VERSION_ID)], 0, "There are no pictures: try another --level, --type,"),
        ([], 1, messages.explain_reason("empty_end", "en") + " Try again with: resume 1\n"),
    ],
    ids=["of-a-version", "perhaps-a-time-limit"],
)
def test_empty_gallery_is_reported(run, dest, monkeypatch, more, code, said):
    monkeypatch.setattr(job_items, "_REREAD_SECONDS", 0.01)
    with ApiServer(count=0) as server:
        monkeypatch.setenv("CIVITAI_BASE_URL", server.url)
        result, out, err = run("download", _MODEL, "--dest", dest, *more)
    assert (result, out) == (code, f"0 saved, 0 skipped, 0 failed: {dest}\n")
    assert said in err and ("no pictures" in err) == (code == 0)
    assert ("resume 1" in run("jobs")[1]) == (code == 1)


@pytest.mark.parametrize("what, said", [("999", "model 999"), ("/images/4", "picture 4")])
def test_unknown_model_or_image_exits_with_3(server, run, dest, what, said):
    code, out, err = run("download", what, "--dest", dest)
    assert (code, out) == (3, "") and _is_one_sentence(err) and f"no {said}" in err
    assert not os.path.exists(dest)


@pytest.mark.parametrize("place", ["file/out", "file", "n" * 300])
def test_unwritable_folder_exits_with_2(server, run, tmp_path, place):
    (tmp_path / "file").write_text("")
    code, out, err = run("download", _MODEL, "--dest", str(tmp_path / place))
    assert (code, out) == (2, "")
    assert _is_one_sentence(err) and "Pictures cannot be saved there." in err
    assert str(tmp_path / place) in err
    assert "--dest" in err


@pytest.mark.parametrize("url", ["nonsense", "ftp://127.0.0.1", "http://", "http://[", ""])
def test_invalid_or_unreachable_base_url_is_reported(run, monkeypatch, url):
    monkeypatch.setenv("CIVITAI_BASE_URL", url or f"http://127.0.0.1:{unused_port()}")
    code, out, err = run("download", _MODEL)
    assert (code, out) == (2 if url else 3, "") and _is_one_sentence(err)
    assert err.startswith("CIVITAI_BASE_URL is " if url else "The server could not be reached.")


@pytest.mark.parametrize(
    "answer", [status(500), status(200, b"null"), status(503, Retry_After="900")]
)
def test_server_error_exits_with_3(server, run, answer):
    server.always("model", answer)
    code, out, err = run("download", _MODEL)
    assert (code, out) == (3, "")
    assert _is_one_sentence(err)


def test_failed_gallery_request_exits_with_3_and_the_job_can_be_resumed(server, run, dest):
    server.always("page", status(500))
    code, out, err = run("download", _MODEL, "--dest", dest)
    assert (code, out) == (3, f"0 saved, 0 skipped, 0 failed: {dest}\n")
    assert err.endswith("The server has a problem (500). Continue with: resume 1\n")


def test_wrong_key_is_reported_but_not_printed(server, run, monkeypatch, dest):
    setting.save_api_key("wrong-key")
    for how in ("remove it in the tab", "unset CIVITAI_API_KEY"):
        code, _, err = run("download", _MODEL)
        assert code == 2 and _is_one_sentence(err) and how in err
        assert "does not know this API key" in err and "wrong-key" not in err
        monkeypatch.setenv("CIVITAI_API_KEY", "wrong-key")
    monkeypatch.setenv("CIVITAI_API_KEY", "schlüssel")
    code, _, err = run("download", _MODEL)
    assert code == 2 and _is_one_sentence(err) and "schl" not in err
    monkeypatch.setenv("CIVITAI_API_KEY", "wrong-key")
    server.always("me", status(404))  # a mirror that cannot check keys
    assert run("download", _MODEL, "--dest", dest)[0] == 0


def test_invalid_settings_are_reported_and_replaced_by_defaults(server, run, tmp_path, dest):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "settings.json").write_text('{"http_timeout": -5}')
    code, _, err = run("download", _MODEL, "--dest", dest, "--limit", "1")
    said = "http_timeout must be a whole number from 1 to 600, not -5."
    assert code == 0 and said in err.splitlines()[0]


def _damage(path):
    with open(path, "r+b") as file:
        file.write(b"damage" * 100)
    sqlite._checked.clear()


def _make_newer(path):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 9")


@pytest.mark.parametrize(
    "change, why",
    [(_damage, "was damaged"), (_make_newer, "was made by a newer version")],
    ids=["damaged", "newer"],
)
def test_unreadable_database_is_set_aside_and_reported(server, run, dest, change, why):
    run("download", _MODEL, "--dest", dest)
    before = read_images(dest)
    change(setting.database_file())
    code, out, err = run("jobs")
    assert (code, out) == (0, "")
    said, none = err.splitlines(keepends=True)
    assert _is_one_sentence(said) and why in said
    assert "renamed to" in said and "pictures are untouched" in said
    assert none == "There are no jobs yet.\n"
    assert read_images(dest) == before


def _half_done(server, run, dest):
    """Job 1, paused after its first page of five."""
    server.page = 5
    server.script("page", lambda request, body: request.reply(200, body, {}), *[status(500)] * 4)
    code, _, err = run("download", _MODEL, "--dest", dest)
    assert code == 1 and "Continue with: resume 1" in err


@pytest.mark.parametrize("words", [["resume"], ["resume", "1"]], ids=["all", "one"])
def test_resume_continues_where_the_job_stopped(server, run, dest, words):
    _half_done(server, run, dest)
    asked = len(server.pages)
    code, out, _ = run(*words, "--json")
    assert code == 0
    result = json.loads(out)
    assert (result["job"], result["saved"], result["failed"]) == (1, 20, [])
    assert server.pages[asked]["cursor"].startswith("5|")
    assert set(server.fetched.values()) == {1}
    assert read_images(dest) == server.files()


def test_resume_runs_all_jobs_and_returns_the_highest_exit_code(server, run, dest):
    _half_done(server, run, dest)
    _add_job(dest)
    server.always(server.ids[-1], status(404))
    code, out, err = run("resume")
    assert code == 1 and out.count("\n") == 2
    assert re.findall("^Job .*", err, re.M) == ["Job 1: A model", "Job 2: Another"]
    assert [row["state"] for row in json.loads(run("jobs", "--json")[1])] == ["done", "done"]


def test_job_that_is_queued_in_the_tab_is_reported_and_not_resumed(server, run, dest):
    waiting = _add_job(dest)
    with JobStore(setting.database_file()) as store:
        queue = store.queue_lock()
        assert queue.acquire(shared=True)
        assert json.loads(run("jobs", "--json")[1])[0]["state"] == "queued"
        listed = run("jobs")[1]
        assert "waiting its turn" in listed and "resume" not in listed
        assert "another program is working on the unfinished jobs" in run("resume")[2]
        assert not server.requests
        queue.release()
    assert json.loads(run("jobs", "--json")[1])[0]["state"] == "interrupted"
    assert run("jobs")[1].endswith(f"Continue with: resume {waiting}\n")
    assert run("resume")[0] == 0


def test_resume_reports_if_no_job_is_unfinished(server, run, dest):
    assert run("jobs") == (0, "", "There are no jobs yet.\n")
    assert run("jobs", "--json") == (0, "[]\n", "")
    run("download", _MODEL, "--dest", dest)
    asked = len(server.requests)
    assert run("resume") == (0, "", "There is nothing to resume.\n")
    assert run("resume", "1")[:2] == (0, f"20 saved, 0 skipped, 0 failed: {dest}\n")
    assert len(server.requests) == asked
    cancelled = _add_job(dest + "2", "cancelled")
    assert "nothing to resume" in run("resume")[2]
    assert run("resume", str(cancelled))[1].startswith("0 saved, 20 skipped")


def test_resume_skips_a_job_that_another_process_runs(server, run, dest, monkeypatch):
    monkeypatch.setattr(job_store, "_LOCK_SECONDS", 0.01)
    busy, free = _add_job(dest, "running"), _add_job(dest)
    with JobStore(setting.database_file()) as store:
        lock = store.job_lock(busy)
        assert lock.acquire()
        assert run("resume")[:2] == (0, f"20 saved, 0 skipped, 0 failed: {dest}\n")
        code, out, err = run("resume", str(busy))
        assert (code, out, err) == (2, "", f"Job {busy} is already running.\n")
        assert run("retry", str(busy))[0] == 2
        assert "another program is working on the unfinished jobs" in run("resume")[2]
        listed = run("jobs")[1]
        states = {row["job"]: row["state"] for row in json.loads(run("jobs", "--json")[1])}
        lock.release()
    assert states == {busy: "running", free: "done"}
    assert "downloading" in listed and "Continue with" not in listed


@pytest.mark.parametrize("words", [["retry"], ["retry", "1"]], ids=["all", "one"])
def test_retry_downloads_failed_images_but_not_deleted_ones(server, run, dest, words):
    server.script(server.ids[3], status(403))
    server.always(server.ids[5], status(404))
    assert run("download", _MODEL, "--dest", dest)[0] == 1
    code, out, err = run(*words)
    assert (code, out) == (1, f"19 saved, 0 skipped, 1 failed: {dest}\n")
    assert f"{server.ids[5]}: gone: " in err and "Retry what failed" not in run("jobs")[1]
    assert server.fetched == {**{i: 1 for i in server.ids}, server.ids[3]: 2}
    asked = len(server.requests)
    assert run("retry") == (0, "", "There is nothing to retry.\n")
    assert run("retry", "1")[0] == 1 and len(server.requests) == asked


def test_jobs_are_listed_with_date_progress_and_how_to_resume(server, run, dest):
    _half_done(server, run, dest)
    (row,) = json.loads(run("jobs", "--json")[1])
    before = ["job", "title", "state", "saved", "skipped", "failed", "waiting", "folder", "note"]
    assert list(row) == [*before, "total", "bytes", "created", "group", "subject", "filters"]
    assert (row["saved"], row["total"], row["state"]) == (5, 200, "paused")
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", row["created"])
    _add_job(dest, "running")
    with sqlite3.connect(setting.database_file()) as connection:
        connection.execute("UPDATE jobs SET created = 31579200")
    connection.close()
    date = time.strftime("%Y-%m-%d %H:%M", time.localtime(31579200))
    code, out, err = run("jobs")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        " JOB  STATE        STARTED                DONE  FAILED  TITLE",
        f"   2  interrupted  {date}      0/100          Another",
        f"      up to 100 pictures · Newest · rated up to PG · In {dest}",
        "      Continue with: resume 2",
        f"   1  paused       {date}      5/200          A model",
        f"      up to 200 pictures · Newest · rated up to PG · In {dest}",
        "      The server has a problem (500). Continue with: resume 1",
    ]


def test_jobs_are_found_by_words(server, run, dest):
    server.always(server.ids[4], status(404))
    run("download", _MODEL, "--dest", dest, "--level", "R")
    _add_job(dest)
    for words, title in (
        (["failed"], "A model"),
        (["newest", "model"], "A model"),
        (["another"], "Another"),
    ):
        row, _, *_ = run("jobs", *words)[1].splitlines()[1:]
        assert row.endswith(title)
    assert run("jobs", "nothing") == (0, "", "No download matches.\n")


def test_title_cannot_send_commands_to_the_terminal(server, run, dest):
    with JobStore(setting.database_file()) as store:
        store.add_job("a\x1b[31m\x07\r\nb\x9bc\u202e", ImageQuery(MODEL_ID), dest, 1)
    row = run("jobs")[1].splitlines()[1]
    assert row.endswith("  a?[31m???b?c?")


def _add_job(dest, state="queued"):
    with JobStore(setting.database_file()) as store:
        job_id = store.add_job("Another", ImageQuery(MODEL_ID), dest, 100)
        store.set_state(job_id, state)
    return job_id


def test_title_that_the_console_cannot_encode_is_no_error(program):
    title, plain = "燈塔 \U0001f600", {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    with JobStore(str(program.data / "gallery.db")) as store:
        store.add_job(title, ImageQuery(MODEL_ID), "x", 1)
    done = program.run("jobs", **plain)
    assert (done.returncode, done.stderr) == (0, "") and "?? ?" in done.stdout.splitlines()[1]
    assert json.loads(program.run("jobs", "--json", **plain).stdout)[0]["title"] == title


@pytest.mark.parametrize("how", ENDING_SIGNALS[:-1])
def test_interrupted_job_keeps_its_images_and_can_be_resumed(server, program, tmp_path, how):
    server.delay, server.size, dest = 0.1, 200_000, tmp_path / "out"
    reached = threading.Event()
    server.on_picture = lambda i: i == FIRST_ID + 12 and reached.set()
    with program.start("download", _MODEL, "--dest", str(dest), "--json") as process:
        assert reached.wait(20)
        end_process(process, how)
        out, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert err.endswith("Interrupted. Continue with: resume 1\n") and "Traceback" not in err
    assert 0 < json.loads(out.splitlines()[-1])["saved"] < 20
    there = {name: body for name, body in read_images(dest).items() if name[0] != "."}
    assert there == {name: server.files()[name] for name in there}
    resumed = program.run("resume")
    assert part_files(tmp_path) == []
    assert resumed.returncode == 0 and resumed.stdout.startswith("20 saved")
    assert {i for i, n in server.fetched.items() if n > 1} <= {
        i for i in server.ids if server.file_of(i) not in there
    }


@pytest.mark.posix
def test_second_ctrl_c_ends_the_program_at_once(server, program, tmp_path):
    reached = threading.Event()
    server.on_picture = lambda _: (reached.set(), time.sleep(2))
    with program.start("download", _MODEL, "--dest", str(tmp_path / "out")) as process:
        assert reached.wait(20)
        end_process(process, ENDING_SIGNALS[0])
        time.sleep(0.05)
        end_process(process, ENDING_SIGNALS[0])
        _, err = process.communicate(timeout=10)
    assert process.returncode == 130 and "Traceback" not in err


@pytest.mark.posix
def test_ctrl_c_before_the_job_starts_prints_no_traceback(server, program):
    asked = threading.Event()
    late = status(404)  # a signal just before the program waits is seen when it has waited
    server.always("model", lambda *args: (asked.set(), time.sleep(2), late(*args)))
    with program.start("download", _MODEL) as process:
        assert asked.wait(20)
        end_process(process, ENDING_SIGNALS[0])
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (130, "", "")


def _show_on_a_terminal(program, stream, *words):
    """Run a program whose stream is a terminal of 80 columns; return what was written to it."""
    ours, theirs = os.openpty()
    streams = {"stdout": subprocess.DEVNULL, stream: theirs}
    environment, shown = {**program.environment, "COLUMNS": "80"}, b""
    process = subprocess.Popen([sys.executable, ENTRY, *words], env=environment, **streams)
    os.close(theirs)
    while select.select([ours], [], [], 30)[0]:
        try:
            data = os.read(ours, 65536)
        except OSError:  # the other end was closed
            break
        if not data:
            break
        shown += data
    os.close(ours)
    assert process.wait(10) == 0
    return shown.decode()


@pytest.mark.posix
def test_terminal_shows_a_progress_bar_that_ends_full(server, program, tmp_path):
    words = ("download", _MODEL, "--dest", str(tmp_path / "out"))
    shown = _show_on_a_terminal(program, "stderr", *words)
    bar, gallery = shown.rstrip("\r\n").split("\n")
    last = bar.rstrip("\r").split("\r")[-1]
    assert "Civitai's list ended after " in gallery
    assert re.fullmatch(r"Downloading pictures 20/20  .*  \[#+\] *", last)
    assert shown.endswith("\r\n") and shown.count("\n") == 2


@pytest.mark.posix
def test_titles_are_cut_to_the_terminals_width(program):
    with JobStore(str(program.data / "gallery.db")) as store:
        for title in ("塔" * 300, "short"):
            store.add_job(title, ImageQuery(MODEL_ID), "x", 1)
    lines = _show_on_a_terminal(program, "stdout", "jobs").splitlines()
    assert lines[1].endswith("  short") and lines[4].endswith("塔...")
    assert len(lines) == 7 and len(lines[4]) + lines[4].count("塔") < 80


def _through_a_shell(program, command):
    return subprocess.run(
        [
            "bash",
            "-c",
            f'set -o pipefail; run() {{ "{sys.executable}" "{ENTRY}" "$@"; }}; {command}',
        ],
        env=program.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.posix
@pytest.mark.parametrize("streams", ["<&- >&- 2>&-", "2>&1 | exec true", "| exec true"])
def test_download_completes_if_its_streams_are_closed(server, program, tmp_path, streams):
    dest = tmp_path / "out"
    server.delay = 0.01
    done = _through_a_shell(program, f'run download {_MODEL} --dest "{dest}" {streams}')
    assert done.returncode == 0 and "Traceback" not in done.stderr
    assert read_images(dest) == server.files()
    with JobStore(str(program.data / "gallery.db")) as store:
        assert store.get_job(1).state == "done"
    for command in ("download --help", "jobs") if streams == "| exec true" else ():
        done = _through_a_shell(program, f"run {command} | exec true")
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_result_that_cannot_be_written_exits_with_3(server, program, tmp_path):
    done = _through_a_shell(
        program, f'run download {_MODEL} --json --dest "{tmp_path}" > /dev/full'
    )
    assert done.returncode == 3
    assert done.stderr.endswith(
        "The result cannot be written to stdout: No space left on device.\n"
    )


def test_help_names_every_key_of_a_search_and_every_field_of_a_file_name(run):
    searching, downloading = (run(name, "--help")[1] for name in ("search", "download"))
    flags = [f"{key}:{flag}" for key, names in search.FLAGS.items() for flag in names]
    for word in {*search.KEYS, *flags} - {"is", "has", "is:installed"}:
        assert re.search(rf"(?<!\S){word}\b", searching), word
    assert all(f"{{{field}" in downloading for field in FIELDS)


def test_help_describes_every_option_with_its_default_and_valid_examples(run):
    parser = arguments.build_parser()
    (commands,) = (a for a in parser._actions if isinstance(a.choices, dict))
    for each in (parser, *commands.choices.values()):
        for action in each._actions:
            if action.option_strings and action.dest != "help":
                assert "default: " in action.help, action
            assert action.help or action is commands, action
    names = "download models engines make resume retry jobs search export figures"
    assert set(commands.choices) == set(names.split())
    for words in ([], ["download"]):
        lines = [line for line in run(*words, "--help")[1].splitlines() if "_shortcut.py " in line]
        examples = [line for line in lines if line.startswith("  python ")]
        assert len(examples) >= 3
        for example in examples:
            parser.parse_args(shlex.split(example)[2:])


def test_demo_option_works_before_and_after_the_command():
    expected = {"--demo jobs": 1, "jobs --demo": 1, "jobs": 0, "": 0, "--demo": 1}
    for words, is_demo in expected.items():
        assert arguments.build_parser().parse_args(words.split()).demo == is_demo


def test_download_does_not_load_gradio(server, program, tmp_path):
    words = ["download", _MODEL, "--dest", str(tmp_path / "out")]
    done = subprocess.run(
        [sys.executable, "-X", "importtime", ENTRY, *words],
        env=program.environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and not re.search(r"\| +gradio\b", done.stderr)
