"""The WebUI that loads us: its folders, callbacks, lists of models, launch flags and login."""

from __future__ import annotations

import os
import re
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial, reduce
from typing import Any

from .. import util
from ..core import as_checksum, as_number

_CLOSING_SECONDS = 5  # seconds for running requests when a host closes its page
_OPTION_PREFIX = "civitai_shortcut_"
_TABS = ("control", "txt2img", "img2img", "inpaint", "extras")
_INPUT_OF_CONTROL = "control_input"  # the image field of SD.Next's tab "control"
_SDNEXT_MODULE = "modules.generation_parameters_copypaste"  # its name in SD.Next alone
_READING_TAB = "pnginfo"  # shows what an image's file says; not in SD.Next


def in_webui() -> bool:
    """Return whether this package was loaded by a WebUI and does not run alone."""
    return "modules.script_callbacks" in sys.modules


def make_option_key(name: str) -> str:
    """Return the name under which a WebUI's settings file stores one of our settings."""
    return f"{_OPTION_PREFIX}{name}"


def read_options() -> dict[str, Any] | None:
    """Return older versions' settings in the WebUI's settings file, None without a WebUI."""
    if not in_webui():
        return None
    from modules import shared

    return {
        key.removeprefix(_OPTION_PREFIX): value
        for key, value in shared.opts.data.items()
        if key.startswith(_OPTION_PREFIX)
    }


def find_host_name() -> str:
    """Return the name of the running WebUI, such as "Forge Neo"; "" without a WebUI."""
    if not in_webui():
        return ""
    if "modules_forge" in sys.modules:
        version = getattr(sys.modules.get("modules_forge.forge_version"), "version", "")
        known = (("neo", "Forge Neo"), ("classic", "Forge Classic"), ("1.", "reForge"))
        return next((name for start, name in known if str(version).startswith(start)), "Forge")
    return "SD.Next" if _find_paste_module().__name__ == _SDNEXT_MODULE else "AUTOMATIC1111"


def fill_empty_prompts() -> None:
    """Set the WebUI's empty prompt boxes to "" instead of None, so that an infotext fills them."""
    # Forge Neo takes a field's type from its value, and fills no field whose value is None.
    for tab in getattr(_find_paste_module(), "paste_fields", {}).values():
        for field in tab["fields"] or ():
            component = field[0]
            if type(component).__name__.endswith("Textbox") and component.value is None:
                component.value = ""


def _find_paste_module() -> Any:
    """Return the Python module of the WebUI that fills the fields of tabs from an infotext."""
    from modules import infotext_utils

    if hasattr(infotext_utils, "paste_fields"):
        return infotext_utils
    from modules import generation_parameters_copypaste

    return generation_parameters_copypaste


def list_send_targets() -> tuple[str, ...]:
    """Return the WebUI's tabs to which an image can be sent, such as "txt2img".

    They are in the order of the page's buttons. "control_input" is the tab "control" with the image
    in its input, which makes SD.Next generate from the image. Return () without a WebUI.
    """
    if not in_webui():
        return ()
    from modules import shared

    paste = _find_paste_module()
    known = getattr(paste, "paste_fields", None) or _TABS
    found = [tab for tab in _TABS if tab in known]
    if "control" in found:
        # SD.Next's modern theme hides the other tabs.
        if getattr(shared.opts, "theme_type", "") == "Modern":
            found = [tab for tab in found if tab in ("control", "extras")]
        found.insert(1, _INPUT_OF_CONTROL)
    return tuple(found if paste.__name__ == _SDNEXT_MODULE else [*found, _READING_TAB])


def register_tab(on_tabs: Callable[[], list[Any]]) -> None:
    """Register a function that returns our tabs; the WebUI calls it whenever it builds its page."""
    from modules import script_callbacks

    script_callbacks.on_ui_tabs(on_tabs)


def keep_out_of_ui_config(blocks: Any) -> None:
    """Keep our components out of `ui-config.json`, from which the WebUI restores old values."""
    for component in blocks.blocks.values():
        component.do_not_save_to_config = True


