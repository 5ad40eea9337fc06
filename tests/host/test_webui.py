"""The WebUI that loads us: its folders, callbacks, lists of models, launch flags; or none."""

import hashlib
import os
import sqlite3
import sys
import types
from pathlib import Path

import pytest
import requests
from civitai_manager_libs import host
from civitai_manager_libs.host import webui
from cli_process import start_python
from PIL import Image


def test_data_folder_is_that_of_the_environment_or_in_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CIVITAI_SHORTCUT_DATA", "mine")
    assert host.find_default_data_folder() == str(tmp_path / "mine")
    assert host.find_key_file() == str(tmp_path / "mine" / "api_key")
    monkeypatch.delenv("CIVITAI_SHORTCUT_DATA")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert host.find_default_data_folder() == str(tmp_path / "civitai-shortcut")


def test_data_folder_is_in_the_webuis_folder_and_the_key_outside(webui, tmp_path):
    assert host.in_webui()
    folder = os.path.join(str(tmp_path / "webui"), "civitai-shortcut")
    assert host.find_default_data_folder() == folder
    assert host.find_key_file() == str(tmp_path / "config" / "civitai-shortcut" / "api_key")
    webui.paths.data_path = ""  # as in SD.Next
    assert host.find_default_data_folder() == os.path.abspath("civitai-shortcut")
    webui.shared.opts.data = {"civitai_shortcut_http_timeout": 7, "http_timeout": 99}
    assert host.read_options() == {"http_timeout": 7}  # ours alone


def test_without_a_webui_there_are_no_options_targets_capabilities_or_limits(monkeypatch):
    assert not host.in_webui() and host.read_options() is None
    assert host.find_host_name() == "" and host.list_send_targets() == ()
    assert host.list_capabilities() == {} and host.refresh_models("lora")
    monkeypatch.setattr(webui, "resource", None)
    webui.raise_open_file_limit()


class _Paste(types.ModuleType):
    """A host's module of "Send to ..." with these tabs."""

    def __init__(self, name, tabs):
        super().__init__(name)
        self.paste_fields = {tab: {"init_img": None, "fields": None} for tab in tabs}


def _install(monkeypatch, webui, name, paste):
    """Add the module to the host; the other of the two names is an empty stub."""
    stub = types.ModuleType("modules.infotext_utils")
    for known, module in (("infotext_utils", stub), (name, paste)):
        monkeypatch.setitem(sys.modules, f"modules.{known}", module)
        setattr(webui, known, module)


_USUAL = ("txt2img", "img2img", "inpaint", "extras")


@pytest.mark.parametrize(
    "tabs,theme,offered",
    [
        (("txt2img", "extras", "video"), "", ("txt2img", "extras", "pnginfo")),
        (("control", *_USUAL), "Standard", ("control", "control_input", *_USUAL)),
        (("control", *_USUAL), "Modern", ("control", "control_input", "extras")),
        ((), "", ("control", "control_input", *_USUAL, "pnginfo")),
    ],
    ids=["few", "sd-next", "modern", "not-told"],
)
def test_send_targets_are_only_existing_tabs(webui, monkeypatch, tabs, theme, offered):
    name = "generation_parameters_copypaste" if theme else "infotext_utils"
    _install(monkeypatch, webui, name, _Paste(f"modules.{name}", tabs))
    webui.shared.opts.theme_type = theme
    assert host.list_send_targets() == offered


@pytest.mark.parametrize(
    "module,name,path",
    [
        ("infotext_utils", "AUTOMATIC1111", ""),  # only its page's addresses have the path
        ("generation_parameters_copypaste", "SD.Next", "/sd"),
    ],
)
def test_name_and_address_are_those_of_the_running_webui(webui, monkeypatch, module, name, path):
    _install(monkeypatch, webui, module, _Paste(f"modules.{module}", _USUAL))
    webui.shared.cmd_opts.subpath = "sd"
    webui.shared.demo = types.SimpleNamespace(local_url="http://localhost:7865/")  # by --listen
    assert host.find_host_name() == name
    assert host.find_own_address() == f"http://127.0.0.1:7865{path}"
    monkeypatch.setitem(sys.modules, "modules_forge", types.ModuleType("modules_forge"))
    assert host.find_host_name() == "Forge"


