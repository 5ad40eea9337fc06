"""How each program writes what an image was made with, as the fields of an infotext."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Union

from ...core import as_integer, as_list, as_mapping, as_number, as_text, model_file_stem
from ..samplers import LATENT_UPSCALERS

Data = Mapping[str, Any]
Record = dict[str, Any]
# A path (see `find_value`), a path and a function that converts the value, or a function that takes
# all data and returns the value.
Source = Union[str, tuple[str, Callable[[Any], object]], Callable[[Data], object]]

_MAX_LISTED = 50
_PART = re.compile(r"'([^']*)'|\"([^\"]*)\"|([^,\[\]'\"]+)")
_DEFAULTS = {"Automatic", "Default (model)", "native", "-1"}  # the user has chosen nothing
_LORA_NAMES = "lora.model_name|lora.name|model.model_name|model.name|model|file|modelFileName"


def find_value(data: Data, source: Source) -> object:
    """Return a value from a program's JSON data, None if the value is missing.

    source: a path of keys such as "a.b"; several paths to try in turn, such as "a.b|c"; a pair
    (path, function), whose function converts the value; or a function of all data.
    """
    if isinstance(source, tuple):
        value = find_value(data, source[0])
        return None if value is None else source[1](value)
    if not isinstance(source, str):
        return source(data)
    for path in source.split("|"):
        found: object = data
        for key in path.split("."):
            found = as_mapping(found).get(key)
        if as_text(found) or as_list(found):
            return found
    return None


def read_if(condition: str, source: Source) -> Callable[[Data], object]:
    """Return a function that reads `source` where the path `condition` is True, else None."""
    return lambda data: find_value(data, source) if find_value(data, condition) is True else None


def drop_default(value: object) -> object:
    """Return a value, None if the value says that the user has chosen nothing (see _DEFAULTS)."""
    return None if as_text(value) in _DEFAULTS else value


def convert_last_layer(layer: object) -> int | None:
    """Return A1111's Clip skip for a layer counted from the end (2 for -2), None for 0 or more."""
    number = as_integer(layer) or 0
    return -number if number < 0 else None


def convert_skipped_layers(count: object) -> int | None:
    """Return A1111's Clip skip for a number of skipped layers (2 for 1), None for 0 or less."""
    number = as_integer(count) or 0
    return number + 1 if number > 0 else None


def join_lines(value: object) -> str:
    """Return the texts of a list as lines, or a single text unchanged; "" for other values."""
    return "\n".join(filter(None, map(as_text, as_list(value) or (value,))))


def parse_resolution(value: object) -> str | None:
    """Return a size such as `(1024, 768)` as "1024x768", None if it is not two numbers."""
    sides = re.findall(r"\d{1,5}", as_text(value)[:100])
    return "x".join(sides) if len(sides) == 2 else None


def parse_loras(value: object) -> list[Record]:
    """Return {"type": "lora", "name": name, "strength": weight} for each LoRA in a list.

    Its entries are pairs `[name, weight]`, or dicts with "weight" and a name (see _LORA_NAMES).
    """
    loras = []
    for entry in as_list(value)[:_MAX_LISTED]:
        pair, fields = as_list(entry), as_mapping(entry)
        if len(pair) > 1:
            loras.append(_make_lora(pair[0], pair[1]))
        elif fields:
            loras.append(_make_lora(find_value(fields, _LORA_NAMES), fields.get("weight")))
    return loras


def read_lora_lists(data: Data, names: str, weights: str) -> list[Record]:
    """Return the LoRAs in a list of names and a list of weights; a missing weight counts as 1.

    names, weights: the paths of the two lists.
    """
    lists: list[list[Any]] = []
    for value in (find_value(data, path) for path in (names, weights)):
        entries = list(as_list(value))
        for each in [] if entries else _PART.findall(as_text(value)[:10_000]):
            entries.extend(part.strip() for part in each if part.strip())
        lists.append(entries[:_MAX_LISTED])
    known_names, known_weights = lists
    padded = [*known_weights, *[1] * _MAX_LISTED]
    pairs = zip(map(as_text, known_names), padded)
    return [_make_lora(name, weight) for name, weight in pairs if name]


def read_lora_texts(data: Data, *prefixes: str) -> list[Record]:
    """Return the LoRAs in texts such as "name : weight", whose keys are a prefix and 1 to 49."""
    keys = (f"{prefix}{index}" for index in range(1, _MAX_LISTED) for prefix in prefixes)
    texts = (as_text(data.get(key)).rpartition(" : ") for key in keys)
    return [_make_lora(name, weight) for name, _, weight in texts if as_text(name)]


def read_numbered_loras(data: Data) -> list[Record]:
    """Return the LoRAs under the keys `l1` to `l49`, with their weights under `w1` to `w49`."""
    numbers = [n for n in range(1, _MAX_LISTED) if as_text(data.get(f"l{n}"))]
    return [_make_lora(data[f"l{n}"], data.get(f"w{n}")) for n in numbers]