def limit_page_shutdown(page: Any) -> None:
    """Make the page's server wait at most five seconds for running requests when it closes.

    Only gradio 3 needs this: a WebUI's "Reload UI" would wait forever. page: gradio's Blocks.
    """
    import gradio

    config: Any = getattr(getattr(page, "server", None), "config", None)
    is_old = int(gradio.__version__.split(".", 1)[0]) < 4
    if is_old and getattr(config, "timeout_graceful_shutdown", 0) is None:
        config.timeout_graceful_shutdown = _CLOSING_SECONDS


_DIVIDER = "─"  # begins a row between SD.Next's samplers


def list_capabilities() -> dict[str, Any]:
    """Return the samplers, schedulers, modules, upscalers and infotext fields of the WebUI.

    The dict has the arguments of `infotext.HostCapabilities`. Return {} if they are unknown.
    SD.Next has no schedulers: a sampler's schedule is one of its settings.
    """
    samplers, schedulers = map(sys.modules.get, ("modules.sd_samplers", "modules.sd_schedulers"))
    known = getattr(samplers, "all_samplers_map", None)
    if not (in_webui() and samplers and known):
        return {}
    from modules import shared

    default = [sampler.name for sampler in samplers.samplers[:1]]
    names = [name for name in dict.fromkeys([*default, *known]) if not name.startswith(_DIVIDER)]
    files = getattr(sys.modules.get("modules_forge.main_entry"), "module_list", None)
    modules = None if files is None else frozenset(os.path.splitext(name)[0] for name in files)
    return {
        "samplers": tuple(names),
        "schedulers": tuple(
            (each.label, each.name, *(each.aliases or ()))
            for each in getattr(schedulers, "schedulers", ())  # SD.Next has none
        ),
        "modules": modules,
        "fields": frozenset(_iter_fields()),
        "upscalers": frozenset(
            (
                *(getattr(shared, "latent_upscale_modes", None) or ()),  # SD.Next has none
                *(each.name for each in getattr(shared, "sd_upscalers", ())),
            )
        ),
        "ignores_modules": getattr(shared.opts, "disable_modules_auto_swap", False) is True,
    }


def _iter_fields() -> Iterator[str]:
    """Yield the infotext keys that fill a field of a tab or change a setting."""
    from modules import shared

    paste = _find_paste_module()
    for tab in paste.paste_fields.values():
        for field in tab["fields"] or ():
            if isinstance(field[1], str):
                yield field[1]
    ignored = getattr(shared.opts, "disable_apply_metadata", None) or ()  # in SD.Next
    for name, setting_name in getattr(paste, "infotext_to_setting_name_mapping", ()):
        if setting_name not in ignored:
            yield name
    for info in shared.opts.data_labels.values():
        if getattr(info, "infotext", None):
            yield info.infotext


ImageSaved = Callable[[Any, str, str], None]
# Images that a WebUI or ADetailer saves beside an image, with the same infotext: grids, masks and
# intermediate steps. The names are those of `save_image` in the WebUIs' modules/images.py.
_BESIDE = re.compile(
    r"^(?:[a-z]+_)?grid-|-(?:mask|mask-composite|ad-before|before-(?:(?!before-)[a-z-])+"
    r"|ad-preview(?:(?!-ad-preview)\S)*)\Z"
)


def register_callbacks(on_started: Callable[[Any, Any], None], on_saved: ImageSaved) -> None:
    """Register what the WebUI calls once it serves its page, and for each generated image.

    on_started: gets gradio's Blocks and the FastAPI app. on_saved: called in the WebUI's thread
    with (PIL image, absolute path, infotext) when the image is saved. If it raises, the WebUI logs
    the exception.
    """
    from modules import script_callbacks

    script_callbacks.on_app_started(on_started)
    script_callbacks.on_image_saved(lambda params: _report_if_generated(params, on_saved))


def _report_if_generated(params: Any, on_saved: ImageSaved) -> None:
    infotext = (params.pnginfo or {}).get("parameters")
    name = os.path.splitext(os.path.basename(params.filename))[0]
    if params.p is None or not isinstance(infotext, str) or _BESIDE.search(name):
        return
    on_saved(params.image, os.path.abspath(params.filename), infotext)


try:
    import resource
except ImportError:  # Windows, which has no such limit
    resource = None  # type: ignore[assignment]


_WANTED_OPEN_FILES = 4096  # macOS starts with 256


