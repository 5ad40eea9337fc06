"""What a WebUI has for an infotext's values to arrive at: samplers, modules, fields.

Imports nothing of the WebUI until a function needs it, so that a terminal loads nothing of it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

from .webui import in_webui, find_paste_module

__all__ = ["list_capabilities"]


def list_capabilities() -> dict[str, Any]:
    """samplers: names, first the one that is taken for an unknown. schedulers: their names, label
    first. modules: stems of VAEs and text encoders, None where they are none of its choices.
    fields: infotext names that fill something. {} where there is no host, or one of another kind.
    """
    samplers, schedulers = map(_find_module, ("modules.sd_samplers", "modules.sd_schedulers"))
    known = getattr(samplers, "all_samplers_map", None)
    if not (in_webui() and known and schedulers):
        return {}
    first = [sampler.name for sampler in samplers.samplers[:1]]
    return {
        "samplers": tuple(dict.fromkeys([*first, *known])),
        "schedulers": tuple(
            (one.label, one.name, *(one.aliases or ())) for one in schedulers.schedulers
        ),
        "modules": _list_modules(),
        "fields": frozenset(_iter_fields()),
    }


def _find_module(name: str) -> Any:
    """None where the host has not loaded one of that name."""
    return sys.modules.get(name)


def _list_modules() -> frozenset[str] | None:
    listed = getattr(_find_module("modules_forge.main_entry"), "module_list", None)
    return None if listed is None else frozenset(os.path.splitext(name)[0] for name in listed)


def _iter_fields() -> Iterator[str]:
    """Of the tabs by their labels, of the settings by what an infotext calls them."""
    from modules import shared

    paste = find_paste_module()
    for tab in paste.paste_fields.values():
        for listed in tab["fields"] or ():
            if isinstance(listed[1], str):
                yield listed[1]
    for name, _ in getattr(paste, "infotext_to_setting_name_mapping", ()):
        yield name
    for info in shared.opts.data_labels.values():
        if getattr(info, "infotext", None):
            yield info.infotext
