"""The models that an image was made with, and how it was made in short."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Any

from ..core import as_checksum, as_list, as_mapping, as_number, as_text, as_whole_number, clean_line
from ..core import format_number, Image, model_file_stem
from .samplers import translate_sampler

_MAX_TEXT = 100_000  # characters
TYPES = {  # other words for a type
    "checkpoint": "model",
    "dora": "lora",
    "embedding": "embed",
    "hypernetwork": "hypernet",
    "locon": "lora",
    "lyco": "lora",
    "lycoris": "lora",
    "textualinversion": "embed",
}
# https://github.com/civitai/civitai/wiki/AIR-%E2%80%90-Uniform-Resource-Names-for-AI
_AIR = re.compile(r"urn:air:[^:\s]{1,60}:([a-z0-9_-]{1,60}):([a-z0-9_-]{1,60}):(\S{1,300})", re.I)
_AIR_VERSION = re.compile(r"[0-9]{1,12}@([0-9]{1,12})(?:[+.].*)?")
_TENSORART_ID = re.compile(r"EMS-\d{1,12}-EMS")
_RESOURCE_TAG = re.compile(
    r"<(lora|lyco|hypernet):([^:<>\n]{1,200})(?::([^:<>\n]{1,40}))?(?::[^<>\n]{0,100})?>"
)


@dataclass(frozen=True)
class Resource:
    """A model, LoRA or the like that an image was made with; unknown texts are "", numbers None.

    type: `model`, `lora`, `embed`, `vae`, `hypernet`, or any other word in the image's data. name:
    without folder and extension. hash: hexadecimal. version_id: the model version's id on Civitai.
    """

    type: str = ""
    name: str = ""
    weight: float | None = None
    hash: str = ""
    version_id: int | None = None


def is_site_id(name: str) -> bool:
    """Return whether a resource's name is an AIR or a TensorArt id instead of a file name."""
    is_air = name.strip().lower().startswith("urn:air:")
    return is_air or _TENSORART_ID.fullmatch(model_file_stem(name)) is not None


def list_resources(
    meta: Mapping[str, Any] | None,
    image: Image | None = None,
    files: Mapping[str, int] | None = None,
) -> tuple[Resource, ...]:
    """Return the models, LoRAs and other resources of an image, without duplicates.

    At most 300 resources are read. meta: the image's generation data. image: adds the versions that
    Civitai detected in it. files: {hash or file name in lower case: version id}, for resources
    without an id; a file name only counts for a version that Civitai detected in the image.
    """
    detected = image.version_ids if image else ()
    versions = (Resource(version_id=version_id) for version_id in detected)
    merged: list[Resource] = []
    # Real records have about ten.
    for resource in islice(chain(_iter_resources(as_mapping(meta)), versions), 300):
        if files and resource.version_id is None:
            named = files.get(resource.name.lower())
            # A file name is not unique, so it counts only for a version that Civitai has detected.
            version_id = files.get(resource.hash.lower(), named if named in detected else None)
            resource = replace(resource, version_id=version_id)
        at = next((i for i, known in enumerate(merged) if _is_same(known, resource)), None)
        if at is not None:
            known = merged[at]
            merged[at] = Resource(
                known.type or resource.type,
                known.name or resource.name,
                resource.weight if known.weight is None else known.weight,
                known.hash or resource.hash,
                known.version_id or resource.version_id,
            )
        elif resource.name or resource.hash or resource.version_id:
            merged.append(resource)
    return tuple(merged)


def _is_same(first: Resource, other: Resource) -> bool:
    if first.version_id and other.version_id:
        return first.version_id == other.version_id
    if first.hash and other.hash:
        return first.hash.lower() == other.hash.lower()
    same_type = first.type == other.type or not (first.type and other.type)
    return bool(first.name) and first.name.lower() == other.name.lower() and same_type


