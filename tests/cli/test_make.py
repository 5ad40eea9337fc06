"""`engines` and `make` at a terminal, with a stand-in ComfyUI and A1111."""

import io
import json
import os

import pytest
from civitai_demo.gallery import list_gallery, make_meta
from civitai_demo.gallery.catalogue import find_demo_model
from civitai_manager_libs import engines, setting
from civitai_manager_libs.infotext import read_embedded
from civitai_manager_libs.library import reproductions
from engine_stand_ins import make_png

LINE = "Steps: 4, Sampler: Euler, Schedule type: Karras, CFG scale: 7, Seed: 5, Size: 64x64"
TEXT = f"a cat\nNegative prompt: blurry\n{LINE}, Model: dream_8, RNG: CPU, Version: v1.10.1"


@pytest.fixture(autouse=True)
def _quick(monkeypatch, quick_engines, tmp_path):
    monkeypatch.setattr(engines.find, "_USUAL", ())
    setting.change("made_images_folder", str(tmp_path / "made"))


@pytest.fixture
def servers(comfy, a1111):
    return comfy, a1111


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "picture.png"
    path.write_bytes(make_png(parameters=TEXT))
    return str(path)


def test_engines_that_answer_are_listed(run, servers):
    code, out, _ = run("engines")
    assert code == 0 and "ComfyUI 0.33.0" in out
    assert f"{servers[0].url}" in out and "2 models, 1 LoRA, 1 VAE" in out
    rows = json.loads(run("engines", "--json")[1])
    assert [row["kind"] for row in rows] == ["comfyui", "webui"]
    assert rows[0]["files"]["sampler"] == ["euler", "dpmpp_2m"]


def test_no_engine_is_one_sentence(run, picture):
    setting.change("engine_addresses", "http://127.0.0.1:9")
    for words in (("engines",), ("engines", "--json"), ("make", picture)):
        code, out, error = run(*words)
        assert (code, out.strip("[]\n")) == (3, "") and error.startswith("No engine answers")


def test_image_is_made_and_kept_with_its_infotext(run, servers, picture):
    code, out, error = run("make", picture, "--engine", "comfyui", "--json")
    result = json.loads(out)
    assert code == 0 and result["should_match"] and "The image should match." in error
    assert os.path.basename(result["path"]) == "image-5.png"
    assert read_embedded(result["path"]).infotext == result["infotext"]
    assert "Version: ComfyUI 0.33.0" in result["infotext"]
    again = json.loads(run("make", picture, "--engine", servers[0].url, "--json")[1])
    assert os.path.basename(again["path"]) == "image-5-2.png"


def test_what_a_webui_did_differently_is_said(run, servers, picture, tmp_path):
    servers[1].edits["Sampler"] = "DPM++ 2M"
    folder = str(tmp_path / "other")
    code, out, error = run("make", picture, "--engine", "webui", "--seed", "9", "--dest", folder)
    assert code == 0 and os.path.join(folder, "image-9.png") in out
    assert "Another seed makes another image." in error
    assert "DPM++ 2M" in error.partition("differently from what was asked")[2]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        ((), 2, "choose one with --engine"),
        (("--engine", "http://127.0.0.1:9"), 3, "not among the known addresses"),
        (("--engine", "fooocus"), 3, "No engine"),
        (("--seed", "-5"), 2, "whole number"),
    ],
)
def test_bad_choice_is_one_sentence(run, servers, picture, words, code, sentence):
    found, _, error = run("make", picture, *words)
    assert found == code and sentence in error and error.count("\n") == 1


def test_missing_files_are_named_and_nothing_is_made(run, servers, tmp_path):
    path = tmp_path / "b.png"
    path.write_bytes(make_png(parameters=f"a <lora:gone:1>\n{LINE}, Model: dream_8"))
    code, _, error = run("make", str(path), "--engine", "comfyui")
    assert code == 3 and error == "ComfyUI 0.33.0 lacks: LoRA gone.\n"
    code, _, error = run("make", str(path), "--engine", "comfyui", "--allow-missing")
    assert code == 0 and "Made without gone (lora)" in error


def test_image_of_civitai_is_kept_as_its_reproduction(run, servers, demo, monkeypatch):
    monkeypatch.setenv("CIVITAI_BASE_URL", demo.url)
    images = list_gallery(find_demo_model(900_001))
    image = next(one for one in images if (make_meta(one) or {}).get("seed"))
    code, _, error = run("make", str(image.id), "--engine", "comfyui", "--allow-missing")
    assert (code, reproductions.list_reproductions(image.id)) == (3, []) and "checkpoint" in error
    name = error.partition("checkpoint ")[2].partition(".")[0].partition(",")[0]
    servers[0].lists["ckpt_name"].append(f"{name}.safetensors")
    servers[0].lists["sampler_name"] += ["euler_ancestral", "dpmpp_2m_sde", "dpmpp_sde", "uni_pc"]
    servers[0].lists["scheduler"] += ["exponential", "sgm_uniform"]
    code, out, error = run("make", str(image.id), "--engine", "comfyui", "--allow-missing")
    assert code == 0, error
    (made,) = reproductions.list_reproductions(image.id)
    assert f"Made: {made.path}" in out and os.path.isfile(made.path)


def test_login_is_read_from_stdin(run, servers, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("me:secret\n"))
    assert run("engines", "--login", servers[1].url)[0] == 0
    run("engines")
    sent = [headers for _, path, _, headers in servers[1].asked if path == "/sdapi/v1/loras"]
    assert sent[-1]["Authorization"].startswith("Basic ")
    monkeypatch.setattr("sys.stdin", io.StringIO("secret\n"))
    code, _, error = run("engines", "--login", servers[1].url)
    assert code == 2 and "secret" not in error