def _make_lora(name: object, weight: object) -> Record:
    return {"type": "lora", "name": name, "strength": weight}


_DREAM = re.compile(r'\s*"(?P<prompt>.*)"(?P<options> -[sS] ?\d[^"]*)', re.DOTALL)
_DREAM_OPTIONS = {"s": "steps", "S": "seed", "W": "width", "H": "height", "C": "cfgScale"}
_DREAM_OPTIONS |= {"A": "sampler"}
_JOB_ID = re.compile(r"(?<=\s)Job ID: [0-9a-f-]{36}\s*", re.IGNORECASE)
_MIDJOURNEY_SEED = re.compile(r"--seed (\d{1,20})(?!\S)")
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_NOVELAI_SOURCE = re.compile(r"(.{1,200}?)(?: ([0-9A-F]{8}))?")  # NovelAI Diffusion V4.5 4BDE2A90


def read_dream(text: str) -> Record:
    """Parse the command line that InvokeAI 1 stores in its images; return {} if it is invalid.

    For example, `"a prompt [a negative prompt]" -s 50 -S 42 -W 512 -H 768`. The keys of the result
    are those of Civitai's `meta`, such as "negativePrompt".
    """
    found = _DREAM.fullmatch(text)
    if found is None:
        return {}
    options = re.findall(r"-([sSWHCA]) ?(\S{1,40})", found["options"])
    prompts = dict(zip(("prompt", "negativePrompt"), _split_brackets(found["prompt"])))
    return prompts | {_DREAM_OPTIONS[key]: value for key, value in options}


def read_midjourney(text: str) -> Record:
    """Parse the description that Midjourney stores, `a prompt --v 6 Job ID: ...`; {} for others."""
    found = _JOB_ID.search(text)
    if found is None:
        return {}
    prompt = text[: found.start()].strip()
    seed = _MIDJOURNEY_SEED.search(prompt)
    return {"prompt": prompt, "seed": seed[1] if seed else None}


def split_invoke_2_prompt(prompt: object) -> tuple[str, str]:
    """Return (prompt, negative prompt) of InvokeAI 2, whose negative parts are in brackets."""
    parts = [as_text(as_mapping(part).get("prompt")) for part in as_list(prompt)[:100]]
    return _split_brackets(" ".join(parts) or as_text(prompt))


def _split_brackets(text: str) -> tuple[str, str]:
    negative = ", ".join(part.strip() for part in _BRACKETS.findall(text))
    return _BRACKETS.sub("", text).strip(), negative


def join_captions(prompt: object) -> str:
    """Return a prompt of NovelAI 4 and later, a dict of texts, as lines; "" for other values.

    The first line is for the whole image; a line for each person follows.
    """
    caption = as_mapping(prompt)
    caption = as_mapping(caption.get("caption", caption))
    people = map(as_mapping, as_list(caption.get("char_captions"))[:20])
    captions = (caption.get("base_caption"), *(each.get("char_caption") for each in people))
    return "\n".join(filter(None, map(as_text, captions)))


def split_novelai_source(source: object) -> tuple[str | None, str | None]:
    """Return (model, hash) in the text `Source` of a NovelAI image, None for what is missing."""
    found = _NOVELAI_SOURCE.fullmatch(as_text(source))
    return (found[1], found[2]) if found else (None, None)


_RESIZERS = {  # of the pixels or in the latent space
    **{f"latent-{method}": name for method, name in LATENT_UPSCALERS.items()},
    "pixel-lanczos": "Lanczos",
    "pixel-nearest-exact": "Nearest",
}


def _make_second_pass(
    scale: object, upscaler: str, denoise: object, steps: object = None
) -> Record:
    """Return A1111's Hires. fix parameters for a second pass; unknown values are None."""
    return {
        "Hires upscale": scale,
        "Hires upscaler": upscaler or None,
        "Hires steps": steps,
        "Denoising strength": denoise,
    }


def _translate_upscaler(name: str) -> str:
    """Return an upscaler's name in A1111; for an unknown upscaler, the name of its file alone."""
    kind, _, model = name.partition("-")
    if kind in ("model", "latentmodel"):
        name = model
    return _RESIZERS.get(name.lower()) or model_file_stem(name)


def read_swarm_pass(data: Data) -> Record:
    """Return A1111's parameters for the refiner of SwarmUI, which works after the first model.

    A refiner that takes over during the steps gives the parameters of A1111's Refiner, {} if the
    refiner has no model. One that runs after all steps gives those of Hires. fix. Without a
    refiner, return the denoising strength of img2img.
    """
    refiner = model_file_stem(as_text(data.get("refinermodel")))
    share = as_number(data.get("refinercontrolpercentage"))
    if share is None:
        return {"Denoising strength": data.get("initimagecreativity")}
    if as_text(data.get("refinermethod")).startswith("StepSwap"):
        return {"Refiner": refiner, "Refiner switch at": round(1 - share, 6)} if refiner else {}
    scale = data.get("refinerupscale", 1)
    upscaler = _translate_upscaler(as_text(data.get("refinerupscalemethod")))
    written = _make_second_pass(scale, upscaler, share, data.get("refinersteps"))
    return written | {
        "Hires CFG Scale": data.get("refinercfgscale"),
        "Hires checkpoint": refiner or None,
    }


