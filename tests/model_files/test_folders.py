"""The folders that hold models, and the model files in them."""

import hashlib
import os
from pathlib import Path

import pytest
from cases import each_case
from civitai_manager_libs import host, setting
from civitai_manager_libs.civitai import Model, version_from_json
from civitai_manager_libs.errors import InputError
from civitai_manager_libs.model_files.folders import choose_path, has_folders, list_folders
from civitai_manager_libs.model_files.folders import validate_folders, walk_folders
from civitai_manager_libs.model_files.kinds import find_kind
from hypothesis import given, strategies as st


def _put(path, text="x"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_files_have_the_kind_of_the_nearest_folder_named_after_a_kind(tmp_path):
    _put(tmp_path / "checkpoints" / "a.png")
    kinds = {"checkpoints/sdxl/a.safetensors": "model", "Lora/b.pt": "lora"}
    kinds |= {
        "text inversion/c.bin": "embed",
        "elsewhere/d.gguf": "",
        "checkpoints/VAE/e.ckpt": "vae",
    }
    for path in kinds:
        _put(tmp_path / path)
    found = {
        os.path.join(folder.path, f[0]): folder.kind
        for folder in walk_folders({str(tmp_path): ""})
        for f in folder.files
    }
    assert found == {str(tmp_path / path): kind for path, kind in kinds.items()}


def test_each_folder_is_read_once_despite_a_link_to_its_parent(tmp_path):
    _put(tmp_path / "lora" / "a.pt")
    os.symlink(tmp_path, tmp_path / "lora" / "round")
    os.symlink(tmp_path / "nowhere.pt", tmp_path / "lora" / "b.pt")
    found = [
        f[0]
        for folder in walk_folders({str(tmp_path): "", f"{tmp_path}/": ""})
        for f in folder.files
    ]
    assert found == ["a.pt"]


def test_folders_of_the_settings_are_searched(tmp_path):
    assert not has_folders()
    (tmp_path / "a b").mkdir()
    setting.change("model_folders", f' "{tmp_path / "a b"}" ; {tmp_path / "gone"};')
    assert list_folders() == {str(tmp_path / "a b"): ""} and has_folders()


def test_setting_accepts_no_folder_or_several_and_nothing_else(tmp_path):
    assert validate_folders(" ") == ""
    assert validate_folders(f"{tmp_path}; {tmp_path} ") == f"{tmp_path}; {tmp_path}"
    for typed in ("models", "/no/such/folder"):
        with pytest.raises(InputError, match="no folder"):
            validate_folders(typed)


_BODY = b"a model"
_SHA = hashlib.sha256(_BODY).hexdigest()


def _version(model_type="Checkpoint", name="mix.safetensors", **file):
    row = {"id": 9, "name": name, "type": "Model", "hashes": {"SHA256": _SHA}, **file}
    about = {"name": "A mix", "type": model_type}
    row = {"id": 7, "modelId": 3, "name": "v2", "baseModel": "SDXL 1.0", "model": about} | {
        "files": [row]
    }
    version = version_from_json(row)
    return version, version.remote_files[0]


def _path(version, file, **arguments):
    return choose_path(find_kind(file, version), file, version, **arguments)


@pytest.mark.posix
def test_folder_whose_name_is_not_utf_8_is_refused_in_a_sentence(tmp_path):
    (tmp_path / os.fsdecode(b"loras\xff")).mkdir()
    setting.change("model_folders", str(tmp_path))
    with pytest.raises(InputError, match=r"loras.*is not UTF-8"):
        _path(*_version("LORA"))


@pytest.fixture
def folder(tmp_path):
    """Return the only folder of models, for checkpoints."""
    made = tmp_path / "checkpoints"
    made.mkdir()
    setting.change("model_folders", str(made))
    return made


@pytest.mark.parametrize(
    "model_type,file,kind",
    [
        ("Checkpoint", {}, "model"),
        ("Checkpoint", {"type": "Diffusion Model"}, "unet"),
        ("Checkpoint", {"name": "a.gguf"}, "unet"),
        ("Checkpoint", {"type": "VAE"}, "vae"),
        ("Checkpoint", {"type": "Config", "name": "a.yaml"}, "model"),
        ("Checkpoint", {"type": "Text Encoder", "name": "t5.gguf"}, "text_encoder"),
        ("Checkpoint", {"type": "Enhancement LoRA"}, "lora"),
        ("Checkpoint", {"type": "Vision Encoder"}, "vision_encoder"),
        ("Checkpoint", {"type": "CLIPVision"}, "vision_encoder"),
        ("LORA", {}, "lora"),
        ("TextualInversion", {}, "embed"),
        ("LORA", {"type": "Negative"}, "embed"),
        ("VAE", {}, "vae"),
        ("Controlnet", {}, "controlnet"),
        ("Wildcards", {}, ""),
    ],
)
def test_kind_depends_on_the_file_or_else_on_the_model(model_type, file, kind):
    version, remote = _version(model_type, **file)
    assert find_kind(remote, version) == kind


@pytest.mark.parametrize(
    "base,name,kind",
    [
        ("Flux.1 D", "SD.Next", "unet"),
        ("Pony V7", "SD.Next", "unet"),
        ("Pony", "SD.Next", "model"),
        ("SDXL 1.0", "SD.Next", "model"),
        ("Flux.1 D", "Forge", "model"),
    ],
)
def test_checkpoint_without_text_encoders_is_a_unet_for_sd_next(monkeypatch, base, name, kind):
    monkeypatch.setattr(host, "find_host_name", lambda: name)
    version, _ = _version()
    version = version_from_json({**version.record, "baseModel": base})
    assert find_kind(version.remote_files[0], version) == kind
    config = version_from_json(
        {**version.record, "files": [{"id": 9, "name": "a.yaml", "type": "Config"}]}
    )
    assert find_kind(config.remote_files[0], config) == "model"


def test_missing_folder_is_reported_with_the_setting(folder):
    with pytest.raises(
        InputError, match=r"\(LoRA\): add one to “More folders of models”"
    ) as caught:
        _path(*_version("LORA"))
    assert (caught.value.key, caught.value.values) == ("no_model_folder", {"kind": "LoRA"})
    with pytest.raises(InputError, match="Wildcards"):
        _path(*_version("Wildcards"))


def test_name_is_the_one_on_civitai_unless_another_file_has_it(folder, monkeypatch):
    assert _path(*_version()) == str(folder / "mix.safetensors")
    taken = {os.path.normcase(str(folder / "mix.safetensors"))}  # by another request
    assert _path(*_version(), taken=taken) == str(folder / "mix_7.safetensors")
    (folder / "mix.safetensors").write_bytes(_BODY)
    monkeypatch.delattr(hashlib, "sha256")  # it is not read
    for file in ({"sizeKB": 500}, {"hashes": {}}):
        assert _path(*_version(**file)) == str(folder / "mix_7.safetensors")


@given(st.text(max_size=300))
def test_name_from_the_network_stays_in_its_folder(tmp_path_factory, name):
    version, file = _version(name=name)
    path = choose_path("model", file, version, folder=str(tmp_path_factory.getbasetemp()))
    assert os.path.dirname(path) == str(tmp_path_factory.getbasetemp())
    assert not os.path.basename(path).startswith(".")
    assert len(os.path.basename(path).encode()) < 255


@pytest.mark.parametrize(
    "name,safe",
    [
        ("../../etc/passwd.safetensors", "etc passwd.safetensors"),
        ("C:\\x\\con.safetensors", "C x con.safetensors"),
        (".safetensors", "7_9.safetensors"),
        ("Ünïcode 模型 v1.0.SafeTensors", "Ünïcode 模型 v1.0.safetensors"),
        ("a" * 300 + ".safetensors", "a" * 138),
    ],
)
def test_name_is_made_safe(folder, name, safe):
    assert os.path.basename(_path(*_version(name=name))).startswith(safe)


@pytest.mark.parametrize(
    "template,inside",
    [
        ("", ""),
        ("{base_model}", "SDXL 1.0"),
        ("{base_model}/{author}", "SDXL 1.0/anna"),
        ("my/{model} files/", "my/A mix files"),
    ],
)
def test_template_makes_subfolders(folder, template, inside):
    setting.change("model_folder_template", template)
    path = _path(*_version(), model=Model(3, "A mix", creator="anna"))
    assert path == str(folder / inside / "mix.safetensors")


@pytest.mark.parametrize("author", ["", "..", "../../x", "con", "a/b", "x" * 400])
def test_names_in_subfolders_are_safe(folder, author):
    setting.change("model_folder_template", "{author|}/{author}")
    path = Path(_path(*_version(), model=Model(3, "A mix", creator=author)))
    assert path.is_relative_to(folder) and len(path.relative_to(folder).parts) <= 3
    assert not {"..", "con"} & set(path.parts[len(folder.parts) :])


@pytest.mark.parametrize(
    "template,said",
    [
        ("{nothing}", "{nothing} is not one of {base_model}, {author}, {model}"),
        ("/abs", "not a full path"),
        ("a/../b", "must not lead out"),
    ],
)
def test_invalid_template_is_reported_in_a_sentence(folder, template, said):
    setting.change("model_folder_template", template)
    with pytest.raises(InputError, match="This folder template is not valid: .*") as caught:
        _path(*_version())
    assert said in str(caught.value)


def _make(tmp_path, *names):
    for name in names:
        (tmp_path / name).mkdir(parents=True, exist_ok=True)


def _folder_of(tmp_path, model_type, **file):
    path = Path(_path(*_version(model_type, **file)))
    return path.parent.relative_to(tmp_path).as_posix()


@each_case(__file__, "folders_of_other_programs_are_known_by_their_names")
def test_folders_of_other_programs_are_known_by_their_names(tmp_path, names, folders):
    _make(tmp_path, *names.split())
    setting.change("model_folders", str(tmp_path))
    files = [("Checkpoint", {}), ("LORA", {}), ("Checkpoint", {"type": "UNet"})]
    files += [("Checkpoint", {"type": "Text Encoder"}), ("Upscaler", {}), ("Controlnet", {})]
    found = [_folder_of(tmp_path, model_type, **file) for model_type, file in files]
    assert found == folders.split()


def test_first_fitting_folder_of_the_settings_is_used(tmp_path):
    _make(tmp_path, "a/vae", "b/lora", "c")
    _make(tmp_path, "loras")
    setting.change("model_folders", ";".join(str(tmp_path / n) for n in ("a", "b", "loras")))
    assert _folder_of(tmp_path, "LORA") == "b/lora"
    setting.change("model_folders", ";".join(str(tmp_path / n) for n in ("a", "loras", "b")))
    assert _folder_of(tmp_path, "LORA") == "loras"


def test_folder_of_the_host_is_preferred(tmp_path, webui):
    _make(tmp_path, "mine/lora", "args", "webui/models/Lora", "webui/models/Stable-diffusion")
    setting.change("model_folders", str(tmp_path / "mine"))
    assert _folder_of(tmp_path, "LORA") == "webui/models/Lora"
    webui.shared.cmd_opts.lora_dir = str(tmp_path / "args")
    assert _folder_of(tmp_path, "LORA") == "args"
    assert _folder_of(tmp_path, "Upscaler") == "webui/models/ESRGAN"  # which the host makes later


def test_unet_goes_to_the_checkpoints_of_a_host_without_a_unet_folder(tmp_path, webui):
    _make(tmp_path, "webui/models/Stable-diffusion")
    assert _folder_of(tmp_path, "Checkpoint", type="UNet") == "webui/models/Stable-diffusion"
    _make(tmp_path, "webui/models/UNET")
    assert _folder_of(tmp_path, "Checkpoint", type="UNet") == "webui/models/UNET"


def test_kind_unknown_to_the_host_goes_to_a_folder_of_the_settings(tmp_path, webui):
    _make(tmp_path, "mine/text_encoders", "webui/models")
    with pytest.raises(InputError):
        _path(*_version("Checkpoint", type="Text Encoder"))
    setting.change("model_folders", str(tmp_path / "mine"))
    assert _folder_of(tmp_path, "Checkpoint", type="Text Encoder") == "mine/text_encoders"
    _make(tmp_path, "webui/models/text_encoder")
    assert _folder_of(tmp_path, "Checkpoint", type="Text Encoder") == "webui/models/text_encoder"


def _write_comfy_paths(tmp_path, text):
    _put(tmp_path / "ComfyUI" / "extra_model_paths.yaml", text)
    (tmp_path / "ComfyUI" / "models" / "loras").mkdir(parents=True, exist_ok=True)


@pytest.mark.parametrize("named", ["ComfyUI", "ComfyUI/models"])
def test_further_folders_of_a_comfyui_are_searched(tmp_path, named, monkeypatch):
    for name in ("a1111/models/Lora", "a1111/models/LyCORIS", "big/unet", "ComfyUI/more/vae"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setenv("BIG", str(tmp_path / "big"))
    _write_comfy_paths(
        tmp_path,
        f"""
a111:
    base_path: {tmp_path / "a1111"}/
    is_default: true
    checkpoints: models/Stable-diffusion
    loras: |
         models/Lora
         models/LyCORIS
    custom_nodes: .
big:
    base_path: $BIG
    diffusion_models: unet/
near:
    vae: more/vae
nothing:
""",
    )
    setting.change("model_folders", str(tmp_path / named))
    found = {os.path.relpath(path, tmp_path): kind for path, kind in list_folders().items()}
    assert found == {
        os.path.normpath(named): "",
        os.path.normpath("a1111/models/Lora"): "lora",
        os.path.normpath("a1111/models/LyCORIS"): "lora",
        os.path.normpath("big/unet"): "model",
        os.path.normpath("ComfyUI/more/vae"): "vae",
    }


_WRONG_TAGS = ['!!int ""', "!!bool x", "!!timestamp x", "!!omap {a: 1}", "!!binary é", "2024-99-99"]


@pytest.mark.parametrize(
    "text",
    [
        *("", "a: [", "- 1", "a: 5", "a: {loras: [x], vae: 3}", "\0", "&a [*a]", "[" * 1500),
        *_WRONG_TAGS,
    ],
)
def test_unreadable_configuration_of_a_comfyui_names_no_folders(tmp_path, text):
    _write_comfy_paths(tmp_path, text)
    setting.change("model_folders", str(tmp_path / "ComfyUI"))
    assert list_folders() == {str(tmp_path / "ComfyUI"): ""}
