"""What the panel says of a job, in words."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from civitai_manager_libs.civitai.pagination import ImageQuery
from civitai_manager_libs.jobs.job_records import (
    Item,
    Job,
    JobOptions,
    JobState,
    ModelFileState,
    WalkReport,
    WalkState,
)
from civitai_manager_libs.jobs.service import JobView
from civitai_manager_libs.web.routes import jobs

_QUERY = ImageQuery(5)
_JOB = Job(
    1, 0.0, "One", _QUERY, "/pictures", 20, False, JobState.RUNNING, "", "", None, WalkState.OVER
)
_COUNTS = {"saved": 3, "skipped": 1, "waiting": 16, "bytes": 3 << 20}
_NOW = replace(_JOB, **_COUNTS, is_live=True, rate=float(1 << 20), seconds_left=65.0)


def _row(job, progress=None, failed=(), missing=0, before=0):
    status = _live(replace(job, jobs_ahead=before) if progress is None else progress)
    return jobs.make_job_card(JobView(job, list(failed), missing, status), "en")


def _live(job):
    return replace(job, will_retry=job.is_live and job.state is JobState.PAUSED)


def _offered(row):
    return [action["name"] for action in row["actions"]]


_WAITS = replace(_NOW, state=JobState.PAUSED)
_PAUSED = replace(_JOB, state=JobState.PAUSED, saved=3, waiting=17)
_QUEUED = replace(_JOB, state=JobState.QUEUED, walk=WalkState.FIRST, waiting=20)
_CANCELLED = replace(_JOB, state=JobState.CANCELLED, saved=3, waiting=17)
_DONE = replace(_JOB, state=JobState.DONE, saved=20)
_LACKS = "4 pictures were saved before, but the files no longer exist"


@pytest.mark.parametrize(
    "job,more,said,note,offered",
    [
        (_NOW, {}, "4 of 20 · 3.0 MB · 1.0 MB/s · 1:05 left", "", "pause cancel"),
        (
            *(replace(_NOW, walk=WalkState.FIRST), {}),
            *("4 of at most 20 · 3.0 MB · 1.0 MB/s · 1:05 left", "", "pause cancel"),
        ),
        (
            *(replace(_NOW, rate=0.0, seconds_left=None), {}),
            *("4 of 20 · 3.0 MB · waiting for the server", "", "pause cancel"),
        ),
        (
            *(replace(_WAITS, reason="network", retry_in=39.6), {}),
            *("4 of 20 · 3.0 MB · resuming in 40 s", "once the network is back"),
            "resume pause cancel",
        ),
        (
            *(replace(_WAITS, reason="disk", missing=250 << 20), {}),
            *("4 of 20 · 3.0 MB", "free 250.0 MB more", "resume pause cancel"),
        ),
        (_PAUSED, {}, "3 of 20 · 0 B", "", "resume cancel"),
        (_QUEUED, {"before": 7}, "0 of at most 20 · 0 B · 7 ahead of it", "", "first pause cancel"),
        (_QUEUED, {}, "0 of at most 20 · 0 B", "", "pause cancel"),
        (_CANCELLED, {}, "3 saved · 17 not downloaded", "", "resume open forget"),
        (replace(_CANCELLED, saved=20, waiting=0), {}, "20 saved", "", "open forget"),
        (_DONE, {}, "20 saved", "", "open forget"),
        (replace(_DONE, saved=0, skipped=20), {}, "0 saved · 20 there already", "", "open forget"),
        (replace(_DONE, saved=0, failed=20), {}, "0 saved", "", "forget"),
        (_DONE, {"missing": 4}, "20 saved", _LACKS, "anew open forget"),
    ],
)
def test_card_says_how_a_job_stands_and_offers_what_can_be_done(job, more, said, note, offered):
    row = _row(job, **more)
    assert row["line"].startswith(said) and note in row["note"] and bool(note) == bool(row["note"])
    assert _offered(row) == offered.split() and row["folder"] == "/pictures"


@pytest.mark.parametrize(
    "job,label,chinese",
    [
        (replace(_WAITS, reason="network", retry_in=39.6), "waiting", "等待中"),
        (_PAUSED, "paused", "已暫停"),
        (_QUEUED, "waiting its turn", "排隊等候"),
        (replace(_NOW, walk=WalkState.SECOND), "checking for missed pictures", "檢查"),
        (_DONE, "done", "完成"),
        (replace(_DONE, saved=1, failed=19), "19 failed", "19"),
    ],
)
def test_state_of_a_job_has_a_label_in_each_language(job, label, chinese):
    assert _row(job)["state_label"] == label
    assert chinese in jobs.make_job_card(JobView(job, [], 0, _live(job)), "zh-TW")["state_label"]


def test_finished_job_offers_first_to_retry_what_failed():
    item = Item(1, 7, "https://image.civitai.com/7.png", "image", "", "failed", "network", "")
    row = _row(replace(_DONE, saved=1, failed=19), failed=[item], missing=3)
    assert (row["state"], row["line"]) == ("done", "1 saved")
    assert _offered(row) == ["retry", "anew", "open", "forget"]
    running = _row(_JOB, _NOW)
    assert (running["percent"], running["saved"], running["skipped"]) == (20, 3, 1)


@pytest.mark.parametrize("reason,offered", [("gone", False), ("network", True)])
def test_retry_is_offered_only_if_it_can_help(reason, offered):
    item = Item(1, 7, "https://image.civitai.com/7.png", "image", "", "failed", reason, "")
    row = _row(replace(_JOB, state=JobState.DONE, saved=19, failed=1), failed=[item])
    assert ("retry" in _offered(row)) is offered
    assert row["toast"].startswith("1 failed (")
    [failed] = row["failures"]
    assert (failed["id"], failed["code"], failed["has_thumb"]) == (7, reason, True)
    assert failed["url"] == "https://civitai.com/images/7" and failed["reason"]


def test_report_is_shown_in_words_once_the_job_is_over():
    report = WalkReport(120, kept_back=20, without_data=5, dropped=2, empty_pages=1, end="end")
    job = replace(_JOB, saved=20, report=report)
    assert _row(job, _NOW)["report"] is None
    told = _row(replace(job, state=JobState.DONE))["report"]
    assert told["end"].startswith("Civitai's list ended after ")
    assert [line.rpartition(": ")[2] for line in told["lines"]] == ["120", "20", "5", "2", "1"]
    cut = _row(replace(job, state=JobState.CANCELLED, report=WalkReport(7)))["report"]
    assert "did not reach" in cut["end"] and len(cut["lines"]) == 1
    chinese = jobs.make_job_card(JobView(replace(job, state=JobState.DONE), []), "zh-TW")["report"]
    assert chinese["end"] == "Civitai 的清單在 120 張圖片後結束。" and len(chinese["lines"]) == 5


@pytest.mark.parametrize(
    "numbers,end,said",
    [
        ((1144, 1144, 1144, "end"), "end", "Both passes found the same 1,144."),
        ((10, 14, 10, "end"), "end", "found 4 that the first had missed: 14 in all"),
        ((14, 10, 10, "blank"), "end", "found 14: the second found 4 fewer"),
        ((1000, 970, 942, "end"), "end", "About 2 may be missing"),
        ((5, 5, 0, "end"), "end", "no picture in common"),
        ((5, 9, 5, "limit"), "end", "raise it to get the rest"),
        ((0, 0, 0, ""), "limit", "the first stopped before the end"),
        ((0, 0, 0, ""), "end", "The second pass did not reach its end"),
    ],
)
def test_second_walk_shows_how_complete_the_download_is(numbers, end, said):
    first, second, both, second_end = numbers
    report = WalkReport(9, first=first, second=second, both=both, end=end, second_end=second_end)
    job = replace(_JOB, state=JobState.DONE, report=report, options=JobOptions(verify=True))
    assert said in _row(job)["report"]["end"]
    chinese = jobs.make_job_card(JobView(job, []), "zh-TW")["report"]["end"]
    assert "。" in chinese and " " not in chinese.partition("。")[2][:1]


def test_reasons_are_counted_in_words():
    items = [
        Item(n, n, "https://image.civitai.com/7.png", "image", "", "failed", reason, "")
        for n, reason in enumerate(("gone", "needs_key", "gone"))
    ]
    row = _row(replace(_JOB, state=JobState.DONE, saved=17, failed=3), failed=items)
    assert row["failed_label"] == "3 failed (no longer there: 2 · needs a key: 1)"


# Model files

_MODELS = replace(
    _JOB,
    wanted=3,
    waiting=2,
    saved=1,
    bytes=1 << 30,
    waiting_bytes=3 << 30,
    options=JobOptions(kind="models"),
)


def _model_row(job, progress=None, failed=(), files=(), language="en"):
    status = None if progress is None else _live(replace(progress, is_live=True))
    return jobs.make_job_card(JobView(job, list(failed), 0, status, tuple(files)), language)


def test_job_of_model_files_shows_its_progress_in_bytes():
    now = replace(_MODELS, rate=float(1 << 20), seconds_left=3072.0)
    row = _model_row(_MODELS, now)
    assert row["line"] == "1.0 GB of 4.0 GB · 1 of 3 files · 1.0 MB/s · 51:12 left"
    assert (row["kind"], row["percent"]) == ("models", 25)


def test_job_of_model_files_keeps_its_percentage_while_it_is_paused():
    row = _model_row(replace(_MODELS, state=JobState.PAUSED))
    assert (row["line"], row["percent"]) == ("1.0 GB of 4.0 GB · 1 of 3 files", 25)


def test_reached_quota_says_when_the_job_resumes():
    waits = replace(_MODELS, state=JobState.PAUSED, reason="quota", retry_in=3599.0)
    row = _model_row(_MODELS, waits)
    assert row["line"].endswith("resuming in 59:59") and "by itself in an hour" in row["note"]


def test_failed_model_file_is_named_with_a_link_to_its_page():
    record = json.dumps({"version_id": 7, "model_id": 5, "url": "/x", "path": "/models/a.gguf"})
    item = Item(1, 9, "/x", "model", record, "failed", "gone", "It is gone.")
    over = replace(_MODELS, state=JobState.DONE, failed=1, waiting=0, waiting_bytes=0)
    row = _model_row(over, failed=[item])
    (failure,) = row["failures"]
    assert failure["url"].endswith("/models/5?modelVersionId=7") and not failure["has_thumb"]
    assert (failure["title"], failure["reason"][:8]) == ("a.gguf", "The file")
    assert row["toast"] == row["failed_label"] == "1 failed (no longer there: 1)"


@pytest.mark.parametrize("language", ["en", "zh-TW", "zh-CN"])
def test_early_access_found_while_downloading_is_shown_with_its_date(language):
    said = ("early_access", "The model is in early access until 2027-01-05.")
    item = Item(1, 9, "/x", "model", '{"path": "/models/a.gguf"}', "failed", *said)
    file = ModelFileState(1, 7, "a", "A", "/a", "failed", 0, 1, *said)
    over = replace(_MODELS, state=JobState.DONE, failed=1, waiting=0, waiting_bytes=0)
    row = _model_row(over, failed=[item], files=[file], language=language)
    assert "2027-01-05" in row["failures"][0]["reason"]
    assert row["model_files"][0]["line"] == row["failures"][0]["reason"]


@pytest.mark.parametrize("language, words", [("en", "refresh button"), ("zh-TW", "重新整理")])
def test_host_that_missed_a_new_file_is_reported_once(language, words):
    files = [
        ModelFileState(i, 7, "a", "A", "/a", "saved", 1, 1, "refresh_host no_companions")
        for i in range(2)
    ]
    row = _model_row(replace(_MODELS, state=JobState.DONE), files=files, language=language)
    assert row["note"].count(words) == 1
