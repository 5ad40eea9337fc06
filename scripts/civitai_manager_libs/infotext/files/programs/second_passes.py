"""The second pass of each program under A1111's names. Pure.

A WebUI takes a text with `Hires upscale`, `Hires resize` or `Hires upscaler` for two passes, and
doubles the size if it is missing; so these are written only if the size is known.
"""

from __future__ import annotations

import re

from ....core import as_integer, as_mapping, as_number, as_text, model_file_stem
from .converters import Data, find_value, Record

__all__ = ["make_second_pass", "read_draw_things_pass", "read_fooocus_mre_pass"]
__all__ += [
    "read_fooocus_refiner",
    "read_hf_space_pass",
    "read_invoke_pass",
    "read_swarm_pass",
    "translate_upscaler",
]

_RESIZERS = {  # of the pixels or in the latent space
    "latent-bicubic": "Latent (bicubic)",
    "latent-bilinear": "Latent",
    "latent-nearest-exact": "Latent (nearest-exact)",
    "pixel-lanczos": "Lanczos",
    "pixel-nearest-exact": "Nearest",
}


def make_second_pass(scale: object, upscaler: str, denoise: object, steps: object = None) -> Record:
    """Return A1111's Hires. fix parameters for a second pass that enlarges `scale` times.

    upscaler: the upscaler's name in A1111, "" if unknown. denoise: the denoising strength.
    Parameters whose value is unknown are None in the result.
    """
    return {
        "Hires upscale": scale,
        "Hires upscaler": upscaler or None,
        "Hires steps": steps,
        "Denoising strength": denoise,
    }


def translate_upscaler(name: str) -> str:
    """Return an upscaler's name in A1111; for an unknown upscaler, the name of its file alone."""
    kind, _, model = name.partition("-")
    if kind in ("model", "latentmodel"):
        name = model
    resizer = _RESIZERS.get(name.lower(), re.split(r"[\\/]", name)[-1])
    return re.sub(r"\.(?:pth|pt|safetensors)$", "", resizer)


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
    upscaler = translate_upscaler(as_text(data.get("refinerupscalemethod")))
    written = make_second_pass(scale, upscaler, share, data.get("refinersteps"))
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
    upscaler = translate_upscaler(f"latent-{method}") if method else ""
    values = (upscale.get(key) for key in ("upscaler_strength", "upscale_steps"))
    scale = upscale.get("upscale_by")
    return make_second_pass(scale, upscaler, *values) if "upscale_by" in upscale else {}


def read_fooocus_refiner(data: Data) -> Record:
    """Return A1111's Refiner parameters for Fooocus' refiner, {} if there is none."""
    refiner = as_text(data.get("refiner_model"))
    return {"Refiner": refiner, "Refiner switch at": data.get("refiner_switch")} if refiner else {}


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
