"""Generation data of images: the `meta` of API records."""

from __future__ import annotations

import re
from random import Random
from typing import Any

from ..scenes import Art, make_art, describe_art
from .clips import choose_clip
from .comfy_text import make_graphs
from .images import format_time, DemoImage
from .model_files import find_autov2_hash, make_file_stem

__all__ = ["Meta", "choose_art", "choose_size", "make_meta"]

Meta = dict[str, Any]

_NEGATIVES = (
    "lowres, text, watermark, jpeg artifacts, blurry",
    "worst quality, low quality, (people:1.2), signature, frame",
    "photo, 3d render, noise, banding, over-saturated",
    "",
)
_STYLES = (
    "flat illustration, soft gradients, fine grain",
    "gouache on textured paper, limited palette",
    "screen print, calm composition, muted colours",
    "digital painting, atmospheric perspective, wide shot",
)
# Several, so that the statistics do not show one text alone.
_ENDINGS = (
    "The composition leaves room for the eye to rest; a fine grain lies over everything, as on "
    "old paper, and the whole could be called “quiet”.",
    "Light falls from the left, so that each edge has a thin bright line.",
    "What is near has sharp outlines; further back they dissolve into haze, and the horizon can "
    "hardly be made out.",
)
_SAMPLERS = ("DPM++ 2M", "Euler a", "DPM++ SDE", "DPM++ 2M SDE", "UniPC", "Euler")
_COMFY_SAMPLERS = {"dpmpp_2m": "karras", "euler_ancestral": "normal", "uni_pc": "simple"}
_SMALL = ((768, 1152), (1152, 768), (768, 768))
_LARGE = ((832, 1216), (832, 1216), (1216, 832), (1024, 1024), (896, 1152))


def choose_art(image: DemoImage) -> Art:
    """Return the description of the picture that an image, or a video's first frame, shows."""
    if image.type == "video":
        return choose_clip(image).art
    scenes = image.model.scenes
    return make_art(image.id, scenes) if scenes else make_art(image.id)


