"""What the values of a ComfyUI node's widgets mean: a workflow lists them without names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...core import as_integer, as_list, as_mapping, as_number
from ..samplers import is_sampler
from .nodes import SEEDS
from .partner_nodes import PARTNER_WIDGETS

_CONTROLS = {"fixed", "increment", "decrement", "randomize"}  # follow a seed in the list
# The largest values of widgets that hold numbers.
_NUMBERS = {"steps": 10_000, "cfg": 1000, "denoise": 1, "factor": 100, "start_at_step": 10_000}
_NUMBERS |= dict.fromkeys(("empty_latent_width", "empty_latent_height", "batch_size"), 100_000)
_EASY_LOADER = (
    "vae_name clip_skip lora_name lora_model_strength lora_clip_strength resolution"
    " empty_latent_width empty_latent_height"
)
_TTN_SAMPLER = (
    "lora_name lora_strength upscale_method upscale_model_name factor rescale percent upscale_width"
    " upscale_height longer_side crop"
)
_TTN_OLD_SAMPLER = (
    "lora_name lora_model_strength lora_clip_strength upscale_method factor crop sampler_state"
)
_CR_ASPECT_RATIO = "width height aspect_ratio swap_dimensions upscale_factor"
_REGIONAL = "seed seed_2nd seed_2nd_mode steps base_only_steps denoise overlap_factor"
_CLOWN = "noise_type_init noise_type_sde noise_mode_sde eta noise_seed sampler_mode sampler_name"
_CLOWN_END = "scheduler steps implicit_steps denoise denoise_alt cfg shift base_shift"
# The editor removes comments from these prompts and draws one of several choices.
_LINE_COMMENT = re.compile(r"//[^\n]*")
_COMMENT = re.compile(rf"/\*(?:.*?\*/|(?P<open>.*))|{_LINE_COMMENT.pattern}", re.DOTALL)
_CHOICE = re.compile(r"(?<!\\)\{[^{}|]*\|[^{}]*\}")
_ESCAPED = re.compile(r"\\([{}|])")
_DYNAMIC_PROMPTS = {
    "CLIPTextEncode": ("text",),
    "CLIPTextEncodeFlux": ("clip_l", "t5xxl"),
    "CLIPTextEncodeSDXL": ("text_g", "text_l"),
    "CLIPTextEncodeSDXLRefiner": ("text",),
    "Power Prompt (rgthree)": ("prompt",),
    "TextEncodeQwenImageEdit": ("prompt",),
    "TextEncodeQwenImageEditPlus": ("prompt",),
}
_UNNAMED = "..."  # stands for all other widgets
# Widgets of several kinds of nodes.
_SHARED_WIDGETS = {
    **PARTNER_WIDGETS,
    "text": "BNK_CutoffBasePrompt CLIPTextEncode LoraTagLoader",
    "cfg": "CFGGuider DualModelGuider",
    "ckpt_name": "CheckpointLoaderSimple ImageOnlyCheckpointLoader unCLIPCheckpointLoader",
    "width height length batch_size": "EmptyCosmosLatentVideo EmptyHunyuanVideo15Latent"
    " EmptyHunyuanLatentVideo EmptyLTXVLatentVideo EmptyMochiLatentVideo LTXVImgToVideo"
    " Wan22FunControlToVideo Wan22ImageToVideoLatent WanCameraImageToVideo WanFirstLastFrameToVideo"
    " WanFunInpaintToVideo WanImageToVideo WanVaceToVideo",
    "width height batch_size": "EmptyFlux2LatentImage EmptyLatentImage EmptySD3LatentImage",
    "preset batch_size": "EmptyLatentImageFromPresetsSD15 EmptyLatentImageFromPresetsSDXL",
    "unet_name weight_dtype": "UNETLoader",
    "model_name cpu_offload": "NunchakuQwenImageDiTLoader NunchakuZImageDiTLoader",
    "lora_name lora_strength": "NunchakuFluxLoraLoader NunchakuQwenImageLoraLoader",
    "width height num_frames": "WanVideoEmptyEmbeds WanVideoImageToVideoEncode WanVideoVACEEncode",
    "upscale_method width height crop": "ImageScale LatentUpscale",
    "upscale_method scale_by": "ImageScaleBy LatentUpscaleBy",
    "seed steps cfg sampler_name scheduler denoise": "ImpactKSamplerBasicPipe KSampler"
    " KSamplerProvider",
    "wildcard_text populated_text": "ImpactWildcardEncode ImpactWildcardProcessor",
    "unet_name": "MZ_KolorsUNETLoader MZ_KolorsUNETLoaderV2 UnetLoaderGGUF",
    "resize_to_input width height mask_channel invert_mask latent_type": "PrepForUnsampling"
    " VAEEncodeAdvanced",
    "value": "PrimitiveFloat PrimitiveInt PrimitiveNode",
    "prompt": "SeargePromptText SeargeTextInputV2 TextEncodeMOSSImageEdit"
    " TextEncodeQwenImageEdit TextEncodeQwenImageEditPlus",
    "prompt negative_prompt": "TextEncodeBooguEdit TextEncodeMageFlowEdit",
}
_WIDGETS = {
    **{kind: row for row, kinds in _SHARED_WIDGETS.items() for kind in kinds.split()},
    "## i2i-start-pixels [151daf]": "ckpt_name seed steps cfg sampler_name scheduler denoise"
    " positive negative",
    "## ksample-dec [7dd004]": "steps cfg seed sampler_name scheduler denoise",
    "## make-basic_pipe [2c8c61]": "ckpt_name positive negative",
    "AlignYourStepsScheduler": "model_type steps denoise",
    "BasicScheduler": "scheduler steps denoise",
    "BNK_CLIPTextEncodeAdvanced": "text normalization interpretation",
    "BNK_TiledKSamplerAdvanced": "add_noise noise_seed tile_width tile_height concurrent_tiles"
    " steps cfg sampler_name scheduler start_at_step end_at_step",
    "CheckpointLoader": "config_name ckpt_name",
    "ClownModelLoader": "model_name weight_dtype",
    "ClownsharkChainsampler_Beta": "eta sampler_name steps_to_run cfg sampler_mode bongmath",
    "ClownsharKSampler_Beta": "eta sampler_name scheduler steps steps_to_run denoise cfg seed"
    " sampler_mode bongmath",
    "ClownsharKSampler": f"{_CLOWN} implicit_sampler_name {_CLOWN_END} truncate_conditioning"
    f" | {_CLOWN} {_CLOWN_END} truncate_conditioning"
    f" | {_CLOWN} implicit_sampler_name {_CLOWN_END} shift_scaling options",
    "CLIPSetLastLayer": "stop_at_clip_layer",
    "CLIPTextEncodeFlux": "clip_l t5xxl guidance",
    "CLIPTextEncodeSDXL": "width height crop_w crop_h target_width target_height text_g text_l",
    "CLIPTextEncodeSDXLRefiner": "ascore width height text",
    "ComfyMathExpression": "expression",
    "CR SDXL Aspect Ratio": "width height aspect_ratio swap_dimensions",
    "CR LoRA Stack": "switch_1 lora_name_1 model_weight_1 clip_weight_1 switch_2 lora_name_2"
    " model_weight_2 clip_weight_2 switch_3 lora_name_3 model_weight_3 clip_weight_3",
    "CustomCombo": "choice index",
    "DualCFGGuider": "cfg_conds cfg_cond2_negative style",
    "easy a1111Loader": f"ckpt_name {_EASY_LOADER} positive negative",
    "easy comfyLoader": f"ckpt_name {_EASY_LOADER} positive negative",
    "easy preSamplingCustom": "guider cfg cfg_negative sampler_name scheduler steps sigma_max"
    " sigma_min rho beta_d beta_min eps_s flip_sigmas denoise add_noise seed",
    "easy promptConcat": "prompt1 prompt2 separator",
    "easy fullLoader": f"ckpt_name config {_EASY_LOADER} positive normalization weights negative",
    "Eff. Loader SDXL": "base_ckpt_name base_clip_skip refiner_ckpt refiner_skip ascore"
    " negative_ascore vae_name positive negative normalization weights empty_latent_width"
    " empty_latent_height",
    "Efficient Loader": "ckpt_name vae_name clip_skip lora_name lora_model_strength"
    " lora_clip_strength positive negative normalization weights empty_latent_width"
    " empty_latent_height batch_size",
    "Flux2Scheduler": "steps width height",
    "FluxGuidance": "guidance",
    "FluxResolutionNode": "megapixel aspect_ratio divisible_by custom_ratio custom_aspect_ratio"
    " | megapixel aspect_ratio custom_ratio custom_aspect_ratio | megapixel aspect_ratio",
    "FluxSamplerParams+": "seed sampler scheduler steps guidance max_shift base_shift denoise",
    "HighRes-Fix Script": "upscale_type hires_ckpt_name latent_upscaler pixel_upscaler upscale_by"
    " use_same_seed seed hires_steps denoise iterations use_controlnet",
    "HunyuanImageToVideo": "width height length batch_size guidance_type",
    "Ideogram4Scheduler": "steps width height mu std",
    "ImpactSwitch": "select sel_mode",
    "JsonExtractString": "json_string key",
    "KSamplerAdvanced": "add_noise noise_seed steps cfg sampler_name scheduler start_at_step"
    " end_at_step return_with_leftover_noise",
    "KSamplerAdvancedProvider": "cfg sampler_name scheduler",
    "KSamplerSelect": "sampler_name",
    "LoraLoader": "lora_name strength_model strength_clip",
    "LoraLoaderModelOnly": "lora_name strength_model",
    "LoRA Stacker": "input_mode lora_count "
    + " ".join(f"lora_name_{n} lora_wt_{n} model_str_{n} clip_str_{n}" for n in range(1, 50)),
    "LTXDirector": "start_second end_second duration_seconds start_frame end_frame duration_frames"
    " timeline_data local_prompts",
    "LTXVScheduler": "steps max_shift base_shift stretch terminal",
    "ManualSigmas": "sigmas",
    "Prompt (LoraManager)": "version text",
    "Power Prompt (rgthree)": "prompt insert_lora insert_embedding",
    "RandomNoise": "noise_seed",
    "ResolutionMaster": "mode latent_type width height auto_detect",
    "ResolutionSelector": "aspect_ratio megapixels multiple",
    "SamplerCustom": "add_noise noise_seed cfg",
    "SDXL Empty Latent Image": "resolution batch_size",
    "SDXL Empty Latent Image (rgthree)": "dimensions clip_scale batch_size",
    "SDTurboScheduler": "steps denoise",
    "SeargeGenerationParameters": "seed image_size_preset image_width image_height steps cfg"
    " sampler_preset sampler_name scheduler base_vs_refiner_ratio",
    "SeargeInput1": "main_prompt secondary_prompt style_prompt negative_prompt negative_style",
    "SeargeInput2": "seed image_width image_height steps cfg sampler_name scheduler",
    "SeargeInput4": "base_model refiner_model vae_model main_upscale_model support_upscale_model"
    " lora_model",
    "SeargeInput7": "lora_strength operation_mode prompt_style",
    "SeargeIntegerMath": "op a b c",
    "SeargeIntegerPair": "value1 value2",
    "SeargeLoras": "lora_1 lora_1_strength lora_2 lora_2_strength lora_3 lora_3_strength lora_4"
    " lora_4_strength lora_5 lora_5_strength",
    "SeargeMagicBox": "stage input_from output_to",
    "SeargeModelSelector": "base_checkpoint refiner_checkpoint vae_checkpoint",
    "SeargePromptCombiner": "prompt1 separator prompt2",
    "SDXLPromptStyler": "text_positive text_negative style",
    "SetImageSize": "width height",
    "StableZero123_Conditioning": "width height batch_size elevation azimuth",
    "StringConcatenate": "string_a string_b delimiter",
    "StringReplace": "string find replace",
    "SVD_img2vid_Conditioning": "width height video_frames",
    "StableCascade_EmptyLatentImage": "width height compression batch_size",
    "TextEncodeHunyuanVideo_ImageToVideo": "prompt image_interleave",
    "Text Concatenate": "linebreak_addition",
    "ttN pipeKSamplerSDXL_v2": f"{_TTN_SAMPLER} base_steps cfg denoise refiner_steps refiner_cfg"
    " refiner_denoise sampler_name scheduler image_output save_prefix file_type embed_workflow"
    " seed",
    "ttN pipeLoaderSDXL_v2": "ckpt_name config_name vae_name clip_skip loras refiner_ckpt_name"
    " refiner_config_name positive_g positive_l negative_g negative_l conditioning_aspect"
    " cond_width cond_height crop_width crop_height target_aspect target_width target_height"
    " positive_ascore negative_ascore empty_latent_aspect empty_latent_width empty_latent_height"
    " batch_size seed",
    "ttN advanced xyPlot": "grid_spacing save_individuals flip_xy x_plot y_plot z_plot",
    "ttN pipeLoader_v2": "ckpt_name config_name vae_name clip_skip loras positive"
    " positive_token_normalization positive_weight_interpretation negative"
    " negative_token_normalization negative_weight_interpretation empty_latent_aspect"
    " empty_latent_width empty_latent_height batch_size seed",
    "Two Clip Text Encode": "prompt negative_prompt",
    "ApplyLBW //Inspire": "strength_model strength_clip",
    "CR Aspect Ratio": f"{_CR_ASPECT_RATIO} prescale_factor",
    "CR Aspect Ratio Banners": f"{_CR_ASPECT_RATIO} prescale_factor",
    "CR Aspect Ratio Social Media": f"{_CR_ASPECT_RATIO} prescale_factor",
    "CR SD1.5 Aspect Ratio": _CR_ASPECT_RATIO,
    "CR_Aspect Ratio For Print": f"{_CR_ASPECT_RATIO} prescale_factor",
    "FluxLoader": "model_name weight_dtype clip_name1 clip_name2_opt vae_name",
    "LoadLBW //Inspire": "lbw_model",
    "LoraLoaderBlockWeight //Inspire": "category_filter lora_name strength_model strength_clip"
    " inverse seed A B preset block_vector bypass",
    "LorasForFluxParams+": "lora_1 strength_model_1",
    "MakeLBW //Inspire": "category_filter lora_name inverse seed A B preset block_vector bypass",
    "NunchakuFluxDiTLoader": "model_path cache_threshold attention cpu_offload device_id data_type"
    " i2f_mode",
    "NunchakuFluxLoraStack": " ".join(f"lora_name_{n} lora_strength_{n}" for n in range(1, 16)),
    "PromptBuilder //Inspire": "category preset text",
    "RegionalSampler": f"{_REGIONAL} | {_REGIONAL} restore_latent | {_REGIONAL} restore_latent"
    " additional_mode additional_sampler additional_sigma_ratio | seed steps base_only_steps"
    " denoise overlap_factor | seed steps base_only_steps overlap_factor",
    "RegionalSamplerAdvanced": "add_noise noise_seed steps start_at_step end_at_step"
    " overlap_factor restore_latent return_with_leftover_noise",
    "SD35Loader": "model_name weight_dtype clip_name1 clip_name2_opt clip_name3_opt vae_name",
    "SDXLEmptyLatentSizePicker+": "resolution batch_size width_override height_override",
    "EmptyLatentImagePresets": "dimensions invert batch_size",
    "IllustrationStylePromptEncoder //ZImagePowerNodes": "style text",
    "PhotoStylePromptEncoder //ZImagePowerNodes": "style text",
    "StylePromptEncoder //ZImagePowerNodes": "category style text",
    "TwoAdvancedSamplersForMask": "seed steps denoise overlap_factor",
    "UltraCascade_CLIPTextEncode": "positive negative",
    "UltraCascade_Loader": "stage_c_name stage_up_name",
    "WanVideoLoraSelect": "lora strength",
    "WanVideoVAELoader": "model_name precision",
    "XY Input: Manual XY Entry": "plot_type plot_value",
    "ZSamplerTurbo //ZImagePowerNodes": "seed steps denoise",
    "easy cascadeLoader": "stage_c stage_b stage_a clip_name lora_name lora_model_strength"
    " lora_clip_strength resolution empty_latent_width empty_latent_height compression positive"
    " negative",
    "easy fluxLoader": "ckpt_name vae_name lora_name lora_model_strength lora_clip_strength"
    " resolution empty_latent_width empty_latent_height positive",
    "easy hunyuanDiTLoader": "ckpt_name vae_name lora_name lora_model_strength lora_clip_strength"
    " resolution empty_latent_width empty_latent_height positive negative",
    "easy kolorsLoader": "unet_name vae_name chatglm3_name lora_name lora_model_strength"
    " lora_clip_strength resolution empty_latent_width empty_latent_height positive negative",
    "easy mochiLoader": "ckpt_name vae_name positive negative resolution empty_latent_width"
    " empty_latent_height",
    "easy loraStack": "toggle mode num_loras "
    + " ".join(
        f"lora_{n}_name lora_{n}_strength lora_{n}_model_strength lora_{n}_clip_strength"
        for n in range(1, 11)
    ),
    "easy pipeEdit": "clip_skip optional_positive positive_normalization positive_weights"
    " optional_negative negative_normalization negative_weights a1111_prompt_style"
    " conditioning_mode",
    "easy stylesSelector": "styles positive negative select_styles",
    "ttN pipeKSampler": f"{_TTN_OLD_SAMPLER} steps cfg sampler_name scheduler denoise image_output"
    " save_prefix seed",
    "ttN pipeKSamplerAdvanced": f"{_TTN_OLD_SAMPLER} add_noise steps cfg sampler_name scheduler"
    " start_at_step end_at_step return_with_leftover_noise image_output save_prefix noise_seed",
    "ttN pipeKSamplerAdvanced_v2": f"{_TTN_SAMPLER} add_noise steps cfg sampler_name scheduler"
    " start_at_step end_at_step return_with_leftover_noise image_output save_prefix file_type"
    " embed_workflow noise_seed",
    "ttN pipeKSampler_v2": f"{_TTN_SAMPLER} steps cfg sampler_name scheduler denoise image_output"
    " save_prefix file_type embed_workflow seed",
    "ttN pipeLoader": "ckpt_name config_name vae_name clip_skip"
    " lora1_name lora1_model_strength lora1_clip_strength lora2_name lora2_model_strength"
    " lora2_clip_strength lora3_name lora3_model_strength lora3_clip_strength positive"
    " positive_token_normalization positive_weight_interpretation negative"
    " negative_token_normalization negative_weight_interpretation empty_latent_width"
    " empty_latent_height batch_size seed",
    "UpscaleModelLoader": "model_name",
    "VAELoader": "vae_name",
    "WanCameraEmbedding": "camera_pose width height length speed fx fy cx cy",
    "WanVideoModelLoader": "model precision",
    "WanVideoSampler": "steps cfg shift seed offload scheduler",
    "WanVideoTextEncode": "positive_prompt negative_prompt",
}


def read_widget_values(
    node: Mapping[str, Any], component_inputs: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the values of a node's widgets by name; leave out values whose name is unknown.

    Most workflows store the values as a list without names. component_inputs: the names of the
    node's inputs, in order, if the node is a component.
    """
    values = node.get("widgets_values")
    if isinstance(values, Mapping):
        return dict(list(values.items())[:200])
    values = list(as_list(values)[:200])
    sockets = {str(each.get("name")) for each in list_inputs(node) if not each.get("widget")}
    inner = [name for name in component_inputs if name not in sockets]
    known = _find_widget_names(str(node.get("type")), values)
    known = known or (inner if _are_plausible(inner, values) else [])
    named, rest = _pair_values(list_widget_names(node), values)
    if rest and known:
        named, _ = _pair_values([name for name in known if name != _UNNAMED], values)
        pairs = zip(values, values[1:]) if known[-1] == _UNNAMED else ()
        seeds = [v for v, after in pairs if after in tuple(_CONTROLS) and as_integer(v) is not None]
        named = {"seed": seeds[0], **named} if seeds else named
    elif rest:  # the node names some of its widgets only
        named = {"value": values[0]} if len(values) == 1 else _guess_values(values)
    for name in _DYNAMIC_PROMPTS.get(str(node.get("type")), ()):
        text = named.get(name)
        if isinstance(text, str):
            is_random = _CHOICE.search(text)
            named[name] = None if is_random else _ESCAPED.sub(r"\1", _remove_comments(text))
    rows = {f"lora_{i}": v for i, v in enumerate(values) if isinstance(v, Mapping) and "lora" in v}
    return {**named, **rows}