def test_empty_prompts_are_filled_and_other_fields_are_unchanged(webui, monkeypatch):
    class Textbox:
        def __init__(self, value):
            self.value = value

    class Slider(Textbox):
        pass

    fields = [Textbox(None), Textbox("kept"), Slider(None)]
    paste = _Paste("modules.infotext_utils", _USUAL)
    paste.paste_fields["txt2img"]["fields"] = [(field, "a key") for field in fields]
    _install(monkeypatch, webui, "infotext_utils", paste)
    host.fill_empty_prompts()
    assert [field.value for field in fields] == ["", "kept", None]


@pytest.mark.parametrize(
    "auth,cookies,is_in",
    [
        (None, {}, True),
        ({"me": "x"}, {}, False),
        ({"me": "x"}, {"access-token": "wrong"}, False),
        ({"me": "x"}, {"access-token-unsecure-1": "a-token"}, True),
    ],
)
def test_user_with_one_of_the_apps_tokens_is_logged_in(auth, cookies, is_in):
    app = types.SimpleNamespace(auth=auth, tokens={"a-token": "me"})
    assert host.is_logged_in(types.SimpleNamespace(app=app, cookies=cookies)) is is_in


@pytest.mark.parametrize(
    "version,before,after", [("3.41.2", None, 5), ("3.41.2", 60, 60), ("4.40.0", None, None)]
)
def test_page_of_gradio_3_closes_despite_an_open_request(monkeypatch, version, before, after):
    monkeypatch.setitem(sys.modules, "gradio", types.SimpleNamespace(__version__=version))
    config = types.SimpleNamespace(timeout_graceful_shutdown=before)
    host.limit_page_shutdown(types.SimpleNamespace(server=types.SimpleNamespace(config=config)))
    assert config.timeout_graceful_shutdown == after
    host.limit_page_shutdown(types.SimpleNamespace())  # a page that is served in another way


def test_webui_stores_no_values_of_our_components():
    parts = {1: types.SimpleNamespace(), 2: types.SimpleNamespace()}
    host.keep_out_of_ui_config(types.SimpleNamespace(blocks=parts))
    assert all(part.do_not_save_to_config for part in parts.values())


def _named(**values):
    return types.SimpleNamespace(**values)


@pytest.fixture
def capable(webui, monkeypatch):
    """Return a WebUI with samplers, schedules and fields of an infotext."""
    samplers = {name: _named(name=name) for name in ("Euler", "DPM++ 2M", "PLMS")}
    own = _named(all_samplers_map=samplers, samplers=[samplers["DPM++ 2M"]])
    automatic = _named(label="Automatic", name="automatic", aliases=None)
    karras = _named(label="Karras", name="karras", aliases=["K"])
    fields = {"txt2img": {"fields": [(None, "Prompt"), (None, len)]}, "img2img": {"fields": None}}
    webui.infotext_utils = _named(
        create_buttons=None, paste_fields=fields, infotext_to_setting_name_mapping=[("ENSD", "x")]
    )
    labels = {"a": _named(infotext="Clip skip"), "b": _named(infotext=None), "c": _named()}
    webui.shared.opts.data_labels = labels
    webui.shared.latent_upscale_modes = {"Latent": {}}
    webui.shared.sd_upscalers = [_named(name="Lanczos")]
    monkeypatch.setitem(sys.modules, "modules.sd_samplers", own)
    schedulers = _named(schedulers=[automatic, karras])
    monkeypatch.setitem(sys.modules, "modules.sd_schedulers", schedulers)
    return webui


def test_samplers_schedulers_and_fields_are_those_of_the_webui(capable):
    assert host.list_capabilities() == {
        "samplers": ("DPM++ 2M", "Euler", "PLMS"),
        "schedulers": (("Automatic", "automatic"), ("Karras", "karras", "K")),
        "modules": None,
        "ignores_modules": False,
        "upscalers": frozenset({"Latent", "Lanczos"}),
        "fields": frozenset({"Prompt", "ENSD", "Clip skip"}),
    }