def choose_size(image: DemoImage) -> tuple[int, int]:
    """Return (width, height) in pixels of an image's original file."""
    sizes = _SMALL if image.version.base_model == "SD 1.5" else _LARGE
    return sizes[image.id // 7 % len(sizes)]


def make_meta(image: DemoImage) -> Meta | None:
    """Return an image's generation data in the form of the API, None if the image has none.

    Data that the API hides is returned, too.
    """
    if image.kind == "none":
        return None
    rng = Random(image.id ^ 0x5EED)
    if image.kind == "video":
        return _make_video_meta(image, rng)
    base = _make_common_meta(image, rng)
    if image.kind == "comfy":
        return _make_comfy_meta(image, rng, base)
    if image.kind == "onsite":
        return _make_onsite_meta(image, base)
    return (
        _make_old_meta(image, rng, base)
        if image.kind == "old"
        else _make_webui_meta(image, rng, base)
    )


def _make_prompt(image: DemoImage, rng: Random) -> str:
    shown = describe_art(choose_art(image))
    style = rng.choice(_STYLES)
    if rng.random() < 0.25:
        return _make_paragraphs(shown, style, _ENDINGS[image.id // 7 % len(_ENDINGS)])
    words = [*shown, style]
    if image.model.type in ("LORA", "LoCon", "DoRA"):
        words.append(f"<lora:{_make_stem(image)}:{rng.choice((0.6, 0.7, 0.8, 1))}>")
    elif image.model.type == "TextualInversion":
        words.insert(1, f"({_make_stem(image)}:1.1)")
    return ", ".join(words)


def _make_paragraphs(phrases: list[str], style: str, ending: str) -> str:
    """Return a prompt in whole sentences, as people write for newer models.

    phrases: the subject, then details, the mood last. ending: a sentence to add.
    """
    subject, *details, mood = phrases
    more = " There is " + ", and also ".join(details) + "." if details else ""
    return (
        f"This picture shows {subject}.{more} The colours are those of {mood}.\n\n"
        f"It is made as follows: {style}. {ending}"
    )


def _make_stem(image: DemoImage) -> str:
    return make_file_stem(image.model.name, image.version.name)


def _make_common_meta(image: DemoImage, rng: Random) -> Meta:
    flux = image.version.base_model.startswith("Flux")
    return {
        "prompt": _make_prompt(image, rng),
        "negativePrompt": "" if flux else rng.choice(_NEGATIVES),
        "steps": rng.choice((20, 24, 28, 30, 35)),
        "cfgScale": 1 if flux else rng.choice((4, 5, 5.5, 6.5, 7)),
        "seed": rng.getrandbits(rng.choice((31, 32, 32, 50))),
    }


def _choose_checkpoint(image: DemoImage) -> str:
    if image.model.type == "Checkpoint":
        return _make_stem(image)
    return {"SD 1.5": "plainMix_v15", "Pony": "ponyPlain_v6"}.get(
        image.version.base_model, "plainBase_v10"
    )


def _make_webui_meta(image: DemoImage, rng: Random, meta: Meta) -> Meta:
    """Return generation data as Civitai reads it from an image made by a WebUI.

    meta: the parameters that are common to all images; the others are invented.
    """
    checkpoint, (width, height) = _choose_checkpoint(image), choose_size(image)
    meta |= {"sampler": rng.choice(_SAMPLERS), "Schedule type": rng.choice(("Karras", "Automatic"))}
    meta |= {"Model": checkpoint, "Model hash": find_autov2_hash(checkpoint), "Version": "v1.10.1"}
    meta |= _make_resources(meta["prompt"], checkpoint, rng)
    if image.version.base_model in ("SD 1.5", "Pony"):
        meta["clipSkip"] = 2
    if image.version.base_model == "SD 1.5":
        width, height = width * 2 // 3, height * 2 // 3
        meta |= {"Denoising strength": "0.4", "Hires upscale": "1.5", "Hires steps": "12"}
        meta["Hires upscaler"] = rng.choice(("4x-UltraSharp", "R-ESRGAN 4x+", "Latent"))
        meta["VAE"] = "vae-ft-mse-840000-ema-pruned.safetensors"
        meta["hashes"]["vae"] = "735e4c3a44"
    if rng.random() < 0.15:
        meta |= {"ADetailer model": "face_yolov8n.pt", "ADetailer confidence": "0.3"}
        meta |= {"ADetailer prompt": "a calm face, soft light", "ADetailer version": "24.11.1"}
    if rng.random() < 0.5:  # older uploads have a text, newer ones two numbers
        return meta | {"Size": f"{width}x{height}"}
    return meta | {"width": width, "height": height}


def _make_resources(prompt: str, checkpoint: str, rng: Random) -> Meta:
    """Return the fields `hashes` and `resources` of generation data.

    They name the checkpoint and the LoRAs in the prompt. Some hashes begin with `0x`, as some
    programs write them.
    """
    hashes = {"model": find_autov2_hash(checkpoint)}
    used: list[Meta] = [{"hash": hashes["model"], "name": checkpoint, "type": "model"}]
    for name, weight in re.findall(r"<lora:([^:>]+):([\d.]+)>", prompt):
        hashes[f"lora:{name}"] = code = ("0x" if rng.random() < 0.3 else "") + find_autov2_hash(
            name
        )
        used.append({"name": name, "type": "lora", "weight": float(weight), "hash": code})
    return {"hashes": hashes, "resources": used}


def _make_old_meta(image: DemoImage, rng: Random, meta: Meta) -> Meta:
    """Return generation data in the form that Civitai stored years ago.

    meta: the parameters that are common to all images. Numbers are strings, and a few values are
    damaged.
    """
    width, height = choose_size(image)
    meta = {key: str(value) for key, value in meta.items()}
    meta |= {"sampler": "DPM++ 2M Karras", "Size": f"{width}x{height}", "Clip skip": "2"}
    meta |= {
        "Model": _choose_checkpoint(image),
        "Model hash": find_autov2_hash(_choose_checkpoint(image)),
        "ENSD": "31337",
    }
    if rng.random() < 0.3:
        meta["TI hashes"] = {"easynegative": "c74b4e810b03"}
    if rng.random() < 0.2:
        meta["Model"] = {"a": "b"}
    return meta


def _make_onsite_meta(image: DemoImage, meta: Meta) -> Meta:
    width, height = choose_size(image)
    resources = [{"type": image.model.type.lower(), "modelVersionId": image.version.id}]
    if image.model.type != "Checkpoint":
        weights = re.findall(r"<lora:[^:>]+:([\d.]+)>", meta["prompt"])
        resources = [
            {"type": "checkpoint", "modelVersionId": 910103},
            resources[0] | {"weight": float(weights[0]) if weights else 0.8},
        ]
    meta |= {"sampler": "Euler a", "clipSkip": 2, "width": width, "height": height}
    meta |= {"Created Date": format_time(image.uploaded), "workflow": "txt2img"}
    return meta | {"civitaiResources": resources}


def _make_comfy_meta(image: DemoImage, rng: Random, meta: Meta) -> Meta:
    width, height = choose_size(image)
    sampler, scheduler = rng.choice(tuple(_COMFY_SAMPLERS.items()))
    meta |= {"sampler": sampler, "scheduler": scheduler, "denoise": 1, "engine": "ComfyUI"}
    meta |= {
        "width": width,
        "height": height,
        "models": [f"{_choose_checkpoint(image)}.safetensors"],
    }
    lora = {
        "name": f"{_make_stem(image)}.safetensors",
        "type": "lora",
        "strength": 0.8,
        "strengthClip": 1,
    }
    meta["additionalResources"] = [] if image.model.type == "Checkpoint" else [lora]
    meta |= {"vaes": [], "upscalers": [], "controlNets": []}
    prompt, workflow = make_graphs(meta)
    meta["comfy"] = f'{{"prompt": {prompt}, "workflow": {workflow}}}'
    return meta


def _make_video_meta(image: DemoImage, rng: Random) -> Meta:
    words = ", ".join(describe_art(choose_art(image)))
    meta: Meta = {"prompt": f"{words}, slow pan, gentle motion", "engine": "wan"}
    meta["process"] = rng.choice(("txt2vid", "img2vid"))
    meta["civitaiResources"] = [{"type": "lora", "weight": 1, "modelVersionId": image.version.id}]
    return meta