def raise_open_file_limit() -> None:
    """Let this process open at least 4096 files at once, or as many as the system allows."""
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED_OPEN_FILES if hard == resource.RLIM_INFINITY else min(_WANTED_OPEN_FILES, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):  # macOS allows less than its hard limit
        return


# What a host's function may raise because of a damaged file or its own state.
_HOST_ERRORS: tuple[type[Exception], ...] = (AssertionError, AttributeError, EOFError, ImportError)
_HOST_ERRORS += (LookupError, OSError, RuntimeError, TypeError, ValueError)
_HOST_ERRORS += (sqlite3.Error,)  # of A1111's cache of hashes
_ITEMS, _FORGE = "modules.shared_items", "modules_forge.main_entry"
# By kind of model: (module, function in it). A host has some of them.
_CHECKPOINTS = (
    (_ITEMS, "refresh_checkpoints"),
    ("modules.shared", "refresh_checkpoints"),  # SD.Next
    (_FORGE, "refresh_models"),
)
_REFRESH_FUNCTIONS: dict[str, tuple[tuple[str, str], ...]] = {
    "model": _CHECKPOINTS,
    "unet": (("modules.sd_unet", "refresh_unet_list"), *_CHECKPOINTS),
    "lora": (
        ("networks", "list_available_networks"),
        ("modules.lora.lora_load", "list_available_networks"),  # SD.Next
    ),
    "vae": (
        (_ITEMS, "refresh_vae_list"),
        ("modules.shared", "refresh_vaes"),
        (_FORGE, "refresh_models"),
    ),
    "hypernet": ((_ITEMS, "reload_hypernetworks"),),
    "text_encoder": ((_ITEMS, "refresh_te_list"), (_FORGE, "refresh_models")),
    "controlnet": (("lib_controlnet.global_state", "update_controlnet_filenames"),),
    "upscaler": (("modules.modelloader", "load_upscalers"),),
}
_LOAD_EMBEDDINGS = "load_textual_inversion_embeddings"


def refresh_models(kind: str) -> bool:
    """Make the WebUI read its folder for one kind of model again.

    kind: such as "lora" or "embed". Return True if at least one of the WebUI's functions for this
    succeeded, or without a WebUI; False if all failed or if there are none.
    """
    if not in_webui():
        return True
    is_refreshed = False
    functions = (_find_attribute(*names) for names in _REFRESH_FUNCTIONS.get(kind, ()))
    for call in _iter_embedding_calls() if kind == "embed" else filter(None, functions):
        try:
            call()
        except _HOST_ERRORS as error:
            util.printD(f"[models] the WebUI did not refresh its list: {error!r}")
        else:
            is_refreshed = True
    return is_refreshed


def _iter_embedding_calls() -> Iterator[Callable[[], Any]]:
    forge = _find_attribute(
        "modules.ui_extra_networks_textual_inversion", "embedding_db", _LOAD_EMBEDDINGS
    )
    if forge is not None:
        yield partial(forge, force_reload=True, sync_with_sd_model=False)
        yield _reload_forge_embeddings
    else:
        yield _reload_model_embeddings


def _reload_forge_embeddings() -> None:
    model = _find_attribute("modules.sd_models", "model_data", "sd_model")
    for engine in vars(model).values() if model is not None else ():
        load = getattr(getattr(engine, "embeddings", None), _LOAD_EMBEDDINGS, None)
        if load is not None:
            load()


def _reload_model_embeddings() -> None:
    load = None
    if _find_attribute("modules.shared", "sd_loaded"):  # SD.Next
        load = _find_attribute("modules.shared", "sd_model", "embedding_db", _LOAD_EMBEDDINGS)
    elif _find_attribute("modules.sd_models", "model_data", "sd_model") is not None:
        # Without a model, A1111 would load one. It reads the folder anyway when it loads one.
        load = _find_attribute(
            "modules.sd_hijack", "model_hijack", "embedding_db", _LOAD_EMBEDDINGS
        )
    if load is not None:
        load(force_reload=True)


def _find_attribute(module: str, *names: str) -> Any:
    return reduce(lambda found, name: getattr(found, name, None), names, sys.modules.get(module))


_OUR_FOLDER = "civitai-shortcut"


