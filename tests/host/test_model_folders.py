"""A WebUI's folders of models, and the hashes that it has made of them before."""

import sys
import types
from pathlib import Path

from civitai_manager_libs import host


def test_without_a_webui_there_are_no_folders_and_hashes():
    assert host.list_model_folders() == [] and host.read_cached_hashes() == {}


def test_folders_are_the_existing_ones_of_arguments_settings_and_defaults(webui, tmp_path):
    tmp_path = tmp_path / "webui"
    for name in ("models/Lora", "models/Stable-diffusion", "embeddings", "one", "two", "three"):
        (tmp_path / name).mkdir(parents=True)
    webui.shared.cmd_opts.ckpt_dir = None
    webui.shared.cmd_opts.lora_dir = str(tmp_path / "one")
    webui.shared.cmd_opts.vae_dirs = [str(tmp_path / "two"), str(tmp_path / "gone")]
    webui.shared.opts.data["ckpt_dir"] = str(tmp_path / "three")
    assert [
        (kind, Path(folder).relative_to(tmp_path).as_posix())
        for kind, folder in host.list_model_folders()
    ] == [
        ("model", "three"),
        ("model", "models/Stable-diffusion"),
        ("lora", "one"),
        ("lora", "models/Lora"),
        ("embed", "embeddings"),
        ("vae", "two"),
    ]


def test_folders_of_forge_neo_are_below_the_folder_that_model_ref_names(webui, tmp_path):
    # `--model-ref` is `paths.models_path` there; `--forge-ref-comfy-yaml` becomes `--lora-dirs` and
    # the like before the arguments are parsed: `configure_comfy_yaml` in its `launch_utils.py`.
    ref, comfy = tmp_path / "all models", tmp_path / "comfy" / "loras"
    for folder in (ref / "embeddings", ref / "Stable-diffusion", comfy):
        folder.mkdir(parents=True)
    webui.paths.models_path = str(ref)
    webui.shared.cmd_opts.lora_dirs = [str(comfy)]
    webui.shared.cmd_opts.embeddings_dir = str(ref / "embeddings")
    assert host.list_model_folders() == [
        ("model", str(ref / "Stable-diffusion")),
        ("lora", str(comfy)),
        ("embed", str(ref / "embeddings")),
    ]
    assert host.find_model_folder("embed") == str(ref / "embeddings")


def test_hashes_are_read_from_both_caches_and_damaged_ones_are_ignored(webui, monkeypatch):
    whole, headless = "AB" * 32, "CD" * 32
    stores = {
        "hashes": {"checkpoint/x.ckpt": {"mtime": 5.5, "sha256": whole}, "a": None, "b": {}},
        "hashes-addnet": {"lora\\y": {"mtime": 7, "sha256": headless}, "c": {"sha256": 5}},
    }
    loaded = types.SimpleNamespace(cache=stores.__getitem__)
    monkeypatch.setitem(sys.modules, "modules.hashes", loaded)
    found = host.read_cached_hashes()
    assert found == {"checkpoint/x.ckpt": [(5.5, "ab" * 32)], "lora/y": [(7, "cd" * 6)]}
