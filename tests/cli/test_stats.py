"""`figures` at a terminal."""

from __future__ import annotations

import json

import pytest
from civitai_manager_libs import library as library_of_this_process, setting
from civitai_manager_libs.civitai import ImageQuery
from civitai_manager_libs.cli import arguments, commands
from civitai_manager_libs.jobs import JobOptions, JobStore


@pytest.fixture(autouse=True)
def _english(monkeypatch, library):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture
def run(capsys, demo, monkeypatch):
    """(exit code, stdout, stderr) of `figures` on the demo."""
    monkeypatch.setenv("CIVITAI_BASE_URL", demo.url)

    def run(*words):
        capsys.readouterr()
        code = commands.run_command(arguments.build_parser().parse_args(["figures", *words]))
        return code, *capsys.readouterr()

    return run


def test_no_request_is_sent_without_the_read_option(run, demo):
    demo.requests.clear()
    code, said, _ = run("900001")
    assert code == 0 and not demo.requests
    assert "0 pictures read" in said and "No picture of this gallery" in said


def test_table_and_json_show_the_same_statistics(run, demo):
    demo.requests.clear()
    code, table, told = run("900001", "--read", "150")
    assert code == 0 and told == "Records read: 200.\n"
    assert not [path for path in demo.requests if "/images/" in str(path)]  # no picture
    found = json.loads(run("900001", "--json")[1])
    assert f"{found['image_count']} pictures read, {found['with_data']} with data" in table
    lines = {" ".join(line.split()[:-1]) for line in table.splitlines() if line}
    for group in found["groups"]:
        for bar in group["bars"][:8] if group["kind"] != "lora" else ():
            numbers = f"{bar['count']} {bar['share']:.0%} {bar['reactions']:.1f}".removesuffix(".0")
            assert f"{' '.join(bar['label'].split())} {numbers}" in lines
    assert found["recipe"] in table and "By version" in table


def test_records_read_by_a_download_are_counted(run, tmp_path, monkeypatch):
    words = ["download", "900001", "--limit", "30", "--dest", str(tmp_path / "out")]
    assert commands.run_command(arguments.build_parser().parse_args(words)) == 0
    assert library_of_this_process.wait_for_writes(0)
    assert json.loads(run("900001", "--json")[1])["image_count"] == 30


def test_reading_started_in_the_tab_can_be_resumed(run, capsys):
    query = ImageQuery(model_id=900001)
    with JobStore(setting.database_file()) as store:
        options = JobOptions(reads_only=True)
        job_id = store.add_job("Quiet Places", query, "", 30, options=options)
    words = ["resume", str(job_id)]
    assert commands.run_command(arguments.build_parser().parse_args(words)) == 0
    assert capsys.readouterr().out == "Records read: 30.\n"
    assert json.loads(run("900001", "--json")[1])["image_count"] == 30


def test_version_option_restricts_the_statistics(run):
    run("900001", "--read", "100")
    every = json.loads(run("900001", "--json")[1])
    one = every["versions"][0]
    narrowed = json.loads(run("900001", "--version", str(one["id"]), "--json")[1])
    assert narrowed["image_count"] == one["image_count"] < every["image_count"]


def test_table_is_in_chinese_for_a_chinese_terminal(run, monkeypatch):
    monkeypatch.setenv("LC_ALL", "zh_TW.UTF-8")
    run("900001", "--read", "100")
    assert "取樣方法" in run("900001")[1]


@pytest.mark.parametrize("what", ["some words", "https://civitai.com/user/anna"])
def test_statistics_without_a_model_are_refused(run, what):
    code, said, told = run(what)
    assert (code, said) == (2, "") and told.count("\n") == 1