def _make_resource(
    kind: object, name: object, weight: object = None, checksum: object = "", version: object = None
) -> Resource:
    word, stated_name = clean_line(as_text(kind).lower()), clean_line(as_text(name), 1_000)
    if stated_name.lower().startswith("urn:air:"):
        found = _AIR.fullmatch(stated_name)
        version = (
            _AIR_VERSION.fullmatch(found[3]) if found and found[2].lower() == "civitai" else None
        )
        if found is None or version is None:
            return Resource()
        kind = found[1].lower()
        version_id = as_whole_number(version[1], low=1)
        return Resource(TYPES.get(kind, kind), "", as_number(weight), version_id=version_id)
    return Resource(
        TYPES.get(word, word),
        "" if is_site_id(stated_name) else model_file_stem(stated_name)[:200],
        as_number(weight),
        as_checksum(checksum),
        as_whole_number(version, low=1),
    )


def _iter_resources(meta: Mapping[str, Any]) -> Iterator[Resource]:
    stated, loras = _list_entries(meta)
    for entry in stated:
        yield _make_resource(*map(entry.get, ("type", "name", "weight", "hash")))
    for entry in map(as_mapping, as_list(meta.get("civitaiResources"))):
        version = entry.get("modelVersionId")
        yield _make_resource(entry.get("type"), "", entry.get("weight"), version=version)
    hashes = as_mapping(meta.get("hashes"))
    for kind, key in (("model", "Model"), ("vae", "VAE")):
        checksum = meta.get(f"{key} hash") or hashes.get(kind)
        yield _make_resource(kind, meta.get(key), checksum=checksum)
    for name, checksum in hashes.items():
        kind, mark, name = str(name).partition(":")
        if mark:  # the kind's case depends on the program
            yield _make_resource(kind, name, checksum=checksum)
    for key, kind in (("models", "model"), ("vaes", "vae"), ("upscalers", "upscaler")):
        for name in as_list(meta.get(key)):
            yield _make_resource(kind, name)
    for entry in loras:
        yield _make_resource(*map(entry.get, ("type", "name", "strength", "hash")))
    prompt = meta.get("prompt")
    for kind, name, weight in _RESOURCE_TAG.findall(
        prompt[:_MAX_TEXT] if isinstance(prompt, str) else ""
    ):
        yield _make_resource(kind, name, weight)


_Entries = list[Mapping[str, Any]]
_MAX_LORAS = 50
# RuinedFooocus of 2023: `Loras:<folder\name.safetensors:0.8>,<None:0.5>`
_OLD_LORA = re.compile(r"<([^:<>\n]{1,200}):([^:<>\n]{1,20})>")
_WEIGHTED = re.compile(r"([-+.\d]{1,20}) - (.{1,300})", re.DOTALL)  # `0.8 - folder/name`
_HASHED = re.compile(r"(.{1,300})\(([0-9a-fA-F]{4,64})\)", re.DOTALL)  # `name(8c052dc68980)`
_NUMBERED = re.compile(r"Lora_(\d{1,3}) Model name|AddNet Model (\d{1,2})")


def _list_entries(meta: Mapping[str, Any]) -> tuple[_Entries, _Entries]:
    """Return the entries of `resources`, of `additionalResources` and at most 50 of parameters."""
    numbered = list(_iter_numbered_loras(meta))
    # Of `AddNet Model 1: sakura-01(8c052dc68980)`, Civitai makes a LoRA `01` with this hash.
    misnamed = {entry["hash"] for entry in numbered if entry["hash"]}
    stated = list(map(as_mapping, as_list(meta.get("resources"))))
    named = [e for e in (*_iter_fooocus_loras(meta), *numbered) if as_text(e["name"])]
    others = [*map(as_mapping, as_list(meta.get("additionalResources"))), *named[:_MAX_LORAS]]
    return [entry for entry in stated if as_text(entry.get("hash")) not in misnamed], others


def _make_entry(
    name: object, weight: object, checksum: object = "", clip: object = None
) -> dict[str, Any]:
    return {
        "type": "lora",
        "name": name,
        "strength": weight,
        "strengthClip": clip,
        "hash": as_checksum(checksum),
    }


