"""A record's generation parameters under A1111's names and in A1111's order. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from ..core import as_checksum, as_integer, as_list, as_mapping, as_number, as_text
from ..core import format_number, model_file_stem
from .resources import is_site_id
from .samplers import translate_sampler

__all__ = ["build_webui_parameters", "find_mangled_names"]

_MAX_VALUE = 10_000  # characters of one parameter
_MAX_KEYS = 500
_FIRST_SEED, _LAST_SEED = -(2**63), 2**64 - 1
# Keys as the WebUIs write them (`Hires upscale`, Forge's `freeu_b1`); Civitai's keys are camelCase.
_WEBUI_KEY = re.compile(
    r"[A-Z][A-Za-z0-9_ /-]{0,60}[A-Za-z0-9_]|(?:freeu|dynthres|kohya_hrfix|latent_modifier"
    r"|multidiffusion|pagi|sag|stylealign)_[a-z0-9_]{1,40}"
)
# Names that the WebUIs' parser sets itself: as parameters they would break it.
_RESERVED_KEYS = re.compile(
    r".*-[12]|Prompt|Negative prompt|Styles array|(?:Hires )?VAE/TE", re.DOTALL
)
_SIZE = re.compile(r"(\d{1,5}) ?[xX×] ?(\d{1,5})", re.ASCII)
_PART_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ /().+-]{0,60}")
_PROSE = re.compile(r".*prompt|.*template", re.IGNORECASE | re.DOTALL)


def build_webui_parameters(meta: Mapping[str, Any]) -> dict[str, str]:
    """Convert generation data from Civitai to A1111's parameters, in A1111's order.

    A parameter that the data lacks is "".
    """
    main, checksums = _build_main_parameters(meta), _build_hash_lists(meta)
    version = {"Version": _find_text(meta, "Version")}
    others = _build_other_parameters(meta, {*main, *checksums, *version})
    hires = {key: value for key, value in others.items() if key.startswith("Hires ")}
    adetailer = {key: value for key, value in others.items() if key.startswith("ADetailer ")}
    return {**main, **hires, **adetailer, **checksums, **version, **others}


def find_mangled_names(meta: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the parameters whose values Civitai's parser has damaged.

    Infotexts are built without these parameters.
    """
    names = (key for key in islice(meta, _MAX_KEYS) if isinstance(key, str) and _is_webui_key(key))
    return tuple(key for key in names if _is_mangled(key, meta[key]))


def _build_main_parameters(meta: Mapping[str, Any]) -> dict[str, str]:
    sampler, schedule = translate_sampler(
        _find_text(meta, "sampler", "Sampler"), _find_text(meta, "Schedule type", "scheduler")
    )
    hashes = as_mapping(meta.get("hashes"))
    return {
        "Steps": _format_whole(meta, 1, 10_000, "steps", "Steps"),
        "Sampler": sampler,
        "Schedule type": schedule,
        "CFG scale": _format_decimal(meta, 1000, "cfgScale", "CFG scale"),
        "Distilled CFG Scale": _format_decimal(meta, 1000, "Distilled CFG Scale"),
        "Seed": _format_seed(meta, "seed", "Seed"),
        "Size": _format_size(meta),
        "Model hash": as_checksum(meta.get("Model hash")) or as_checksum(hashes.get("model")),
        "Model": _find_name(meta, "Model", "models", _clean_model_name),
        "VAE hash": as_checksum(meta.get("VAE hash")) or as_checksum(hashes.get("vae")),
        "VAE": _find_name(meta, "VAE", "vaes", _clean_file_name),
        "Variation seed": _format_seed(meta, "Variation seed"),
        "Variation seed strength": _format_decimal(meta, 1, "Variation seed strength"),
        "Seed resize from": _find_text(meta, "Seed resize from"),
        "Denoising strength": _format_decimal(meta, 1, "Denoising strength")
        or _format_denoise(meta),
        "Clip skip": _format_whole(meta, 1, 100, "clipSkip", "Clip skip"),
    }


def _find_text(meta: Mapping[str, Any], *keys: str) -> str:
    """Return the first value under one of these keys as text, "" if there is none.

    Empty values, those longer than _MAX_VALUE characters, and mappings are skipped.
    """
    values = (meta.get(key) for key in keys)
    texts = (as_text(value) for value in values if not isinstance(value, Mapping))
    return next((text for text in texts if text and len(text) <= _MAX_VALUE), "")


def _find_joined_text(meta: Mapping[str, Any], key: str) -> str:
    """Like `_find_text`, but join a text that Civitai's parser has split into a mapping."""
    text = as_text(meta.get(key))
    return text if len(text) <= _MAX_VALUE else ""


def _format_whole(meta: Mapping[str, Any], low: int, high: int, *keys: str) -> str:
    numbers = (as_integer(meta.get(key)) for key in keys)
    return next((str(n) for n in numbers if n is not None and low <= n <= high), "")


