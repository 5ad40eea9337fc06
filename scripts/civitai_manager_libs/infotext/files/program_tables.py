"""The names that programs give to the fields of an infotext."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ...core import as_list, as_mapping, as_text
from ..comfy import load_json
from . import program_values as values
from .program_values import convert_last_layer, convert_skipped_layers, Data, drop_default
from .program_values import find_value, join_lines, parse_loras, parse_resolution
from .program_values import read_draw_things_pass, read_fooocus_mre_pass, read_hf_space_pass
from .program_values import read_if, read_invoke_pass, read_lora_lists, read_lora_texts
from .program_values import read_numbered_loras, read_swarm_pass, Record, Source


@dataclass(frozen=True)
class Program:
    """A program that makes images, and where its data holds each value.

    name: "" if the data does not tell which program it is. marks: keys by which the data is
    recognised; one of them is enough, and `a+b` needs both keys. fields: {key of Civitai's `meta`:
    where the value is}. read_second_pass: a function that returns more fields. has_texts: whether
    the program writes one PNG text for each value instead of one JSON.
    """

    name: str
    marks: tuple[str, ...]
    fields: Mapping[str, Source]
    read_second_pass: Callable[[Data], Record] | None = None
    has_texts: bool = False


def _map_same_names(names: str) -> dict[str, Source]:
    return {name: name for name in names.split()}


# https://github.com/mcmonkeyprojects/SwarmUI/blob/master/docs/Image%20Metadata%20Format.md
_SWARM: dict[str, Source] = {
    **_map_same_names("prompt steps seed width height"),
    "negativePrompt": "negativeprompt",
    "cfgScale": "cfgscale",
    "Distilled CFG Scale": "fluxguidancescale",
    "sampler": "sampler|comfyuisampler",
    "scheduler": "scheduler|comfyuischeduler",
    "Model": "model",
    "VAE": ("vae", drop_default),
    "clipSkip": ("clipstopatlayer", convert_last_layer),
    "Variation seed": "variationseed",
    "Variation seed strength": "variationseedstrength",
    "additionalResources": lambda data: read_lora_lists(data, "loras", "loraweights"),
}
# https://github.com/invoke-ai/InvokeAI/blob/main/invokeai/app/invocations/metadata.py
_INVOKE_MARKS = (
    *("positive_prompt+scheduler", "positive_prompt+generation_mode"),
    *("positive_prompt+app_version", "app_version+generation_mode"),
)
_INVOKE: dict[str, Source] = {
    **_map_same_names("width height steps seed"),
    "prompt": "positive_prompt",
    "negativePrompt": "negative_prompt",
    "cfgScale": "cfg_scale",
    "Distilled CFG Scale": "guidance",
    "sampler": "scheduler",
    "Model": "model.model_name|model.name",
    "VAE": "vae.model_name|vae.name",
    "clipSkip": ("clip_skip", convert_skipped_layers),
    "additionalResources": ("loras", parse_loras),
}
_INVOKE_2: dict[str, Source] = {
    **{name: f"image.{name}" for name in ("steps", "seed", "width", "height", "sampler")},
    "prompt": ("image.prompt", lambda prompt: values.split_invoke_2_prompt(prompt)[0]),
    "negativePrompt": ("image.prompt", lambda prompt: values.split_invoke_2_prompt(prompt)[1]),
    "cfgScale": "image.cfg_scale",
    "Denoising strength": "image.strength",
    "Model": "model_weights",
}
# https://github.com/lllyasviel/Fooocus/blob/main/modules/meta_parser.py
_FOOOCUS: dict[str, Source] = {
    **_map_same_names("steps seed sampler scheduler"),
    "prompt": ("full_prompt|prompt", join_lines),  # with styles and expansion
    "negativePrompt": ("full_negative_prompt|negative_prompt", join_lines),
    "cfgScale": "guidance_scale",
    "Size": ("resolution", parse_resolution),
    "Model": "base_model",
    "Model hash": "base_model_hash",
    "VAE": ("vae", drop_default),
    "clipSkip": "clip_skip",
    "additionalResources": lambda data: (
        parse_loras(data.get("loras")) or read_lora_texts(data, "lora_combined_")
    ),
    "Version": "version",
    "Refiner": "refiner_model",
    "Refiner switch at": lambda data: (
        data.get("refiner_switch") if as_text(data.get("refiner_model")) else None
    ),
}
_FOOOCUS_LABELS: dict[str, Source] = {
    "prompt": ("Full Prompt|Prompt", join_lines),
    "negativePrompt": ("Full Negative Prompt|Negative Prompt", join_lines),
    "steps": "Steps",
    "seed": "Seed",
    "sampler": "Sampler",
    "scheduler": "Scheduler",
    "cfgScale": "Guidance Scale",
    "Size": ("Resolution", parse_resolution),
    "Model": "Base Model",
    "VAE": ("VAE", drop_default),
    "clipSkip": "CLIP Skip",
    "additionalResources": lambda data: read_lora_texts(data, "LoRA ", "LoRA"),
    "Version": "Version",
}
# https://github.com/MoonRide303/Fooocus-MRE/blob/moonride-main/modules/async_worker.py
_FOOOCUS_MRE: dict[str, Source] = {
    **_map_same_names("steps seed width height scheduler"),
    "prompt": ("real_prompt|prompt", join_lines),  # with styles and expansion
    "negativePrompt": ("real_negative_prompt|negative_prompt", join_lines),
    "cfgScale": "cfg",
    "sampler": "sampler|sampler_name",
    "Size": ("resolution", parse_resolution),
    "Model": "base_model|base_model_name",
    "clipSkip": ("base_clip_skip", convert_last_layer),
    "additionalResources": lambda data: (
        parse_loras(data.get("loras")) or read_numbered_loras(data)
    ),
    "Version": "software",
}
# https://github.com/runew0lf/RuinedFooocus/blob/main/modules/async_worker.py
_RUINED_FOOOCUS: dict[str, Source] = {
    **_map_same_names("steps seed width height scheduler denoise"),
    "prompt": "Prompt",
    "negativePrompt": "Negative",
    "cfgScale": "cfg",
    "sampler": "sampler_name",
    "Model": "base_model_name",
    "Model hash": "base_model_hash",
    "clipSkip": "clip_skip",
    "other": lambda data: {"loras": data.get("loras")},  # as in Civitai's records
}
_NOVELAI: dict[str, Source] = {
    **_map_same_names("steps seed width height sampler"),
    "prompt": lambda data: (
        values.join_captions(as_mapping(data.get("actual_prompts")).get("prompt"))
        or values.join_captions(data.get("v4_prompt"))
        or find_value(data, "prompt|texts.Description")
    ),
    "negativePrompt": lambda data: (
        values.join_captions(as_mapping(data.get("actual_prompts")).get("negative_prompt"))
        or values.join_captions(data.get("v4_negative_prompt"))
        or find_value(data, "uc")
    ),
    "cfgScale": "scale",
    "scheduler": ("noise_schedule", drop_default),
    # Also written by txt2img, where it has no effect.
    "Denoising strength": lambda data: (
        data.get("strength") if data.get("request_type") == "Img2ImgRequest" else None
    ),
    "Model": ("texts.Source", lambda source: values.split_novelai_source(source)[0]),
    "Model hash": ("texts.Source", lambda source: values.split_novelai_source(source)[1]),
}
_DRAW_THINGS: dict[str, Source] = {
    **_map_same_names("steps seed sampler"),
    "prompt": "c",
    "negativePrompt": "uc",
    "cfgScale": "scale",
    "Size": "size",
    "Model": "model",
    "denoise": "strength",
    "clipSkip": "clip_skip|v2.clipSkip",
    "additionalResources": ("lora|v2.loras", parse_loras),
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
    "clipSkip": ("clip_skip|Clip Skip", lambda is_on: 2 if as_text(is_on) == "True" else None),
    "additionalResources": lambda data: read_lora_lists(
        data, "use_lora_model|LoRA model", "lora_alpha|LoRA Strength"
    ),
}
_DIFFUSERS: dict[str, Source] = {  # most Hugging Face Spaces' names
    **_map_same_names("prompt seed width height sampler"),
    "negativePrompt": "negative_prompt",
    "steps": "num_inference_steps",
    "cfgScale": "guidance_scale",
    "Size": ("resolution", parse_resolution),
    "Model": "Model",
    "Model hash": "Model hash",
}
# https://github.com/Sygil-Dev/sygil-webui/blob/dev/scripts/sd_utils/__init__.py
_SYGIL: dict[str, Source] = {
    **{name: f"SD:{name}" for name in ("steps", "seed", "width", "height")},
    "prompt": ("SD:prompt", lambda text: as_text(text).partition("###")[0].strip()),
    "negativePrompt": ("SD:prompt", lambda text: as_text(text).partition("###")[2].strip()),
    "cfgScale": "SD:cfg_scale",
    "sampler": "SD:sampler|SD:sampler_name",
    "Denoising strength": "SD:denoising_strength",
}
_MATRIX = "smproj.State"
_STABILITY_MATRIX: dict[str, Source] = {
    "prompt": "PositivePrompt",
    "negativePrompt": "NegativePrompt",
    "steps": "Steps",
    "seed": "Seed",
    "cfgScale": "CfgScale",
    # The infotext and `Width` hold the size after the second pass.
    "width": f"{_MATRIX}.Sampler.Width|Width",
    "height": f"{_MATRIX}.Sampler.Height|Height",
    "sampler": f"{_MATRIX}.Sampler.SelectedSampler.Name|Sampler",
    "scheduler": f"{_MATRIX}.Sampler.SelectedScheduler.Name",
    "denoise": read_if(
        f"{_MATRIX}.Sampler.IsDenoiseStrengthEnabled", f"{_MATRIX}.Sampler.DenoiseStrength"
    ),
    "Model": "ModelName",
    "Model hash": "ModelHash",
    "VAE": read_if(f"{_MATRIX}.Model.IsVaeSelectionEnabled", f"{_MATRIX}.Model.SelectedVaeName"),
    "additionalResources": values.list_matrix_loras,
    "clipSkip": read_if(f"{_MATRIX}.Model.IsClipSkipEnabled", f"{_MATRIX}.Model.ClipSkip"),
}
_TENSORART: dict[str, Source] = {
    **_map_same_names("prompt negativePrompt width height steps cfgScale clipSkip"),
    "seed": ("seed", drop_default),  # -1: the graph has the drawn seed
    "sampler": "ksamplerName",
    "scheduler": "schedule",
    "Model": "baseModel.modelFileName",
    "Model hash": "baseModel.hash",
    "VAE": ("sdVae", drop_default),
    "additionalResources": ("models", parse_loras),
    "comfy": lambda data: {"prompt": data["texts"].get("prompt")},
}

PROGRAMS = (
    Program("SwarmUI", ("sui_image_params",), _SWARM, read_swarm_pass),
    Program("InvokeAI", _INVOKE_MARKS, _INVOKE, read_invoke_pass),
    Program("InvokeAI", ("model_weights+image",), _INVOKE_2),
    Program("RuinedFooocus", ("Prompt+base_model_name",), _RUINED_FOOOCUS),
    Program("Fooocus", ("base_model+guidance_scale",), _FOOOCUS),
    Program(
        "Fooocus-MRE",
        ("base_model+cfg", "base_model_name+cfg"),
        _FOOOCUS_MRE,
        read_fooocus_mre_pass,
    ),
    Program("Sygil", ("SD:prompt",), _SYGIL, has_texts=True),
    Program("Draw Things", ("c+uc",), _DRAW_THINGS, read_draw_things_pass),
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
        read_hf_space_pass,
    ),
    Program("", ("prompt+num_inference_steps",), _DIFFUSERS),
    Program("FooocusPlus", ("Base Model+Resolution", "Base Model+Guidance Scale"), _FOOOCUS_LABELS),
    Program(
        "Stability Matrix", ("PositivePrompt+CfgScale",), _STABILITY_MATRIX, values.read_matrix_pass
    ),
    Program("TensorArt", ("baseModel+ksamplerName", "baseModel+imageCount"), _TENSORART),
)
TEXT_NAMES = tuple(  # of the PNG texts that the tables read
    "prompt, negative_prompt, num_inference_steps, seed, width, height, guidance_scale"
    ", sampler_name, scheduler_name, use_stable_diffusion_model, use_vae_model, prompt_strength"
    ", clip_skip, use_lora_model, lora_alpha, Prompt, Negative Prompt, Steps, Seed, Width, Height"
    ", Guidance Scale, Sampler, Scheduler, Stable Diffusion model, VAE model, Prompt Strength"
    ", Clip Skip, LoRA model, LoRA Strength, Source, generation_data, parameters-json"
    ", smproj, SD:prompt, SD:seed, SD:width, SD:height, SD:steps, SD:cfg_scale, SD:sampler"
    ", SD:sampler_name, SD:denoising_strength".split(", ")
)


def read_program(data: object, texts: Mapping[str, str]) -> tuple[str, Record] | None:
    """Return (program, generation data) for JSON that an image program wrote, None if unknown.

    The generation data has the keys of Civitai's `meta`. texts: all texts of the same file by name,
    because some programs store a value outside of their JSON.
    """
    if not isinstance(data, Mapping):
        return None
    wrapped = load_json(data.get("Comment"))
    if isinstance(wrapped, Mapping):  # NovelAI, where a file has but one text
        texts = {key: value for key, value in data.items() if isinstance(value, str)}
        return read_program(wrapped, texts)
    for program in PROGRAMS:
        if _is_written_by(program, data):
            return program.name, _build_record(program, data, texts)
    summary = as_mapping(load_json(data.get("extraMetadata")))
    if summary.get("prompt"):  # Civitai's generator has added it to the graph
        used = [as_mapping(entry) for entry in as_list(summary.get("resources"))[:100]]
        record = {key: value for key, value in summary.items() if key != "resources"}
        record["civitaiResources"] = [
            {**entry, "weight": entry.get("strength", entry.get("weight"))} for entry in used
        ]
        return "Civitai", {**record, "engine": "Civitai", "comfy": {"prompt": data}}
    graph = load_json(data.get("prompt", data))
    nodes = graph.values() if isinstance(graph, Mapping) else ()
    is_workflow = "nodes" in as_mapping(load_json(data.get("workflow")))
    if is_workflow or any("class_type" in as_mapping(node) for node in nodes):
        is_wrapped = "prompt" in data or "workflow" in data
        return "ComfyUI", {"comfy": data if is_wrapped else {"prompt": data}}
    return None


def read_texts(texts: Mapping[str, str]) -> tuple[str, Record] | None:
    """Return (program, generation data) for a file with one text for each parameter.

    Return None if the program is unknown. The generation data has the keys of Civitai's `meta`.
    texts: the file's texts by name.
    """
    for program in PROGRAMS:
        if program.has_texts and _is_written_by(program, texts):
            return program.name, _build_record(program, texts, {})
    return None


def _is_written_by(program: Program, data: Data) -> bool:
    return any(all(key in data for key in mark.split("+")) for mark in program.marks)


def _build_record(program: Program, data: Data, texts: Mapping[str, str]) -> Record:
    data = as_mapping(data.get("sui_image_params", data))  # SwarmUI has all values there
    project = load_json(texts.get("smproj"))  # of Stability Matrix, beside its JSON
    data = {**data, "texts": texts, **({"smproj": project} if as_mapping(project) else {})}
    record = {ours: find_value(data, theirs) for ours, theirs in program.fields.items()}
    if program.read_second_pass:
        record |= program.read_second_pass(data)
    return {name: value for name, value in record.items() if value is not None}