def read_draw_things_pass(data: Data) -> Record:
    """Return A1111's Hires. fix parameters for Draw Things' second pass, {} if there is none."""
    # Draw Things' `size` is the size after the second pass.
    more = as_mapping(data.get("v2"))
    first = [as_integer(more.get(f"hiresFix{side}")) for side in ("Width", "Height")]
    last = re.fullmatch(r"(\d{1,5})x(\d{1,5})", as_text(data.get("size")))
    if more.get("hiresFix") is not True or not last or not all(first):
        return {}
    return {
        "Size": "x".join(map(str, first)),
        "Hires resize": last[0],
        "Denoising strength": more.get("hiresFixStrength"),
    }


def read_hf_space_pass(data: Data) -> Record:
    """Return A1111's Hires. fix parameters for a Hugging Face Space's second pass, {} if none."""
    upscale = as_mapping(data.get("use_upscaler"))
    method = as_text(upscale.get("upscale_method"))
    upscaler = _translate_upscaler(f"latent-{method}") if method else ""
    values = (upscale.get(key) for key in ("upscaler_strength", "upscale_steps"))
    scale = upscale.get("upscale_by")
    return _make_second_pass(scale, upscaler, *values) if "upscale_by" in upscale else {}


def read_fooocus_mre_pass(data: Data) -> Record:
    """Return A1111's Refiner parameters and denoising strength for Fooocus-MRE's data."""
    written: Record = {}
    if data.get("img2img") is True:
        written["Denoising strength"] = data.get("denoise")
    refiner = as_text(data.get("refiner_model") or data.get("refiner_model_name"))
    switch, steps = as_number(data.get("switch")), as_number(data.get("steps"))
    if refiner and switch and steps:
        written |= {"Refiner": refiner, "Refiner switch at": round(switch / steps, 4)}
    return written


def read_invoke_pass(data: Data) -> Record:
    """Return A1111's denoising strength, Refiner and Hires. fix parameters for InvokeAI's data.

    The denoising strength is that of the second pass, or of img2img if there is no second pass.
    """
    refiner = find_value(data, "refiner_model.name|refiner_model.model_name")
    written: Record = {"Denoising strength": data.get("strength")}
    if refiner:
        written |= {"Refiner": refiner, "Refiner switch at": data.get("refiner_start")}
    if data.get("hrf_enabled") is not True:
        return written
    written["Denoising strength"] = data.get("hrf_strength")
    first = [as_integer(data.get(key)) for key in ("hrf_width", "hrf_height")]
    last = [as_integer(data.get(key)) for key in ("width", "height")]
    if all(first) and all(last):  # InvokeAI 4 stores only the last size
        written["Size"] = "x".join(map(str, first))
        written["Hires resize"] = "x".join(map(str, last))
    return written


def list_matrix_loras(data: Data) -> list[Record]:
    """Return the LoRAs that are switched on in a Stability Matrix project.

    Each LoRA is a dict with "type", "name", "strength" and "strengthClip", as in Civitai's `meta`.
    """
    if find_value(data, "smproj.State.Model.IsExtraNetworksEnabled") is not True:
        return []
    cards = (cards[0] for cards in _iter_modules(data, "Model.ExtraNetworks") if cards)
    return [
        {
            "type": "lora",
            "name": card.get("SelectedModelName"),
            "strength": card.get("ModelWeight"),
            "strengthClip": card.get("ClipWeight") if card.get("IsClipWeightEnabled") else None,
        }
        for card in cards
    ]


def read_matrix_pass(data: Data) -> Record:
    """Return A1111's Hires. fix parameters for Stability Matrix' second pass, {} if none."""
    for cards in _iter_modules(data, "Modules", "HiresFixModule"):
        if len(cards) == 2:
            upscaler, sampler = cards
            name = _translate_upscaler(as_text(find_value(upscaler, "SelectedUpscaler.Name")))
            values = (sampler.get(key) for key in ("DenoiseStrength", "Steps"))
            return _make_second_pass(upscaler.get("Scale"), name, *values)
    return {}


def _iter_modules(data: Data, path: str, kind: str = "") -> Iterator[list[Any]]:
    """Yield the settings of a Stability Matrix project's active modules, by their path and kind."""
    listed = find_value(data, f"smproj.State.{path}.$values")
    for module in map(as_mapping, as_list(listed)[:_MAX_LISTED]):
        if module.get("IsEnabled") is True and kind in as_text(module.get("$type")):
            yield [as_mapping(card) for card in as_list(module.get("$values"))[:_MAX_LISTED]]