def _format_seed(meta: Mapping[str, Any], *keys: str) -> str:
    """Return the seed under one of these keys as text, "" if it is missing or -1 (random)."""
    texts = (_format_whole(meta, _FIRST_SEED, _LAST_SEED, key) for key in keys)
    return next((text for text in texts if text not in ("", "-1")), "")


def _clean_model_name(name: str) -> str:
    """Return a model's name without folder and extension, "" if it is an AIR or a TensorArt id."""
    return "" if is_site_id(name) else as_text(model_file_stem(name))


def _clean_file_name(name: str) -> str:
    return "" if is_site_id(name) else as_text(re.split(r"[\\/]", name)[-1])


def _format_decimal(meta: Mapping[str, Any], high: float, *keys: str) -> str:
    numbers = (as_number(meta.get(key)) for key in keys)
    return next((format_number(n) for n in numbers if n is not None and 0 <= n <= high), "")


def _format_denoise(meta: Mapping[str, Any]) -> str:
    """Return ComfyUI's denoising strength as text; "" for 1, which A1111 does not write."""
    text = _format_decimal(meta, 1, "denoise")
    return "" if text == "1" else text


def _format_size(meta: Mapping[str, Any]) -> str:
    match = _SIZE.fullmatch(_find_text(meta, "Size"))
    width, height = match.groups() if match else (meta.get("width"), meta.get("height"))
    sides = [as_integer(side) for side in (width, height)]
    return "x".join(map(str, sides)) if all(side and 0 < side < 100_000 for side in sides) else ""


def _find_name(
    meta: Mapping[str, Any], key: str, list_key: str, clean: Callable[[str], str]
) -> str:
    """Return the name under `key`, else the first name in the list under `list_key`, "" if none.

    clean: a function to apply to the names; a name for which it returns "" does not count.
    """
    listed = next(filter(None, map(as_text, as_list(meta.get(list_key)))), "")
    return clean(_find_joined_text(meta, key)) or clean(listed)


def _build_hash_lists(meta: Mapping[str, Any]) -> dict[str, str]:
    """Return `Lora hashes` and `TI hashes`, each a text such as `name: hash, name2: hash2`.

    The hashes come from the parameters with these names and from `meta["hashes"]`.
    """
    found: dict[str, dict[str, str]] = {"Lora hashes": {}, "TI hashes": {}}
    for key, value in islice(as_mapping(meta.get("hashes")).items(), _MAX_KEYS):
        kind, _, name = str(key).partition(":")
        label = {"lora": "Lora hashes", "embed": "TI hashes"}.get(kind.lower())
        if label:
            found[label][name.strip()] = as_checksum(value)
    for label, checksums in found.items():
        for pair in _find_joined_text(meta, label).split(","):
            name, _, value = pair.rpartition(":")
            checksums.setdefault(name.strip(), as_checksum(value.strip()))
    return {label: _join_hashes(checksums) for label, checksums in found.items()}


def _join_hashes(checksums: Mapping[str, str]) -> str:
    pairs = ((as_text(name), value) for name, value in checksums.items() if value)
    text = ", ".join(f"{n}: {v}" for n, v in pairs if n and not re.search(r"[,:\n]", n))
    return text if len(text) <= _MAX_VALUE else ""


def _build_other_parameters(meta: Mapping[str, Any], known: set[str]) -> dict[str, str]:
    """Return the parameters with names like a WebUI's, such as "RNG", except the `known` names.

    The value of a parameter that Civitai's parser has damaged is "". Impossible sizes are left out.
    """
    found = {}
    for key in islice(meta, _MAX_KEYS):
        if isinstance(key, str) and key not in known and _is_webui_key(key):
            text = "" if _is_mangled(key, meta[key]) else _unquote(_find_joined_text(meta, key))
            if not re.fullmatch(r"\d{6,}x\d+|\d+x\d{6,}", text):  # a WebUI fails on such a size
                found[key] = text
    return found


def _is_webui_key(key: str) -> bool:
    known_form = _WEBUI_KEY.fullmatch(key) and not _RESERVED_KEYS.fullmatch(key)
    return bool(known_form) and "civitai" not in key.lower()


def _is_mangled(key: str, value: object) -> bool:
    """Return whether Civitai's parser has damaged a parameter's value. key: the parameter's name.

    A damaged value is a text with a quotation mark at its start alone, or a mapping of pieces of a
    text, such as `{"photo of a (cat": "1.1)"}` for "photo of a (cat:1.1)".
    """
    if isinstance(value, str):
        return value.startswith('"') and _unquote(value.strip()) == value.strip()
    if not isinstance(value, Mapping):
        return False
    parts = islice(value, _MAX_KEYS)
    return bool(_PROSE.fullmatch(key)) or not all(_PART_KEY.fullmatch(str(part)) for part in parts)


def _unquote(text: str) -> str:
    """Return a text without the JSON quotes that an older parser of Civitai may have left on it."""
    if not (len(text) > 1 and text[0] == text[-1] == '"'):
        return text
    try:
        return as_text(json.loads(text))
    except ValueError:
        return text
