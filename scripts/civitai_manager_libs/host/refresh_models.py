"""Makes the WebUI read a folder of models again, so that a new file can be chosen at once.

Imports nothing of the WebUI: what it has loaded is looked up. Each host has other functions.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterator
from functools import partial, reduce
from typing import Any

from .. import util
from .webui import in_webui

__all__ = ["refresh_models"]

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
_FUNCTIONS: dict[str, tuple[tuple[str, str], ...]] = {
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
    calls = _iter_embedding_calls() if kind == "embed" else _iter_calls(kind)
    return any([_try_call(call) for call in calls])  # a list: all are to be called


def _try_call(call: Callable[[], Any]) -> bool:
    try:
        call()
    except _HOST_ERRORS as error:
        util.printD(f"[models] the WebUI did not refresh its list: {error!r}")
        return False
    return True


def _iter_calls(kind: str) -> Iterator[Callable[[], Any]]:
    for module, name in _FUNCTIONS.get(kind, ()):
        function = _find_attribute(module, name)
        if function is not None:
            yield function


def _iter_embedding_calls() -> Iterator[Callable[[], Any]]:
    """Yield functions that make the WebUI read its folder of embeddings again."""
    forge = _find_attribute(
        "modules.ui_extra_networks_textual_inversion", "embedding_db", _LOAD_EMBEDDINGS
    )
    if forge is not None:
        yield partial(forge, force_reload=True, sync_with_sd_model=False)
        yield _reload_forge_embeddings
    else:
        yield _reload_model_embeddings


def _reload_forge_embeddings() -> None:
    """Make the model that Forge has loaded, if any, read the folder of embeddings again."""
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
    """Return an attribute of a Python module if the module is loaded and has it, else None.

    names: the path to the attribute: ("a", "b") finds `module.a.b`.
    """
    return reduce(lambda found, name: getattr(found, name, None), names, sys.modules.get(module))
