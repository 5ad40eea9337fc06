"""`search` at a terminal: what was read, in lines or as JSON."""

import json
import runpy
import sys

import pytest
from civitai_manager_libs.library import bookmarks, image_records, wait_for_writes
from cli_process import ENTRY
from stored_images import make_image, store_model

_PROMPTS = {
    1: "a lighthouse, golden hour",
    2: "hour of gold \x1b[31m\nsecond line",
    3: "海邊的燈塔",
}


@pytest.fixture
def run(capsys, monkeypatch, library):
    for n, prompt in _PROMPTS.items():
        about = {"baseModel": "SDXL 1.0" if n == 2 else "Pony", "browsingLevel": 4 if n == 3 else 1}
        image = make_image(n, meta={"prompt": prompt, "steps": 10 * n}, **about)
        image_records.store_images([image])
    library.forget()

    def run(*words, locale="C.UTF-8", command="search"):
        monkeypatch.setenv("LC_ALL", locale)
        monkeypatch.setattr(sys, "argv", [ENTRY, command, *words])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(ENTRY, run_name="__main__")
        return ended.value.code, *capsys.readouterr()

    return run


def _ids(out):
    return [int(line.split()[0]) for line in out.splitlines()]


@pytest.mark.parametrize(
    "words,ids",
    [
        *[([], [3, 2, 1]), (["hour", "golden hour"], [1]), (["海"], [3])],
        *[([word, "steps>=20"], [2]) for word in ("base:SDXL 1.0", "base=SDXL 1.0")],
        *[(["-base=SDXL 1.0", "steps<=20"], [1]), (['base:"SDXL 1.0" steps>=20'], [2])],
        *[(["--level", "PG"], [2, 1]), (["--sort", "Oldest", "--limit", "2"], [1, 2])],
    ],
)
def test_matching_images_are_listed_one_per_line(run, words, ids):
    code, out, _ = run(*words)
    assert (code, _ids(out)) == (0, ids)
    assert "\x1b" not in out


def test_json_has_what_a_script_needs(run):
    code, out, err = run("golden", "--json")
    [told] = json.loads(out)
    assert (code, err) == (0, "")
    assert (told["id"], told["author"], told["base_model"]) == (1, "harbor", "Pony")
    assert told["infotext"].startswith(_PROMPTS[1])


def test_no_match_and_more_matches_are_reported(run):
    assert run("zzz")[1:] == ("", "Nothing in the library matches.\n")
    assert run("zzz", locale="zh_TW.UTF-8")[2] == "本機圖庫中沒有符合的圖片。\n"
    assert "還有" not in run("steps<40", "--limit", "3", locale="zh_TW.UTF-8")[2]
    assert "--limit" in run("steps<40", "--limit", "2")[2]


@pytest.mark.parametrize("typed", ["steps>x", "after:soon", "is:installed"])
def test_unsupported_parts_are_reported_and_the_rest_is_searched(run, typed):
    code, out, err = run(f"{typed} golden")
    assert (code, _ids(out)) == (0, [1]) and f"“{typed}” cannot be searched for" in err


def test_all_bookmarks_or_one_collection_are_exported(run):
    bookmarks.change_annotations([1], bookmarks.AnnotationChange(favourite=True))
    bookmarks.add_to_collection(list(image_records.find_images([2, 3]).values()), "Sea")
    code, out, err = run(command="export")
    assert (code, err) == (0, "") and [p["id"] for p in json.loads(out)["pictures"]] == [1, 2, 3]
    told = json.loads(run("sea", command="export")[1])
    assert told["sets"] == [{"name": "Sea", "ids": [2, 3]}] and len(told["pictures"]) == 2
    assert run("lake", command="export") == (3, "", "There is no collection “lake”.\n")


def test_records_are_exported_a_line_each(run):
    image_records.store_images([make_image(9, tags=[{"id": 7, "name": "sea"}])])
    assert wait_for_writes(60)
    lines = [json.loads(line) for line in run("--records", command="export")[1].splitlines()]
    assert [one["id"] for one in lines] == sorted(one["id"] for one in lines) and len(lines) > 2
    assert lines[0]["parameters"]["Steps"] and lines[0]["path"] == ""
    assert (lines[0]["site_tags"], lines[-1]["site_tags"]) == (None, ["sea"])


def test_images_that_may_be_sold_are_found_across_pages_of_a_search(run):
    store_model(5, "Free", (50, "v1"), allowCommercialUse=["Image"])
    store_model(6, "Strict", (60, "v1"), allowCommercialUse=[])
    image_records.store_images(
        make_image(n, modelVersionIds=[50 if n % 120 == 0 else 60]) for n in range(100, 400)
    )
    assert _ids(run("is:commercial")[1]) == [360, 240, 120]
    assert _ids(run("is:commercial", "--limit", "1")[1])[0] == 360
    assert _ids(run("lighthouse -is:commercial")[1]) == [1]