def _find_widget_names(node_type: str, values: list[Any]) -> list[str]:
    """Return the names of a node's widgets in order, [] if they are unknown for its type."""
    rows = [row.split() for row in _WIDGETS.get(node_type, "").split("|")]
    for row in rows:
        named, rest = _pair_values(row, values)
        fits = len(rows) == 1 or len(named) == len(row) and not rest
        if fits and _are_plausible(row, values):
            return row
    return []


def _are_plausible(names: list[str], values: list[Any]) -> bool:
    """Return whether numbers stand where the names say so; in other versions they may not."""
    named, _ = _pair_values(names, values)
    numbers = {name: as_number(named[name]) for name in _NUMBERS.keys() & named.keys()}
    return all(value is not None and value <= _NUMBERS[name] for name, value in numbers.items())


def list_inputs(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return a node's inputs, at most 200; replace a malformed input by {}."""
    return [as_mapping(each) for each in as_list(node.get("inputs"))[:200]]


def list_widget_names(node: Mapping[str, Any]) -> list[str]:
    """Return the names of those widgets that a workflow lists among a node's inputs, in order."""
    widgets = (each.get("widget") for each in list_inputs(node))
    return [str(as_mapping(widget).get("name")) for widget in widgets if widget]


def _remove_comments(text: str) -> str:
    def remove(comment: re.Match[str]) -> str:
        rest = comment["open"]  # after the start of a comment that has no end, which stays
        return "" if rest is None else "/*" + _LINE_COMMENT.sub("", rest)

    return _COMMENT.sub(remove, text)


def _pair_values(names: list[str], values: list[Any]) -> tuple[dict[str, Any], list[Any]]:
    """Return ({name: value}, values left over), without "randomize" and the like after a seed."""
    found: dict[str, Any] = {}
    at = 0
    for name, _ in zip(names, values):
        if at < len(values):
            found[name] = values[at]
            at += 1
            if name in SEEDS and at < len(values):
                control = values[at]
                at += control is None or isinstance(control, bool) or control in tuple(_CONTROLS)
    return found, values[at:]


def _guess_values(values: list[Any]) -> dict[str, Any]:
    """Return {name: value} for those values of an unknown node that look like a sampler's."""
    found = {}
    for at, value in enumerate(values):
        controls = value is None or (isinstance(value, str) and value in _CONTROLS)
        if controls and at and "seed" not in found and as_integer(values[at - 1]) is not None:
            found["seed"] = values[at - 1]
        if isinstance(value, str) and is_sampler(value) and at >= 2 and "cfg" not in found:
            names = ("steps", "cfg", "sampler_name", "scheduler", "denoise")
            row = dict(zip(names, values[at - 2 : at + 3]))
            denoise = as_number(row.get("denoise", 1))  # or the first step
            texts = (row.get(name, "") for name in ("sampler_name", "scheduler"))
            fits = isinstance(row["steps"], (int, float)) and isinstance(row["cfg"], (int, float))
            fits = fits and as_integer(row["steps"]) is not None
            fits = fits and all(isinstance(text, str) for text in texts)
            fits = fits and denoise is not None and 0 <= denoise <= 1
            if fits and _are_plausible(list(row), list(row.values())):
                found |= {name: v for name, v in row.items() if name != "denoise" or denoise}
    return found
