"""The samplers, modules and fields of a WebUI that an infotext can set.

Imports the WebUI inside functions only: a terminal loads nothing of it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

from .webui import find_paste_module, in_webui

__all__ = ["list_capabilities"]

_DIVIDER = "─"  # begins a row between SD.Next's samplers


def list_capabilities() -> dict[str, Any]:
    """Return the samplers, schedulers, modules and infotext fields of the running WebUI.

    The dict has the arguments of `infotext.HostCapabilities`. Return {} if they are unknown.
    SD.Next has no schedulers: a sampler's schedule is one of its settings.
    """
    samplers, schedulers = map(sys.modules.get, ("modules.sd_samplers", "modules.sd_schedulers"))
    known = getattr(samplers, "all_samplers_map", None)
    if not (in_webui() and samplers and known):
        return {}
    default = [sampler.name for sampler in samplers.samplers[:1]]
    names = [name for name in dict.fromkeys([*default, *known]) if not name.startswith(_DIVIDER)]
    return {
        "samplers": tuple(names),
        "schedulers": tuple(
            (each.label, each.name, *(each.aliases or ()))
            for each in getattr(schedulers, "schedulers", ())  # SD.Next has none
        ),
        "modules": _list_modules(),
        "fields": frozenset(_iter_fields()),
    }


def _list_modules() -> frozenset[str] | None:
    names = getattr(sys.modules.get("modules_forge.main_entry"), "module_list", None)
    return None if names is None else frozenset(os.path.splitext(name)[0] for name in names)


def _iter_fields() -> Iterator[str]:
    """Yield the infotext keys that fill a field of a tab or change a setting."""
    from modules import shared

    paste = find_paste_module()
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