def find_default_data_folder() -> str:
    """Return the folder for our settings, cache and databases.

    With a WebUI, the folder is inside the WebUI's data folder. Without a WebUI, it is the one in
    the environment variable CIVITAI_SHORTCUT_DATA, else one in the user's home folder.
    """
    if in_webui():
        from modules import paths

        return os.path.abspath(os.path.join(paths.data_path, _OUR_FOLDER))  # '' in SD.Next
    chosen = os.environ.get("CIVITAI_SHORTCUT_DATA")
    return os.path.abspath(chosen or os.path.join(os.path.expanduser("~"), _OUR_FOLDER))


def find_key_file() -> str:
    """Return the path of the file that stores the API key.

    Without a WebUI, the file is in our data folder. With a WebUI, it is in the user's configuration
    folder, because a WebUI may serve the files of its data folder to others.
    """
    if not in_webui():
        return os.path.join(find_default_data_folder(), "api_key")
    base = os.environ.get("XDG_CONFIG_HOME") or os.environ.get("APPDATA")
    base = base or os.path.join(os.path.expanduser("~"), ".config")
    return os.path.join(base, _OUR_FOLDER, "api_key")


# By kind: subfolders of the host's models folder; names of the host's arguments and settings.
_FOLDERS: Mapping[str, tuple[str, ...]] = {
    "model": ("Stable-diffusion",),
    "unet": ("UNET", "Unet", "diffusion_models"),
    "lora": ("Lora", "LyCORIS"),
    "embed": ("embeddings",),
    "vae": ("VAE",),
    "hypernet": ("hypernetworks",),
    "text_encoder": ("text_encoder", "Text-encoder"),
    "controlnet": ("ControlNet", "control"),
    "upscaler": ("ESRGAN",),
}
_FOLDER_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "model": ("ckpt_dir", "ckpt_dirs"),
    "unet": ("unet_dir",),
    "lora": ("lora_dir", "lora_dirs", "lyco_dir", "lyco_dir_backcompat"),
    "embed": ("embeddings_dir",),
    "vae": ("vae_dir", "vae_dirs"),
    "hypernet": ("hypernetwork_dir",),
    "text_encoder": ("text_encoder_dir", "text_encoder_dirs", "te_dir"),
    "controlnet": ("controlnet_dir", "controlnet_dirs", "control_dir", "control_net_models_path"),
    "upscaler": ("esrgan_models_path",),
}
# Every host reads these; the others only hosts in which the folder exists.
_KINDS_OF_ALL = ("model", "lora", "embed", "vae", "hypernet", "upscaler")


def list_model_folders() -> list[tuple[str, str]]:
    """Return (kind, folder) of each existing folder of models of the WebUI, [] without one."""
    found = ((kind, folder) for kind in _FOLDERS for folder in _list_folders(kind))
    return [(kind, folder) for kind, folder in dict.fromkeys(found) if os.path.isdir(folder)]


def find_model_folder(kind: str) -> str:
    """Return the folder in which to save a kind of model for the WebUI, "" if there is none.

    kind: "model" (a checkpoint), "unet", "lora", "embed", "vae", "hypernet", "text_encoder",
    "controlnet" or "upscaler". The folder is the first that exists of those in the WebUI's
    arguments, in its settings, and the usual ones. If none exists: "" for "unet", "text_encoder"
    and "controlnet", else the first of them.
    """
    folders = _list_folders(kind)
    existing = next(filter(os.path.isdir, folders), "")
    return existing or (folders[0] if folders and kind in _KINDS_OF_ALL else "")


def _list_folders(kind: str) -> list[str]:
    if not in_webui() or kind not in _FOLDERS:
        return []
    from modules import paths, shared

    found: list[Any] = []
    for options in (vars(shared.cmd_opts), shared.opts.data):
        for value in map(options.get, _FOLDER_OPTIONS[kind]):
            found += value if isinstance(value, list) else [value]
    found += [os.path.join(paths.models_path, name) for name in _FOLDERS[kind]]
    if kind == "embed":
        found.append(os.path.join(paths.data_path, "embeddings"))
    return [os.path.abspath(path) for path in found if isinstance(path, str) and path]


