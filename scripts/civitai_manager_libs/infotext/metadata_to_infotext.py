"""Civitai's metadata as an infotext."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, NamedTuple

from ..core import as_checksum, as_integer, as_list, as_mapping, as_number, as_text, clean_text
from ..core import format_number, Image, model_file_stem, unwrap_meta
from .comfy import load_json, read_graph
from .infotext_format import build_metadata, compose_infotext, edit_infotext, has_template_lines
from .infotext_format import Infotext, is_safe_negative_prompt, join_quoted_lines, parse_infotext
from .infotext_format import unquote_value
from .resources import convert_generator_data, drop_placeholders, is_site_id, list_missing_lora_tags
from .resources import list_resources, Resource
from .samplers import is_schedule, SDNEXT_UPSCALERS, translate_sampler, translate_schedule


def build_infotext(
    meta: Mapping[str, Any] | None, image: Image | None = None, *, adds_lora_tags: bool = True
) -> str:
    """Return the infotext for an image's generation data, "" if there is no data.

    meta: the data in the form of Civitai's `meta`, or wrapped as `{id, meta}`. image: the image, if
    known; its base model and ids supplement the data. adds_lora_tags: whether to append a tag to
    the prompt for each LoRA that the data lists but the prompts do not name.
    """
    # The record's image size is not used: the image may have been enlarged after its generation.
    record = _build_record(meta, image)
    prompt, negative_prompt = (_clean_prompt(record.get(k)) for k in ("prompt", "negativePrompt"))
    parameters = _build_webui_parameters(record)
    if adds_lora_tags and (prompt or any(parameters.values())):
        prompt = " ".join(
            part for part in (prompt.rstrip(), *list_missing_lora_tags(record)) if part
        )
    padding: dict[str, object] = {}
    if image:  # so that a WebUI recognises the text
        padding = {"Image id": image.id, "Base model": image.base_model, "Post id": image.post_id}
    texts = [(name, as_text(value)) for name, value in padding.items()]
    return compose_infotext(prompt, negative_prompt, parameters, texts)


def list_added_lora_tags(
    meta: Mapping[str, Any] | None, image: Image | None = None
) -> tuple[str, ...]:
    """Return the LoRA tags that an image's infotext has in addition to the image's own prompt."""
    return list_missing_lora_tags(_build_record(meta, image))


def list_omitted_parameters(meta: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return the names of the damaged parameters, which are left out of an image's infotext."""
    meta = unwrap_meta(meta)
    names = (key for key in islice(meta, _MAX_KEYS) if isinstance(key, str) and _is_webui_key(key))
    return tuple(key for key in names if _is_mangled(key, meta[key]))


def find_workflow(meta: Mapping[str, Any] | None) -> str:
    """Return the ComfyUI workflow in an image's generation data, as JSON for ComfyUI's editor.

    If there is no workflow, return the graph in API format, or "" if there is no graph either.
    """
    comfy = as_mapping(load_json(unwrap_meta(meta).get("comfy")))
    workflow, graph = (as_mapping(load_json(comfy.get(name))) for name in ("workflow", "prompt"))
    for found in (workflow if "nodes" in workflow else {}, graph):
        if found:  # `load_json` removes NaN, which browsers do not parse
            return json.dumps(load_json(json.dumps(found)), ensure_ascii=False)
    return ""


