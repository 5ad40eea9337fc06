"""The parameters of images from Civitai's own generator, converted to a WebUI's names. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..core import as_list, as_mapping, as_number, as_text, as_whole_number

__all__ = ["convert_generator_data"]

_FLUX_VERSIONS = {691639}  # https://civitai.com/models/618692, the generator's own Flux
_EXTRA_KEYS = ("width", "height", "clipSkip")  # read from `extra` if `meta` lacks them


def convert_generator_data(meta: Mapping[str, Any], base_model: str = "") -> Mapping[str, Any]:
    """Convert the data of an image from Civitai's own generator to what WebUIs expect.

    Return the data of other images unchanged. Width, height and Clip skip are taken from
    `meta["extra"]` if `meta` itself lacks them. For Flux models with distilled guidance, sampler,
    CFG scale and Clip skip get the values that Forge expects. base_model: "" if unknown.
    """
    if not _is_on_site_image(meta):
        return meta
    extra = as_mapping(meta.get("extra"))
    merged = {key: extra[key] for key in _EXTRA_KEYS if key in extra}
    merged |= {key: value for key, value in meta.items() if value is not None}
    return _convert_flux_parameters(merged) if _has_distilled_guidance(meta, base_model) else merged


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
    for entry in as_list(meta.get("civitaiResources"))[:100]:
        yield as_whole_number(as_mapping(entry).get("modelVersionId"), low=1)