def _iter_fooocus_loras(meta: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    # RuinedFooocus has pairs such as `["<hash>", "0.8 - a/b.safetensors"]`, in 2023 a text.
    value = as_mapping(meta.get("other")).get("loras")
    if isinstance(value, str):
        for name, weight in _OLD_LORA.findall(value[:_MAX_TEXT]):
            yield _make_entry(name, weight)
    for checksum, text in (pair for pair in as_list(value)[:_MAX_LORAS] if len(as_list(pair)) == 2):
        match = _WEIGHTED.fullmatch(as_text(text))
        if match:
            yield _make_entry(match[2], match[1], checksum)
    listed = as_text(meta.get("Lora weights"))[:_MAX_TEXT]  # Fooocus: "a: 0.5, b: 1"
    for part in listed.split(",") if listed else ():
        name, _, weight = part.rpartition(":")
        yield _make_entry(name.strip(), weight.strip())


def _iter_numbered_loras(meta: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the LoRAs in `Lora_0 Model name` (ComfyUI nodes) or `AddNet Model 1` (A1111)."""
    keys = [key for key in islice(meta, 500) if str(key).startswith(("Lora_", "AddNet Model "))]
    for key in keys:
        match, value = _NUMBERED.fullmatch(str(key)), meta[key]
        if match and match[1]:
            prefix = f"Lora_{match[1]}"
            weight, clip = (meta.get(f"{prefix} Strength {side}") for side in ("model", "clip"))
            yield _make_entry(value, weight, meta.get(f"{prefix} Model hash"), clip)
        elif match and as_text(meta.get("AddNet Enabled")) == "True":
            entries = _HASHED.fullmatch(as_text(value))
            weight, clip = (meta.get(f"AddNet Weight {side} {match[2]}") for side in "AB")
            if entries:
                yield _make_entry(entries[1], weight, entries[2], clip)


# Read from `extra`, the user's request to the generator, if `meta` lacks them.
_EXTRA_KEYS = ("width", "height", "clipSkip", "seed")
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
    names = [name.lower() for name in _iter_base_models(meta, base_model) if name]
    if names:  # all Flux models have distilled guidance, except Klein
        is_flux = any(name.startswith("flux") and "klein" not in name for name in names)
    else:  # https://civitai.com/models/618692, the generator's own Flux
        is_flux = 691639 in _iter_version_ids(meta)
    if not is_flux:
        return merged
    flux = {key: value for key, value in merged.items() if key not in ("clipSkip", "Clip skip")}
    if not as_text(merged.get("sampler")):
        flux |= {"sampler": "Euler", "Schedule type": "Simple"}
    guidance = as_number(merged.get("cfgScale"))
    if guidance is not None and guidance > 1 and "Distilled CFG Scale" not in merged:
        flux |= {"cfgScale": 1, "Distilled CFG Scale": guidance}
    return flux


def drop_placeholders(meta: Mapping[str, Any], base_model: str = "") -> Mapping[str, Any]:
    """Return the data of an image by an engine such as GPT-image without Civitai's placeholders.

    What the user's request, `meta["extra"]`, states remains. Return the data of other images
    unchanged. base_model: "" if unknown.
    """
    engines = [*_iter_base_models(meta, base_model)]
    engines += [as_text(meta.get(key)) for key in ("engine", "sampler", "Sampler")]
    plain_names = (_NAME_MARKS.sub("", name[:100].lower()) for name in engines)
    is_named = any(map(_OTHER_ENGINES.fullmatch, plain_names))
    has_no_steps = as_number(meta.get("steps", meta.get("Steps"))) == 0
    # Flux.1 Kontext also runs on one's own machine.
    is_local = any(as_text(meta.get(key)) for key in _LOCAL_KEYS) or "Kontext" in base_model
    is_by_engine = (is_named or has_no_steps) and (_is_on_site_image(meta) or not is_local)
    if not is_by_engine and _OTHER_ENGINE_VERSIONS.isdisjoint(_iter_version_ids(meta)):
        return meta
    names = {*_PLACEHOLDERS, *_PLACEHOLDERS.values(), "CFG Scale", "Scheduler"}
    told = {key: value for key, value in _list_known(meta).items() if key not in names}
    return {**_read_request(meta, (*_EXTRA_KEYS, *_PLACEHOLDERS)), **told}


def _list_known(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of `meta` that are not missing; a seed of -1 is (it means: any)."""
    known = {key: value for key, value in meta.items() if value is not None}
    return {
        key: value
        for key, value in known.items()
        if not (key in ("seed", "Seed") and as_text(value) in ("-1", ""))
    }


def _read_request(meta: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """Return the values under these keys in `meta["extra"]`, the user's request."""
    extra = as_mapping(meta.get("extra"))
    request = {**as_mapping(extra.get("aspectRatio")), **extra}
    return {key: request[key] for key in keys if key in request}


def _is_on_site_image(meta: Mapping[str, Any]) -> bool:
    return bool(as_list(meta.get("civitaiResources"))) or meta.get("engine") == "Civitai"


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


_LORA_TAG = re.compile(r"<(?:lora|lyco):([^:<>\n]{1,200})")
_PROMPT_KEYS = re.compile(r".*prompt|Template|Negative Template", re.IGNORECASE | re.DOTALL)
_UNUSABLE = re.compile(r"[:<>\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def list_missing_lora_tags(meta: Mapping[str, Any]) -> tuple[str, ...]:
    """Return prompt tags for the LoRAs that an image uses but its prompts do not name, at most 50.

    meta: the image's generation data, which lists the LoRAs. A tag is `<lora:NAME:WEIGHT>`, or
    `<lora:NAME:CLIP:MODEL>` if the weights for CLIP and the model differ. A LoRA without a known
    weight gets no tag.
    """
    prompts = [
        value[:_MAX_TEXT]
        for key, value in islice(meta.items(), 500)
        if isinstance(value, str) and _PROMPT_KEYS.fullmatch(str(key))
    ]
    known = {name.strip().lower() for text in prompts for name in _LORA_TAG.findall(text)}
    tags = []
    for name, tag in islice(_iter_tags(meta), 50):
        if name.lower() not in known:
            known.add(name.lower())
            tags.append(tag)
    return tuple(tags)


def _iter_tags(meta: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (name, tag) for each LoRA in generation data, such as ("ink", "<lora:ink:0.8>").

    Skip a LoRA if its weight is 0 or unknown, or if a tag cannot contain its name: an id on
    Civitai, or a name with characters such as ":".
    """
    stated, others = _list_entries(meta)
    loras = [(entry, entry.get("strength")) for entry in others]
    loras += [(entry, entry.get("weight")) for entry in stated]
    for entry, weight in loras:
        kind, stated_name = as_text(entry.get("type")).lower(), as_text(entry.get("name"))
        name = model_file_stem(stated_name)
        model, clip = as_number(weight), as_number(entry.get("strengthClip"))
        is_usable = name and not is_site_id(stated_name) and not _UNUSABLE.search(name)
        is_usable = is_usable and TYPES.get(kind, kind) == "lora"
        if is_usable and model is not None and (model or clip):
            weights = format_number(model)
            if clip is not None and clip != model:
                weights = f"{format_number(clip)}:{weights}"
            yield name, f"<lora:{name}:{weights}>"


_ANY_TAG = re.compile(r"<[^<>]{0,300}>")


def summarize(meta: Mapping[str, Any] | None) -> tuple[str, int, str, int] | None:
    """Return (prompt, steps, sampler, number of LoRAs) of an image, None if there are no data.

    The prompt is its beginning, without LoRA tags; the sampler is with its schedule. An unknown
    text is "", an unknown number 0. Values in a ComfyUI graph are not read, since that would take
    too long for a page of images.
    """
    if not meta:
        return None
    meta = drop_placeholders(meta)
    prompt, sampler = meta.get("prompt"), meta.get("sampler")
    sampler = clean_line(as_text(sampler) if isinstance(sampler, str) else "", 24)
    text = _ANY_TAG.sub(" ", prompt[:1_000] if isinstance(prompt, str) else "")
    text = clean_line(" ".join(text.split()).lstrip(" ,"))
    return (
        text.encode()[:56].decode("utf-8", "ignore"),  # for each image of a page
        as_whole_number(meta.get("steps"), 0, 10_000) or 0,
        " ".join(filter(None, translate_sampler(sampler))),
        sum(resource.type == "lora" for resource in list_resources(meta)),
    )