def find_graph(meta: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the ComfyUI graph in an image's generation data in API format, None if none is there.

    ComfyUI can run it as it is.
    """
    comfy = as_mapping(load_json(unwrap_meta(meta).get("comfy")))
    graph = as_mapping(load_json(comfy.get("prompt")))
    nodes = list(map(as_mapping, graph.values()))
    is_whole = all("class_type" in node and "inputs" in node for node in nodes)
    return dict(graph) if nodes and is_whole else None


def _build_record(meta: object, image: Image | None) -> Mapping[str, Any]:
    record = unwrap_meta(meta)
    if "comfy" in record:  # its graph has what the record lacks
        graph = read_graph(record["comfy"])
        if _clean_prompt(record.get("prompt")):
            graph.pop("negativePrompt", None)
        known = {key: value for key, value in record.items() if key not in graph or as_text(value)}
        record = {**graph, **known}
    return convert_generator_data(_translate_parameters(record), image.base_model if image else "")


def _clean_prompt(value: object) -> str:
    return clean_text(value[:100_000]) if isinstance(value, str) else ""


class Generation(NamedTuple):
    """How an image was made: its parsed infotext, and the models and other resources used.

    Of LoRA tags, the infotext has only those of the image's own prompt.
    """

    infotext: Infotext
    resources: tuple[Resource, ...]


def read_generation(image: Image) -> Generation:
    """Return the infotext and the resources of an image, read from the image's `meta`."""
    infotext = parse_infotext(build_infotext(image.meta, image, adds_lora_tags=False))
    return Generation(infotext, list_resources(image.meta, image))


_MAX_VALUE = 10_000  # characters of one parameter
_MAX_KEYS = 500
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


def _build_webui_parameters(meta: Mapping[str, Any]) -> dict[str, str]:
    """Convert generation data to A1111's parameters, in A1111's order; "" for what it lacks."""
    main, checksums = _build_main_parameters(meta), _build_hash_lists(meta)
    version = {"Version": _find_text(meta, "Version")}
    known, others = {*main, *checksums, *version}, {}
    for key in islice(meta, _MAX_KEYS):
        if isinstance(key, str) and key not in known and _is_webui_key(key):
            text = "" if _is_mangled(key, meta[key]) else _find_joined_text(meta, key)
            text = as_text(unquote_value(text))  # quoted by an older parser of Civitai
            if not re.fullmatch(r"\d{6,}x\d+|\d+x\d{6,}", text):  # a WebUI fails on such a size
                others[key] = text
    hires = {key: value for key, value in others.items() if key.startswith("Hires ")}
    adetailer = {key: value for key, value in others.items() if key.startswith("ADetailer ")}
    return {**main, **hires, **adetailer, **checksums, **version, **others}


def _build_main_parameters(meta: Mapping[str, Any]) -> dict[str, str]:
    sampler, schedule = translate_sampler(
        _find_text(meta, "sampler", "Sampler"), _find_text(meta, "Schedule type", "scheduler")
    )
    hashes = as_mapping(meta.get("hashes"))
    match = _SIZE.fullmatch(_find_text(meta, "Size"))
    sides = match.groups() if match else (meta.get("width"), meta.get("height"))
    size = [as_integer(side) for side in sides]
    denoise = _format_decimal(meta, 1, "denoise")  # ComfyUI's; A1111 does not write 1
    return {
        "Steps": _format_whole(meta, 1, 10_000, "steps", "Steps"),
        "Sampler": sampler,
        "Schedule type": schedule,
        "CFG scale": _format_decimal(meta, 1000, "cfgScale", "CFG scale"),
        "Distilled CFG Scale": _format_decimal(meta, 1000, "Distilled CFG Scale"),
        "Seed": _format_seed(meta, "seed", "Seed"),
        "Size": "x".join(map(str, size)) if all(n and 0 < n < 100_000 for n in size) else "",
        "Model hash": as_checksum(meta.get("Model hash")) or as_checksum(hashes.get("model")),
        "Model": _find_name(meta, "Model", "models", model_file_stem),
        "VAE hash": as_checksum(meta.get("VAE hash")) or as_checksum(hashes.get("vae")),
        "VAE": _find_name(meta, "VAE", "vaes", lambda name: re.split(r"[\\/]", name)[-1]),
        "Variation seed": _format_seed(meta, "Variation seed"),
        "Variation seed strength": _format_decimal(meta, 1, "Variation seed strength"),
        "Seed resize from": _find_text(meta, "Seed resize from"),
        "Denoising strength": _format_decimal(meta, 1, "Denoising strength")
        or ("" if denoise == "1" else denoise),
        "Clip skip": _format_whole(meta, 1, 100, "clipSkip", "Clip skip"),
    }


def _find_text(meta: Mapping[str, Any], *keys: str) -> str:
    """Return the first value under one of these keys as text, "" if there is none."""
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
    texts = (_format_whole(meta, -(2**63), 2**64 - 1, key) for key in keys)
    return next((text for text in texts if text not in ("", "-1")), "")


def _format_decimal(meta: Mapping[str, Any], high: float, *keys: str) -> str:
    numbers = (as_number(meta.get(key)) for key in keys)
    return next((format_number(n) for n in numbers if n is not None and 0 <= n <= high), "")


def _find_name(
    meta: Mapping[str, Any], key: str, list_key: str, clean: Callable[[str], str]
) -> str:
    listed = next(filter(None, map(as_text, as_list(meta.get(list_key)))), "")
    names = (name for name in (_find_joined_text(meta, key), listed) if not is_site_id(name))
    return next(filter(None, (as_text(clean(name)) for name in names)), "")


def _build_hash_lists(meta: Mapping[str, Any]) -> dict[str, str]:
    """Return `Lora hashes` and `TI hashes`, each a text such as `name: hash, name2: hash2`."""
    found: dict[str, dict[str, str]] = {"Lora hashes": {}, "TI hashes": {}}
    for key, value in islice(as_mapping(meta.get("hashes")).items(), _MAX_KEYS):
        kind, _, name = str(key).partition(":")
        label = {"lora": "Lora hashes", "embed": "TI hashes"}.get(kind.lower())
        if label:
            found[label][name.strip()] = as_checksum(value)
    joined = {}
    for label, checksums in found.items():
        for pair in _find_joined_text(meta, label).split(","):
            name, _, value = pair.rpartition(":")
            checksums.setdefault(name.strip(), as_checksum(value.strip()))
        pairs = ((as_text(name), value) for name, value in checksums.items() if value)
        text = ", ".join(f"{n}: {v}" for n, v in pairs if n and not re.search(r"[,:\n]", n))
        joined[label] = text if len(text) <= _MAX_VALUE else ""
    return joined


def _is_webui_key(key: str) -> bool:
    known_form = _WEBUI_KEY.fullmatch(key) and not _RESERVED_KEYS.fullmatch(key)
    return bool(known_form) and "civitai" not in key.lower()


def _is_mangled(key: str, value: object) -> bool:
    """Return whether Civitai's parser has damaged a parameter's value. key: the parameter's name.

    A damaged value is a text with a quotation mark at its start alone, or a mapping of pieces of a
    text, such as `{"photo of a (cat": "1.1)"}` for "photo of a (cat:1.1)".
    """
    if isinstance(value, str):
        return value.startswith('"') and unquote_value(value.strip()) == value.strip()
    if not isinstance(value, Mapping):
        return False
    parts = islice(value, _MAX_KEYS)
    return bool(_PROSE.fullmatch(key)) or not all(_PART_KEY.fullmatch(str(part)) for part in parts)


_OTHER_NAMES = {  # another program's name: the WebUIs'
    "CFG Scale": "CFG scale",
    "Guidance": "Distilled CFG Scale",
    "Denoise": "Denoising strength",
    "CLiP-skip": "Clip skip",  # SD.Next
    "Variation strength": "Variation seed strength",
    "Hires scale": "Hires upscale",
    "Hires fixed": "Hires resize",
    "Hires strength": "Denoising strength",
    "Hires CFG scale": "Hires CFG Scale",
    "Unet": "Model",  # stable-diffusion.cpp
}
_OTHER_VALUES = {  # "" for what no WebUI has
    "RNG": {"cuda": "NV", "cpu": "CPU", "std_default": ""},  # stable-diffusion.cpp
    "Hires resize": {"0x0": ""},
    "Hires upscaler": {theirs: ours for ours, theirs in SDNEXT_UPSCALERS.items()},
}
_CASE_VARIANTS = ("CFG Scale", "CLiP-skip", "Hires CFG scale")  # one of the two is enough
_MADE_UP = ("Steps", "Sampler", "Schedule type", "CFG scale", "Seed", "Clip skip")
_FLUX_PLACEHOLDER = ("Sampler", "undefined")  # Forge reads it as Euler
_PLACEHOLDERS = {("Model", "unknown"), ("Model hash", "unknown"), ("Seed", "-1"), _FLUX_PLACEHOLDER}


def _translate_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters with the names of other programs replaced by the WebUIs' names.

    If a parameter occurs under both names, the value under the WebUIs' name is used. Parameters
    that WebUIs do not know are kept unchanged.
    """
    translated = {key: value for key, value in parameters.items() if key not in _CASE_VARIANTS}
    for name, values in _OTHER_VALUES.items():
        value = values.get(as_text(parameters.get(name)))
        if value:
            translated[name] = value
        elif value == "":
            del translated[name]
    upscale = as_text(parameters.get("Hires upscale"))
    if upscale and as_number(upscale) is None:  # stable-diffusion.cpp's name of the upscaler
        translated["Hires upscaler"] = translated.pop("Hires upscale")
    for other, name in _OTHER_NAMES.items():
        value = as_text(parameters[other]) if other in parameters else ""
        is_full = other == "Denoise" and re.fullmatch(r"1(?:\.0*)?", value)  # A1111 writes no 1
        if value and not is_full:
            translated.setdefault(name, value)
    # Fooocus' and SD.Next's names.
    schedules = (as_text(parameters.get(name)) for name in ("Scheduler", "Sampler sigma"))
    schedule = next(filter(is_schedule, schedules), "")
    sampler = as_text(parameters.get("Sampler") or parameters.get("sampler"))
    has_other = "scheduler" in parameters or translate_sampler(sampler)[1]
    # SD.Next's setting means nothing for some samplers.
    if schedule and not has_other and sampler not in ("DDIM", "PLMS", "UniPC"):
        translated.setdefault("Schedule type", translate_schedule(schedule))
    return translated


def translate_infotext(text: str) -> str:
    """Return another program's infotext with the WebUIs' names for its parameters.

    LoRAs in parameters are also added to the prompt as tags, since WebUIs read LoRAs only from
    tags. An infotext that needs no change, such as that of a WebUI, is returned as it is.
    """
    # That JSON of stable-diffusion.cpp repeats what its infotext says, with the prompts.
    text = join_quoted_lines(text).partition(", SDCPP: {")[0]
    read = parse_infotext(text)
    translated = _translate_parameters(read.parameters)
    names = (translated.get("Sampler", ""), translated.get("Schedule type", ""))
    sampler, schedule = translate_sampler(*names)
    if names[0] != f"{sampler} {schedule}":  # A1111's name for both before 1.9
        translated |= {"Sampler": sampler, "Schedule type": schedule}
    filled = {key: value for key, value in translated.items() if value or key in read.parameters}
    placeholders = _PLACEHOLDERS - ({_FLUX_PLACEHOLDER} if "flux" in text.lower() else set())
    parameters = {k: v for k, v in filled.items() if (k, v.lower()) not in placeholders}
    meta = build_metadata(text) if "Civitai " in text else {}
    told = drop_placeholders(meta)  # of Civitai's generator
    if told is not meta:
        values = _build_webui_parameters(told)
        made = {key: value for key, value in values.items() if value and key in _MADE_UP}
        parameters = {k: v for k, v in parameters.items() if values.get(k, v)} | made
    tags = list_missing_lora_tags({**read.parameters, "prompt": read.prompt})
    is_plain = is_safe_negative_prompt(read.negative_prompt) and not has_template_lines(text)
    if parameters == read.parameters and not tags and is_plain:
        return text
    return edit_infotext(text, tags, parameters)