def test_modules_of_forge_have_no_file_extension_and_may_be_ignored(capable, monkeypatch):
    entry = _named(module_list={"ae.safetensors": "/x/ae.safetensors"})
    monkeypatch.setitem(sys.modules, "modules_forge.main_entry", entry)
    capable.shared.opts.disable_modules_auto_swap = True  # Forge Neo
    known = host.list_capabilities()
    assert (known["modules"], known["ignores_modules"]) == (frozenset({"ae"}), True)
    monkeypatch.setitem(sys.modules, "modules.sd_samplers", _named())
    assert host.list_capabilities() == {}


def test_sdnext_has_no_schedulers_and_may_ignore_parameters(capable, monkeypatch):
    monkeypatch.delitem(sys.modules, "modules.sd_schedulers")
    mapping = [("VAE", "sd_vae"), ("Sampler sigma", "schedulers_sigma")]
    capable.infotext_utils.infotext_to_setting_name_mapping = mapping
    capable.shared.opts.disable_apply_metadata = ["sd_model_checkpoint", "sd_vae"]
    own = sys.modules["modules.sd_samplers"]
    own.all_samplers_map["── Euler ──"] = _named(name="── Euler ──")
    known = host.list_capabilities()
    assert known["schedulers"] == () and known["samplers"] == ("DPM++ 2M", "Euler", "PLMS")
    assert known["fields"] == frozenset({"Prompt", "Sampler sigma", "Clip skip"})


@pytest.mark.parametrize(
    "version,name",
    [
        ("neo", "Forge Neo"),
        ("classic", "Forge Classic"),
        ("2.0.1v1.10.1", "Forge"),
        ("1.0.0v2-v1.10.1RC", "reForge"),
    ],
)
def test_forge_and_its_forks_are_distinguished(webui, monkeypatch, version, name):
    told = types.ModuleType("modules_forge.forge_version")
    told.version = version
    monkeypatch.setitem(sys.modules, "modules_forge", types.ModuleType("modules_forge"))
    monkeypatch.setitem(sys.modules, "modules_forge.forge_version", told)
    assert host.find_host_name() == name


_INFOTEXT = "a sea\nSteps: 20, Sampler: Euler, Seed: 5"


@pytest.fixture
def save(webui):
    """save(filename, p, pnginfo) plays a WebUI that has saved an image; returns what we got."""
    registered, received = [], []
    webui.script_callbacks.on_app_started = print
    webui.script_callbacks.on_image_saved = registered.append
    host.register_callbacks(print, lambda *arguments: received.append(arguments))
    (callback,) = registered

    def save(filename="outputs/00001-5.png", p=object(), pnginfo=None):
        image = Image.new("RGB", (8, 8))
        pnginfo = {"parameters": _INFOTEXT} if pnginfo is None else pnginfo
        callback(types.SimpleNamespace(image=image, p=p, filename=filename, pnginfo=pnginfo))
        return received

    return save


def test_generated_image_is_reported_with_its_absolute_path(save):
    [(image, path, infotext)] = save()
    assert image.size == (8, 8) and infotext == _INFOTEXT
    assert path == os.path.abspath("outputs/00001-5.png")


_NOT_GENERATED = ["grid-0003.png", "xyz_grid-0003-5-a sea.jpg", "00001-5-before-highres-fix.png"]
_NOT_GENERATED += [
    "00001-5-mask-composite.png",
    "00001-5-ad-before.png",
    "00001-5-ad-preview-2.png",
]
_NO_TEXT = [{}, {"extras": _INFOTEXT}, {"parameters": None}]


@pytest.mark.parametrize(
    "options",
    [{"p": None}, *[{"pnginfo": info} for info in _NO_TEXT]]
    + [{"filename": f"outputs/{name}"} for name in _NOT_GENERATED],
    ids=str,
)
def test_grids_masks_and_previews_are_not_reported(save, options):
    assert save(**options) == []


@pytest.mark.parametrize("name", ["00001-5-a grid-like floor.png", "gridlock.webp", "mask.png"])
def test_image_with_a_similar_name_is_reported(save, name):
    assert len(save(filename=name)) == 1


