"""`figures` at a terminal."""

import functools
import json

import pytest
from civitai_manager_libs import library as library_of_this_process, setting
from civitai_manager_libs.civitai import ImageQuery
from civitai_manager_libs.jobs import JobOptions, JobStore


@pytest.fixture
def figures(run, demo, monkeypatch):
    """(exit code, stdout, stderr) of `figures` on the demo."""
    monkeypatch.setenv("CIVITAI_BASE_URL", demo.url)
    return functools.partial(run, "figures")


def test_no_request_is_sent_without_the_read_option(figures, demo):
    demo.requests.clear()
    code, said, _ = figures("900001")
    assert code == 0 and not demo.requests
    assert "0 pictures read" in said and "No picture of this gallery" in said


def test_table_and_json_show_the_same_statistics(figures, demo):
    demo.requests.clear()
    code, table, told = figures("900001", "--read", "150")
    assert code == 0 and told == "Records read: 200.\n"
    assert not [path for path in demo.requests if "/images/" in str(path)]  # no picture
    found = json.loads(figures("900001", "--json")[1])
    assert f"{found['image_count']} pictures read, {found['with_data']} with data" in table
    lines = {" ".join(line.split()[:-1]) for line in table.splitlines() if line}
    for group in found["groups"]:
        for bar in group["bars"][:8] if group["kind"] != "lora" else ():
            numbers = f"{bar['count']} {bar['share']:.0%} {bar['reactions']:.1f}".removesuffix(".0")
            assert f"{' '.join(bar['label'].split())} {numbers}" in lines
    assert found["recipe"] in table and "By version" in table


def test_records_read_by_a_download_are_counted(figures, run, tmp_path):
    assert run("download", "900001", "--limit", "5", "--dest", str(tmp_path / "out"))[0] == 0
    assert library_of_this_process.wait_for_writes(0)
    assert json.loads(figures("900001", "--json")[1])["image_count"] == 20  # a page


def test_reading_started_in_the_tab_can_be_resumed(figures, run):
    query = ImageQuery(model_id=900001)
    with JobStore(setting.database_file()) as store:
        options = JobOptions(reads_only=True)
        job_id = store.add_job("Quiet Places", query, "", 30, options=options)
    assert run("resume", str(job_id))[:2] == (0, "Records read: 30.\n")
    assert json.loads(figures("900001", "--json")[1])["image_count"] == 30


def test_version_option_restricts_the_statistics(figures, monkeypatch):
    figures("900001", "--read", "100")
    every = json.loads(figures("900001", "--json")[1])
    one = every["versions"][0]
    narrowed = json.loads(figures("900001", "--version", str(one["id"]), "--json")[1])
    assert narrowed["image_count"] == one["image_count"] < every["image_count"]
    monkeypatch.setenv("LC_ALL", "zh_TW.UTF-8")
    assert "取樣方法" in figures("900001")[1]


@pytest.mark.parametrize("what", ["some words", "https://civitai.com/user/anna"])
def test_statistics_without_a_model_are_refused(figures, what):
    code, said, told = figures(what)
    assert (code, said) == (2, "") and told.count("\n") == 1
