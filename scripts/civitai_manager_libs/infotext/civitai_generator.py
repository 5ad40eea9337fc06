"""The parameters of images from Civitai's own generator, converted to a WebUI's names. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..core import as_list, as_mapping, as_number, as_text, as_whole_number

__all__ = ["convert_generator_data", "drop_placeholders"]

_FLUX_VERSIONS = {691639}  # https://civitai.com/models/618692, the generator's own Flux
# Read from `extra`, the user's request to the generator, if `meta` lacks them.
_EXTRA_KEYS = ("width", "height", "clipSkip", "seed")
_NO_SEED = ("-1", "")
# Engines outside of Civitai that its generator calls, as base models, ecosystems and engines name
# them, in lower-case letters and digits. They have no sampler, steps or Clip skip; Civitai writes
# the defaults of Stable Diffusion in their place.
# https://github.com/civitai/civitai/tree/main/src/shared/data-graph/generation
_OTHER_ENGINES = re.compile(
    r"(?:flux1?kontext|flux3|gemini|google|gptimage|haiper|hailuo|happyhorse|hunyuan3d|imagen|kling"
    r"|midjourney|minimax|nanobanana|openai|polygen|seedance|seedream|sora|tripo|veo|vidu|wanimage)"
    r".*|grok(?:image)?|mai|reve|xai",
    re.DOTALL,
)
_OTHER_ENGINE_VERSIONS = {  # their models, for a record that names no engine
    *(1733399, 2512167, 2880272),  # GPT-image
    *(1889632, 2154472, 2436219, 2725610, 3086021),  # Imagen, Nano Banana
    *(2208174, 2208278, 2470991, 2720141, 3110984),  # Seedream
    *(1088507, 1892509, 1892523),  # Flux.1 Ultra and Kontext
    *(2738377, 3002140, 3133202, 3197990),  # Grok, MAI, Reve
}
_MAX_NAME = 100  # characters
_NAME_MARKS = re.compile("[^a-z0-9]+")
_PLACEHOLDERS = {  # under Civitai's names: A1111's
    "steps": "Steps",
    "sampler": "Sampler",
    "scheduler": "Schedule type",
    "cfgScale": "CFG scale",
    "clipSkip": "Clip skip",
    "denoise": "Denoising strength",
}
_LOCAL_KEYS = ("Version", "Model", "Model hash", "comfy")  # of programs on one's own machine


def convert_generator_data(meta: Mapping[str, Any], base_model: str = "") -> Mapping[str, Any]:
    """Convert the data of an image from Civitai's own generator to what WebUIs expect.

    Return the data of other images unchanged. Values that `meta` itself lacks are taken from
    `meta["extra"]`. For Flux models with distilled guidance, sampler, CFG scale and Clip skip get
    the values that Forge expects. base_model: "" if unknown.
    """
    told = drop_placeholders(meta, base_model)
    if told is not meta or not _is_on_site_image(meta):
        return told
    merged = {**_read_request(meta, _EXTRA_KEYS), **_list_known(meta)}
    return _convert_flux_parameters(merged) if _has_distilled_guidance(meta, base_model) else merged


def drop_placeholders(meta: Mapping[str, Any], base_model: str = "") -> Mapping[str, Any]:
    """Return the data of an image by an engine such as GPT-image without Civitai's placeholders.

    What the user's request, `meta["extra"]`, states remains. Return the data of other images
    unchanged. base_model: "" if unknown.
    """
    if not _is_by_other_engine(meta, base_model):
        return meta
    names = {*_PLACEHOLDERS, *_PLACEHOLDERS.values(), "CFG Scale", "Scheduler"}
    told = {key: value for key, value in _list_known(meta).items() if key not in names}
    return {**_read_request(meta, (*_EXTRA_KEYS, *_PLACEHOLDERS)), **told}


def _is_by_other_engine(meta: Mapping[str, Any], base_model: str) -> bool:
    if not _OTHER_ENGINE_VERSIONS.isdisjoint(_iter_version_ids(meta)):
        return True
    names = [*_iter_base_models(meta, base_model)]
    names += [as_text(meta.get(key)) for key in ("engine", "sampler", "Sampler")]
    plain_names = (_NAME_MARKS.sub("", name[:_MAX_NAME].lower()) for name in names)
    is_named = any(map(_OTHER_ENGINES.fullmatch, plain_names))
    has_no_steps = as_number(meta.get("steps", meta.get("Steps"))) == 0
    # Flux.1 Kontext also runs on one's own machine.
    is_local = any(as_text(meta.get(key)) for key in _LOCAL_KEYS) or "Kontext" in base_model
    return (is_named or has_no_steps) and (_is_on_site_image(meta) or not is_local)


def _list_known(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of `meta` that are not missing; a seed of -1 is (it means: any)."""
    known = {key: value for key, value in meta.items() if value is not None}
    return {
        key: value
        for key, value in known.items()
        if not (key in ("seed", "Seed") and as_text(value) in _NO_SEED)
    }


def _read_request(meta: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """Return the values under these keys in `meta["extra"]`, the user's request."""
    extra = as_mapping(meta.get("extra"))
    request = {**as_mapping(extra.get("aspectRatio")), **extra}
    return {key: request[key] for key in keys if key in request}


def _is_on_site_image(meta: Mapping[str, Any]) -> bool:
    return bool(as_list(meta.get("civitaiResources"))) or meta.get("engine") == "Civitai"


def _convert_flux_parameters(meta: Mapping[str, Any]) -> dict[str, Any]:
    flux = {key: value for key, value in meta.items() if key not in ("clipSkip", "Clip skip")}
    if not as_text(meta.get("sampler")):
        flux |= {"sampler": "Euler", "Schedule type": "Simple"}
    guidance = as_number(meta.get("cfgScale"))
    if guidance is not None and guidance > 1 and "Distilled CFG Scale" not in meta:
        flux |= {"cfgScale": 1, "Distilled CFG Scale": guidance}
    return flux


def _has_distilled_guidance(meta: Mapping[str, Any], base_model: str) -> bool:
    """Return whether an image was made with a Flux model that uses distilled guidance.

    All Flux models do, except Klein. base_model: the image's base model, "" if unknown.
    """
    names = [name.lower() for name in _iter_base_models(meta, base_model) if name]
    if names:
        return any(name.startswith("flux") and "klein" not in name for name in names)
    return not _FLUX_VERSIONS.isdisjoint(_iter_version_ids(meta))


def _iter_base_models(meta: Mapping[str, Any], base_model: str) -> Iterator[str]:
    yield base_model
    extra = as_mapping(meta.get("extra"))
    for value in (meta.get("baseModel"), extra.get("baseModel"), extra.get("ecosystem")):
        yield as_text(value)
    for name in (as_text(meta.get("Model")), *map(as_text, as_list(meta.get("models"))[:10])):
        if name.startswith("urn:air:"):
            yield name.removeprefix("urn:air:")


def _iter_version_ids(meta: Mapping[str, Any]) -> Iterator[int | None]:
    extra = as_mapping(meta.get("extra"))
    listed = (meta.get("civitaiResources"), extra.get("resources"))
    for entry in (entry for entries in listed for entry in as_list(entries)[:100]):
        yield as_whole_number(as_mapping(entry).get("modelVersionId"), low=1)