_SCRIPT = """
import resource, sys
from civitai_manager_libs.host.webui import raise_open_file_limit
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
raise_open_file_limit()
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
@pytest.mark.parametrize("soft,hard,then", [(256, 512, 512), (256, 8192, 4096), (8000, 8192, 8000)])
def test_soft_limit_is_raised_as_far_as_useful_and_allowed(soft, hard, then):
    assert int(start_python(_SCRIPT, soft, hard).communicate()[0]) == then


@pytest.fixture
def add_function(webui, monkeypatch):
    """Return a function that puts functions into modules of a host, and the calls of them."""
    calls = []

    def add(module, path, error=None):
        def function(**options):
            calls.append((module, path, options))
            if error is not None:
                raise error

        if module not in sys.modules:
            monkeypatch.setitem(sys.modules, module, types.ModuleType(module))
        *parents, name = path.split(".")
        place = sys.modules[module]
        for parent in parents:
            if not hasattr(place, parent):
                setattr(place, parent, types.SimpleNamespace())
            place = getattr(place, parent)
        setattr(place, name, function)

    add.calls = calls
    return add


_FORGE = "modules_forge.main_entry"
_HOSTS = {
    "A1111": {
        "model": [("modules.shared_items", "refresh_checkpoints")],
        "lora": [("networks", "list_available_networks")],
        "vae": [("modules.shared_items", "refresh_vae_list")],
        "hypernet": [("modules.shared_items", "reload_hypernetworks")],
        "upscaler": [("modules.modelloader", "load_upscalers")],
    },
    "Forge": {
        "model": [("modules.shared_items", "refresh_checkpoints"), (_FORGE, "refresh_models")],
        "unet": [("modules.shared_items", "refresh_checkpoints"), (_FORGE, "refresh_models")],
        "lora": [("networks", "list_available_networks")],
        "text_encoder": [(_FORGE, "refresh_models")],
        "controlnet": [("lib_controlnet.global_state", "update_controlnet_filenames")],
    },
    "SD.Next": {
        "model": [("modules.shared", "refresh_checkpoints")],
        "unet": [
            ("modules.sd_unet", "refresh_unet_list"),
            ("modules.shared", "refresh_checkpoints"),
        ],
        "lora": [("modules.lora.lora_load", "list_available_networks")],
        "vae": [("modules.shared_items", "refresh_vae_list"), ("modules.shared", "refresh_vaes")],
        "text_encoder": [("modules.shared_items", "refresh_te_list")],
    },
}


@pytest.mark.parametrize("name", _HOSTS)
def test_each_webui_is_refreshed_by_its_own_functions(add_function, name):
    for functions in _HOSTS[name].values():
        for module, path in functions:
            add_function(module, path)
    for kind, functions in _HOSTS[name].items():
        add_function.calls.clear()
        assert host.refresh_models(kind)
        assert [call[:2] for call in add_function.calls] == functions


@pytest.mark.parametrize("error", [OSError, sqlite3.OperationalError])
def test_failing_function_is_logged_and_the_next_one_is_called(add_function, capsys, error):
    for kind in ("lora", "nothing-of-ours"):
        assert not host.refresh_models(kind)  # this WebUI has no such function
    add_function("modules.shared_items", "refresh_vae_list", error("a damaged file"))
    assert not host.refresh_models("vae")
    add_function(_FORGE, "refresh_models")
    assert host.refresh_models("vae")
    assert "a damaged file" in capsys.readouterr().err


_LOAD = "load_textual_inversion_embeddings"


def test_embeddings_of_a1111_are_read_only_while_a_model_is_loaded(add_function):
    add_function("modules.sd_hijack", f"model_hijack.embedding_db.{_LOAD}")
    add_function("modules.sd_models", "model_data.load")
    assert host.refresh_models("embed") and add_function.calls == []
    sys.modules["modules.sd_models"].model_data.sd_model = object()
    assert host.refresh_models("embed")
    assert [call[2] for call in add_function.calls] == [{"force_reload": True}]


def test_embeddings_of_forge_are_read_for_the_page_and_the_loaded_model(add_function):
    add_function("modules.ui_extra_networks_textual_inversion", f"embedding_db.{_LOAD}")
    assert host.refresh_models("embed")
    assert add_function.calls[0][2] == {"force_reload": True, "sync_with_sd_model": False}
    add_function(
        "modules.sd_models", f"model_data.sd_model.text_processing_engine_l.embeddings.{_LOAD}"
    )
    assert host.refresh_models("embed") and len(add_function.calls) == 3


def test_embeddings_of_sd_next_are_read_only_while_a_model_is_loaded(add_function):
    add_function("modules.shared", f"sd_model.embedding_db.{_LOAD}")
    sys.modules["modules.shared"].sd_loaded = False
    assert host.refresh_models("embed") and add_function.calls == []
    sys.modules["modules.shared"].sd_loaded = True
    assert host.refresh_models("embed") and len(add_function.calls) == 1


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
    stores["hashes-addnet"]["cut"] = {"mtime": 7, "sha256": hashlib.sha256().hexdigest()}
    loaded = types.SimpleNamespace(cache=stores.__getitem__)
    monkeypatch.setitem(sys.modules, "modules.hashes", loaded)
    found = host.read_cached_hashes()
    assert found.pop("cut") == [(7, "")]  # else Civitai would tell of any other cut file
    assert found == {"checkpoint/x.ckpt": [(5.5, "ab" * 32)], "lora/y": [(7, "cd" * 6)]}


# Launch flags and logins

_NAMES = ("http_timeout", "proxy", "key", "download_images_folder", "model_folders", "saved_name")


@pytest.mark.parametrize(
    "flags,frozen",
    [
        ({}, ()),
        ({"freeze_settings": False, "freeze_settings_in_sections": None}, ()),
        ({"freeze_settings": True}, _NAMES),
        ({"freeze": True}, _NAMES),
        ({"freeze_settings_in_sections": "saving-images, civitai_shortcut"}, _NAMES),
        ({"freeze_settings_in_sections": "saving-images"}, ()),
        ({"freeze_specific_settings": "sd_model, civitai_shortcut_proxy"}, ("proxy",)),
        ({"freeze_specific_settings": "proxy"}, ()),
        ({"hide_ui_dir_config": True}, ("download_images_folder", "model_folders", "saved_name")),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_flags_of_the_webui_freeze_our_settings(webui, flags, frozen):
    vars(webui.shared.cmd_opts).update(flags)
    assert {name for name in _NAMES if host.is_frozen(name)} == set(frozen)


@pytest.mark.parametrize("flag", ["share", "listen", "server_name", "ngrok", "tls_certfile"])
def test_webui_is_shared_with_each_flag_that_exposes_it(webui, flag):
    setattr(webui.shared.cmd_opts, flag, "given")
    assert host.is_shared()
    setattr(webui.shared.cmd_opts, flag, None)
    assert not host.is_shared()


def test_without_a_webui_nothing_is_frozen_or_shared():
    assert not (host.is_shared() or any(map(host.is_frozen, _NAMES)))


def test_routes_are_below_the_path_on_which_sdnext_mounts_its_page_with_its_login(
    webui, monkeypatch, library
):
    starlette = pytest.importorskip("starlette.applications")
    from starlette.middleware import Middleware
    from starlette.middleware.base import BaseHTTPMiddleware
    from starlette.responses import RedirectResponse
    from served_api import ServedApi

    async def redirect(request, call_next):  # as `validate_subpath` of SD.Next
        path = request.url.path
        response = await call_next(request)
        return response if path.startswith("/sd") else RedirectResponse(f"/sd{path}", 308)

    paste = _Paste("modules.generation_parameters_copypaste", _USUAL)
    _install(monkeypatch, webui, "generation_parameters_copypaste", paste)
    webui.shared.cmd_opts.subpath = "sd/"
    with ServedApi([Middleware(BaseHTTPMiddleware, dispatch=redirect)]) as api:
        mounted = starlette.Starlette()
        mounted.auth, mounted.tokens = {"me": "secret"}, {"a-token": "me"}
        api.app.mount("/sd", mounted)
        assert api.ask("api/home").status_code == 401  # redirected, and not logged in
        cookies = {"access-token": "a-token"}
        answer = api.ask("api/home", cookies=cookies)
        assert (answer.status_code, answer.url) == (200, f"{api.url}/sd/civitai_shortcut/api/home")
        for host_header in ("a", "a?", "a/x", "a#"):  # which starlette's `request.url` contains
            url, headers = f"{api.url}/sd/civitai_shortcut/api/home", {"Host": host_header}
            assert requests.get(url, headers=headers, timeout=30).status_code == 401
        api.app.tokens["other"] = "me"
        assert api.ask("api/home", cookies={"access-token": "other"}).status_code == 401
