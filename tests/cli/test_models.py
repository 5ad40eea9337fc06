"""`models` at a terminal: what pictures need, what is here, and how the rest is fetched."""

import hashlib
import json

import pytest
from civitai_manager_libs import setting
from civitai_demo.gallery import find_demo_file, list_gallery, make_file_bytes, make_infotext
from civitai_demo.gallery import make_meta
from civitai_demo.gallery.catalogue import find_demo_model
from civitai_manager_libs.model_files import index
from engine_stand_ins import make_png

_DUSK = 9101030  # the file of the newest version of model 900001
_WINDOWS = 900_004


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "models"
    for name in ("checkpoints", "loras", "vae"):
        (made / name).mkdir(parents=True)
    setting.change("model_folders", str(made))
    return made


@pytest.fixture
def models(run, demo, monkeypatch):
    """(exit code, stdout, stderr) of `models` on the demo."""
    monkeypatch.setenv("CIVITAI_BASE_URL", demo.url)
    setting.change("model_preview", False)

    def call(*words):
        monkeypatch.setattr(index, "_model_index", index.ModelIndex())
        return run("models", *words)

    return call


def _picture(model_id=_WINDOWS):
    """Return a picture that a WebUI made with a model's newest version."""
    rows = list_gallery(find_demo_model(model_id))
    fits = (row for row in rows if row.kind == "a1111" and row.version.name == "v1.1")
    return next(row for row in fits if "<lora" in make_meta(row)["prompt"])


def test_model_is_listed_with_its_size_and_path(models, folder):
    code, said, _ = models("900001")
    assert code == 0
    assert said.splitlines()[0].split() == "missing 7.6 MB Quiet Places v3.0 Dusk".split()
    assert str(folder / "checkpoints" / "Quiet_Places_v3_0_Dusk.safetensors") in said
    assert "0 installed; 1 to download, 7.6 MB; " in said and f"free in {folder}" in said


def test_get_downloads_the_model_which_is_then_present(models, folder):
    code, said, _ = models("900001", "--get", "--json")
    assert code == 0 and json.loads(said.splitlines()[-1])["saved"] == 1
    path = folder / "checkpoints" / "Quiet_Places_v3_0_Dusk.safetensors"
    body = make_file_bytes(find_demo_file(_DUSK))
    assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(body).digest()
    code, said, _ = models("900001", "--get")
    assert code == 0 and said.startswith("installed ") and "0 to download" in said


def test_image_id_and_image_file_need_the_same_models(models, folder, tmp_path):
    row = _picture()  # whose checkpoint is not on Civitai
    (tmp_path / "it.png").write_bytes(make_png(parameters=make_infotext(make_meta(row))))
    told, read = (
        json.loads(models(x, "--json")[1]) for x in (str(row.id), str(tmp_path / "it.png"))
    )
    assert [[one["file_id"] for one in each["files"]] for each in (told, read)] == [[9104020]] * 2
    assert told["unknown"] == read["unknown"] and told["bytes"] == 1_500_000 + 120
    code, said, _ = models(str(row.id), "--get")
    assert code == 1 and "not on Civitai" in said
    assert (folder / "loras" / "Night_Windows_v1_1.safetensors").is_file()


@pytest.mark.parametrize(
    "model,said",
    [
        ("900006", "Early access until 2"),
        ("900007", "Civitai offers no file of it"),
        ("900010", "Civitai offers no file of it"),
        ("civitai:900002@910201", "Only buyers can download it"),
        ("civitai:900004@910401", "--allow-pickle 9104010"),
    ],
    ids="early generator archived sold pickle".split(),
)
def test_unavailable_file_is_reported_and_not_requested(models, folder, demo, model, said):
    demo.requests.clear()
    code, out, _ = models(model, "--get")
    assert code == 3 and said in out and "1 cannot be downloaded" in out
    assert not [path for _, path in demo.requests if "/api/download" in path]
    if "pickle" in said:
        assert models(model, "--get", "--allow-pickle", "9104010")[0] == 0
        assert (folder / "loras" / "Night_Windows_v1_0.pt").is_file()


def test_chosen_file_replaces_the_default_and_a_vae_is_added(models, folder):
    words = ("civitai:900001@910101", "--get", "--file", "9101011", "--file", "9101012")
    assert models(*words)[0] == 0
    found = sorted(path.name for path in folder.rglob("*.safetensors"))
    assert found == ["Quiet_Places_v1_0-full.safetensors", "Quiet_Places_v1_0.vae.safetensors"]
    assert models(*words)[1].startswith("installed ")


def test_dest_option_is_required_if_no_models_folder_is_known(models, tmp_path):
    code, said, _ = models("900004", "--get")
    assert code == 3 and "(LoRA): add one to “More folders of models”" in said and "--dest" in said
    assert models("900004", "--get", "--dest", str(tmp_path / "new"))[0] == 0
    assert (tmp_path / "new" / "Night_Windows_v1_1.safetensors").is_file()


@pytest.mark.parametrize(
    "words,code,told",
    [
        (["two words"], 2, "is not a model or a picture"),
        (["https://civitai.com/posts/5"], 2, "is not a model or a picture"),
        (["900001", "--file", "7"], 2, "None of these versions has a file 7."),
        (["900001", "--version", "7"], 2, "has no version 7: it has 910103, 910102, 910101"),
        (["123456"], 3, "Civitai has no model 123456"),
        (["bare.png"], 2, "has no generation data"),
    ],
    ids="words post file version unknown bare".split(),
)
def test_invalid_input_is_reported_in_one_sentence(
    models, folder, tmp_path, monkeypatch, words, code, told
):
    (tmp_path / "bare.png").write_bytes(make_png())
    monkeypatch.chdir(tmp_path)
    found, _, said = models(*words)
    assert (found, told in said) == (code, True), said


def test_licence_and_newer_version_are_told_once_civitai_was_asked(models, folder, demo):
    path = folder / "checkpoints" / "Quiet_Places_v2_0"
    path.with_suffix(".safetensors").write_bytes(b"1")
    record = {"id": 910_102, "modelId": 900_001, "name": "v2.0"}
    path.with_suffix(".civitai.info").write_text(json.dumps(record))
    words = ("900001", "--version", "910102")
    assert "Newer version" not in models(*words)[1]
    demo.requests.clear()
    said = models(*words, "--newer")[1]
    assert len([path for _, path in demo.requests if "ids=" in path]) == 1
    assert "Newer version: v3.0 Dusk, 2" in said and "SDXL 1.0" in said
    assert "Everything permitted" in said
    [told] = json.loads(models(*words, "--json")[1])["files"]
    assert told["newer"]["version_id"] == 910_103 and told["newer"]["date"][:2] == "20"
    assert told["licence"]["sell_images"] is True


def test_what_the_creator_forbids_or_does_not_say_is_told(models, folder):
    said = models("900002", "900004")[1]
    assert "Not allowed: Paid generation services · Selling the model" in said
    assert "Permissions unknown" in said


def test_message_is_printed_only_if_many_requests_are_needed(models, folder):
    rows = [row for row in list_gallery(find_demo_model(_WINDOWS)) if row.kind == "a1111"][:6]
    words = [str(row.id) for row in rows]
    assert "Asking Civitai about the versions" in models(*words)[2]
    assert models(*words)[2] == ""
