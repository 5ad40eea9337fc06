"""The tables: for each program, by what its data is known, and its names for our fields. Pure.

A new program is a new entry here; what its values need first is in `fields`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ....core import as_text
from . import passes, prompt_formats, stability_matrix
from .converters import (
    converted_value,
    Data,
    first_of,
    joined_lines,
    lora_entries,
    lora_lists,
    lora_pairs,
    lora_texts,
    Record,
    resolution,
    scaled_count,
    Source,
    unless,
    when,
)

__all__ = ["PROGRAMS", "Program", "TEXT_NAMES"]


@dataclass(frozen=True)
class Program:
    """name: as people know it; "" where the data does not tell the program.

    marks: `a+b` stands for data that has both keys; one mark that fits is enough. within: the key
    under which the values lie. fields: a record's key -> where its value is. second_pass: more
    fields at once. beside: texts of the file that are JSON too, by whose names the fields begin.
    has_texts: the program writes a text for each value into a PNG instead of one JSON.
    """

    name: str
    marks: tuple[str, ...]
    fields: Mapping[str, Source]
    within: str = ""
    second_pass: Callable[[Data], Record] | None = None
    beside: tuple[str, ...] = ()
    has_texts: bool = False


def _same(names: str) -> dict[str, Source]:
    return {name: name for name in names.split()}


# https://github.com/mcmonkeyprojects/SwarmUI/blob/master/docs/Image%20Metadata%20Format.md
_SWARM: dict[str, Source] = {
    **_same("prompt steps seed width height"),
    "negativePrompt": "negativeprompt",
    "cfgScale": "cfgscale",
    "Distilled CFG Scale": "fluxguidancescale",
    "sampler": "sampler|comfyuisampler",
    "scheduler": "scheduler|comfyuischeduler",
    "Model": "model",
    "VAE": unless("vae", "Automatic"),
    "clipSkip": scaled_count("clipstopatlayer", factor=-1),
    "Variation seed": "variationseed",
    "Variation seed strength": "variationseedstrength",
    "additionalResources": lora_lists("loras", "loraweights"),
}
# https://github.com/invoke-ai/InvokeAI/blob/main/invokeai/app/invocations/metadata.py
_INVOKE: dict[str, Source] = {
    **_same("width height steps seed"),
    "prompt": "positive_prompt",
    "negativePrompt": "negative_prompt",
    "cfgScale": "cfg_scale",
    "Distilled CFG Scale": "guidance",
    "sampler": "scheduler",
    "Model": "model.model_name|model.name",
    "VAE": "vae.model_name|vae.name",
    "clipSkip": scaled_count("clip_skip", plus=1),  # how many layers, not from where
    "additionalResources": lora_entries(
        "loras", "lora.model_name|lora.name|model.model_name|model.name"
    ),
}
_INVOKE_2: dict[str, Source] = {
    **{name: f"image.{name}" for name in ("steps", "seed", "width", "height", "sampler")},
    "prompt": prompt_formats.prompt_without_brackets,
    "negativePrompt": prompt_formats.negative_in_brackets,
    "cfgScale": "image.cfg_scale",
    "Denoising strength": "image.strength",
    "Model": "model_weights",
}
# https://github.com/lllyasviel/Fooocus/blob/main/modules/meta_parser.py
_FOOOCUS: dict[str, Source] = {
    **_same("steps seed sampler scheduler"),
    "prompt": joined_lines("full_prompt|prompt"),  # with styles and expansion
    "negativePrompt": joined_lines("full_negative_prompt|negative_prompt"),
    "cfgScale": "guidance_scale",
    "Size": resolution("resolution"),
    "Model": "base_model",
    "Model hash": "base_model_hash",
    "VAE": unless("vae", "Default (model)"),
    "clipSkip": "clip_skip",
    "additionalResources": first_of(lora_pairs("loras"), lora_texts("lora_combined_")),
    "Version": "version",
}
_FOOOCUS_LABELS: dict[str, Source] = {
    "prompt": joined_lines("Full Prompt|Prompt"),
    "negativePrompt": joined_lines("Full Negative Prompt|Negative Prompt"),
    "steps": "Steps",
    "seed": "Seed",
    "sampler": "Sampler",
    "scheduler": "Scheduler",
    "cfgScale": "Guidance Scale",
    "Size": resolution("Resolution"),
    "Model": "Base Model",
    "VAE": unless("VAE", "Default (model)"),
    "clipSkip": "CLIP Skip",
    "additionalResources": lora_texts("LoRA ", "LoRA"),
    "Version": "Version",
}
# https://github.com/runew0lf/RuinedFooocus/blob/main/modules/async_worker.py
_RUINED_FOOOCUS: dict[str, Source] = {
    **_same("steps seed width height scheduler denoise"),
    "prompt": "Prompt",
    "negativePrompt": "Negative",
    "cfgScale": "cfg",
    "sampler": "sampler_name",
    "Model": "base_model_name",
    "Model hash": "base_model_hash",
    "clipSkip": "clip_skip",
    "other": lambda data: {"loras": data.get("loras")},  # where the site's records have them too
}
_NOVELAI: dict[str, Source] = {
    **_same("steps seed width height sampler"),
    "prompt": prompt_formats.novelai_prompt("v4_prompt", "prompt|texts.Description"),
    "negativePrompt": prompt_formats.novelai_prompt("v4_negative_prompt", "uc"),
    "cfgScale": "scale",
    "scheduler": unless("noise_schedule", "native"),
    # Also in pictures from nothing, where it means nothing.
    "Denoising strength": lambda data: (
        data.get("strength") if data.get("request_type") == "Img2ImgRequest" else None
    ),
    "Model": prompt_formats.novelai_model,
    "Model hash": prompt_formats.novelai_model_hash,
}
_DRAW_THINGS: dict[str, Source] = {
    **_same("steps seed sampler"),
    "prompt": "c",
    "negativePrompt": "uc",
    "cfgScale": "scale",
    "Size": "size",
    "Model": "model",
    "denoise": "strength",
    "clipSkip": "clip_skip|v2.clipSkip",
    "additionalResources": lora_entries("lora|v2.loras", "model|file"),
}
# https://github.com/easydiffusion/easydiffusion/blob/beta/ui/easydiffusion/utils/save_utils.py
_EASY_DIFFUSION: dict[str, Source] = {
    "prompt": "prompt|Prompt",
    "negativePrompt": "negative_prompt|Negative Prompt",
    "steps": "num_inference_steps|Steps",
    "seed": "seed|Seed",
    "width": "width|Width",
    "height": "height|Height",
    "cfgScale": "guidance_scale|Guidance Scale",
    "sampler": "sampler_name|Sampler",
    "scheduler": "scheduler_name|Scheduler",
    "Model": "use_stable_diffusion_model|Stable Diffusion model",
    "VAE": "use_vae_model|VAE model",
    "Denoising strength": "prompt_strength|Prompt Strength",
    "clipSkip": converted_value(
        "clip_skip|Clip Skip", lambda on: 2 if as_text(on) == "True" else None
    ),
    "additionalResources": lora_lists("use_lora_model|LoRA model", "lora_alpha|LoRA Strength"),
}
_EASY_TEXTS = "prompt negative_prompt num_inference_steps seed width height guidance_scale"
_EASY_TEXTS += " sampler_name scheduler_name use_stable_diffusion_model use_vae_model"
_EASY_TEXTS += " prompt_strength clip_skip use_lora_model lora_alpha"
_EASY_LABELS = ("Prompt", "Negative Prompt", "Steps", "Seed", "Width", "Height", "Guidance Scale")
_EASY_LABELS += ("Sampler", "Scheduler", "Stable Diffusion model", "VAE model", "Prompt Strength")
_EASY_LABELS += ("Clip Skip", "LoRA model", "LoRA Strength")
_DIFFUSERS: dict[str, Source] = {  # as most Spaces of Hugging Face name them
    **_same("prompt seed width height sampler"),
    "negativePrompt": "negative_prompt",
    "steps": "num_inference_steps",
    "cfgScale": "guidance_scale",
    "Size": resolution("resolution"),
    "Model": "Model",
    "Model hash": "Model hash",
}
_MATRIX = "smproj.State"
_STABILITY_MATRIX: dict[str, Source] = {
    "prompt": "PositivePrompt",
    "negativePrompt": "NegativePrompt",
    "steps": "Steps",
    "seed": "Seed",
    "cfgScale": "CfgScale",
    # Its text and its short JSON have the size after the second pass.
    "width": f"{_MATRIX}.Sampler.Width|Width",
    "height": f"{_MATRIX}.Sampler.Height|Height",
    "sampler": f"{_MATRIX}.Sampler.SelectedSampler.Name|Sampler",
    "scheduler": f"{_MATRIX}.Sampler.SelectedScheduler.Name",
    "denoise": when(
        f"{_MATRIX}.Sampler.IsDenoiseStrengthEnabled", f"{_MATRIX}.Sampler.DenoiseStrength"
    ),
    "Model": "ModelName",
    "Model hash": "ModelHash",
    "VAE": when(f"{_MATRIX}.Model.IsVaeSelectionEnabled", f"{_MATRIX}.Model.SelectedVaeName"),
    "additionalResources": stability_matrix.matrix_loras,
    "clipSkip": when(f"{_MATRIX}.Model.IsClipSkipEnabled", f"{_MATRIX}.Model.ClipSkip"),
}
_TENSORART: dict[str, Source] = {
    **_same("prompt negativePrompt width height steps cfgScale clipSkip"),
    "seed": unless("seed", "-1"),  # the graph has the number that was drawn
    "sampler": "ksamplerName",
    "scheduler": "schedule",
    "Model": "baseModel.modelFileName",
    "Model hash": "baseModel.hash",
    "VAE": unless("sdVae", "Automatic"),
    "additionalResources": lora_entries("models", "modelFileName"),
    "comfy": lambda data: {"prompt": data["texts"].get("prompt")},
}

PROGRAMS = (
    Program("SwarmUI", ("sui_image_params",), _SWARM, "sui_image_params", passes.swarm_pass),
    Program(
        "InvokeAI",
        (
            "positive_prompt+scheduler",
            "positive_prompt+generation_mode",
            "positive_prompt+app_version",
            "app_version+generation_mode",
        ),
        _INVOKE,
        second_pass=passes.invoke_pass,
    ),
    Program("InvokeAI", ("model_weights+image",), _INVOKE_2),
    Program("RuinedFooocus", ("Prompt+base_model_name",), _RUINED_FOOOCUS),
    Program(
        "Fooocus", ("base_model+guidance_scale",), _FOOOCUS, second_pass=passes.fooocus_refiner
    ),
    Program("Draw Things", ("c+uc",), _DRAW_THINGS, second_pass=passes.draw_things_pass),
    Program("NovelAI", ("uc+scale", "uc+steps", "v4_prompt+steps"), _NOVELAI),
    Program(
        "Easy Diffusion",
        ("use_stable_diffusion_model", "Stable Diffusion model"),
        _EASY_DIFFUSION,
        has_texts=True,
    ),
    Program(
        "Hugging Face Space",
        ("num_inference_steps+resolution", "num_inference_steps+Model"),
        _DIFFUSERS,
        second_pass=passes.hf_space_pass,
    ),
    Program("", ("prompt+num_inference_steps",), _DIFFUSERS),
    Program("FooocusPlus", ("Base Model+Resolution", "Base Model+Guidance Scale"), _FOOOCUS_LABELS),
    Program(
        "Stability Matrix",
        ("PositivePrompt+CfgScale",),
        _STABILITY_MATRIX,
        second_pass=stability_matrix.matrix_pass,
        beside=("smproj",),
    ),
    Program("TensorArt", ("baseModel+ksamplerName", "baseModel+imageCount"), _TENSORART),
)
TEXT_NAMES = (*_EASY_TEXTS.split(), *_EASY_LABELS, "Source", "generation_data", "parameters-json")
TEXT_NAMES += ("smproj",)  # what a PNG's texts are called that the tables read