def read_cached_hashes() -> dict[str, list[tuple[float, str]]]:
    """Return the hashes of model files that the WebUI has computed, by the files' titles.

    A title is "lora/folder/name", for example. Each value is a list of (time, hash): the file's
    modification time when it was hashed, and its SHA256 or AutoV3 hash.
    """
    found: dict[str, list[tuple[float, str]]] = {}
    hashes: Any = sys.modules.get("modules.hashes") if in_webui() else None
    for name, digits in (("hashes", 64), ("hashes-addnet", 12)) if hashes is not None else ():
        store = hashes.cache(name)
        for title in list(store):
            entry = store.get(title)
            digest = entry.get("sha256") if isinstance(entry, dict) else None
            if isinstance(digest, str) and isinstance(title, str):
                hashed = (
                    as_number(entry.get("mtime")) or 0.0,
                    as_checksum(digest[:digits]).lower(),
                )
                found.setdefault(title.replace("\\", "/"), []).append(hashed)
    return found


# Flags that make a host reachable under other names: of A1111, its relatives and SD.Next.
_SHARED = (
    *("share", "listen", "server_name", "ngrok", "tls_certfile", "subpath", "root_path"),
    *("cloudflared", "localhostrun", "remotemoe", "tunnel"),
)
_FROZEN = ("freeze_settings", "freeze")  # the second is SD.Next's
_FOLDER_SETTINGS = (
    "download_images_folder",
    "made_images_folder",
    "model_folders",
    "model_folder_template",
    "saved_name",
)


def is_shared() -> bool:
    """Return whether the WebUI's command line lets other machines reach it; False without one."""
    return any(_host_arguments().get(name) for name in _SHARED)


def is_frozen(name: str) -> bool:
    """Return whether the command line forbids to change a setting, or the API key ("key")."""
    flags = _host_arguments()
    section = make_option_key("").rstrip("_")
    return (
        any(flags.get(flag) for flag in _FROZEN)
        or section in _split_names(flags.get("freeze_settings_in_sections"))
        or make_option_key(name) in _split_names(flags.get("freeze_specific_settings"))
        or (name in _FOLDER_SETTINGS and bool(flags.get("hide_ui_dir_config")))
    )


def find_subpath() -> str:
    """Return the path below which SD.Next mounts its page, such as "/sd"; "" if there is none.

    SD.Next mounts the page after it has started extensions, and redirects all other paths there.
    Other WebUIs serve everything at the root, for a proxy that removes the path.
    """
    if not in_webui():
        return ""
    from modules import shared

    options = getattr(shared.opts, "data", {})
    path = _host_arguments().get("subpath") or options.get("subpath") or ""
    path = path.strip("/") if isinstance(path, str) else ""
    return f"/{path}" if path and find_host_name() == "SD.Next" else ""


def find_own_address() -> str:
    """Return the WebUI's address on this machine, "" before its server runs."""
    if not in_webui():
        return ""
    from modules import shared

    url = getattr(getattr(shared, "demo", None), "local_url", None) or ""
    return url and url.rstrip("/").replace("//localhost:", "//127.0.0.1:") + find_subpath()


def has_login(request: Any) -> bool:
    """Return whether users must log in to the gradio app whose page sent a request."""
    return getattr(_find_app(request), "auth", None) is not None


def is_logged_in(request: Any) -> bool:
    """Return whether the user who sent a request is logged in; True if no login is required."""
    if not has_login(request):
        return True
    tokens = _find_app(request).tokens
    return any(value in tokens for value in request.cookies.values())


def _find_app(request: Any) -> Any:
    """Return the gradio app where a user logs in; it may be mounted in the app of the request."""
    subpath = find_subpath()
    if subpath and request.scope["path"].startswith(f"{subpath}/"):  # `url` has the header `Host`
        for route in request.app.router.routes:
            mounted = getattr(route, "app", None)
            if getattr(route, "path", "") == subpath and hasattr(mounted, "tokens"):
                return mounted
    return request.app


def _split_names(value: Any) -> list[str]:
    return [name.strip() for name in value.split(",")] if isinstance(value, str) else []


def _host_arguments() -> dict[str, Any]:
    if not in_webui():
        return {}
    from modules import shared

    return dict(vars(shared.cmd_opts))
