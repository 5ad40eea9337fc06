"""infotext/files/programs.py: what each program writes, as a record."""

from __future__ import annotations

import json

import pytest
from civitai_manager_libs.infotext import infotext
from civitai_manager_libs.infotext.files.programs import read_dream, read_program
from hypothesis import given
from hypothesis import strategies as st

SWARM = {
    "sui_image_params": {
        "prompt": "a cat",
        "negativeprompt": "blurry",
        "model": "OfficialStableDiffusion/sd_xl_base_1.0",
        "seed": 1,
        "steps": "20",
        "cfgscale": 7.0,
        "width": 1024,
        "height": 768,
        "sampler": "euler_ancestral",
        "scheduler": "karras",
        "fluxguidancescale": 3.5,
        "clipstopatlayer": "-2",
        "loras": "styles/one,two",
        "loraweights": "0.8,1",
        "vae": "Automatic",
        "swarm_version": "0.9.6.3",
    },
    "sui_models": [{"name": "sd_xl_base_1.0.safetensors", "param": "model", "hash": "0x7e"}],
}
INVOKE = {
    "generation_mode": "sdxl_txt2img",
    "positive_prompt": "a cat",
    "negative_prompt": "blurry",
    "width": 1024,
    "height": 768,
    "seed": 1,
    "cfg_scale": 7.0,
    "steps": 20,
    "scheduler": "euler_a",
    "clip_skip": 1,
    "model": {"key": "x", "name": "juggernaut", "hash": "blake3:00", "base": "sdxl"},
    "loras": [
        {"model": {"name": "one"}, "weight": 0.8},
        {"lora": {"model_name": "two"}, "weight": 1},
    ],
    "vae": {"model_name": "fixed"},
    "app_version": "5.6.0",
}
FOOOCUS = {
    "base_model": "juggernautXL",
    "base_model_hash": "aeb7e9e689",
    "clip_skip": 2,
    "guidance_scale": 4,
    "loras": [["one.safetensors", 0.8, "abcdef0123"]],
    "metadata_scheme": "fooocus",
    "negative_prompt": "",
    "full_negative_prompt": ["blurry", "bad"],
    "performance": "Speed",
    "prompt": "a cat",
    "full_prompt": ["cinematic still a cat", "a cat, sharp"],
    "resolution": "(1024, 768)",
    "sampler": "dpmpp_2m_sde_gpu",
    "scheduler": "karras",
    "seed": "6952411511246973023",
    "steps": 30,
    "vae": "Default (model)",
    "version": "Fooocus v2.4.3",
}
RUINED = {
    "Prompt": "a cat",
    "Negative": "blurry",
    "steps": 20,
    "cfg": 7,
    "width": 1024,
    "height": 768,
    "seed": 1,
    "sampler_name": "dpmpp_2m_sde_gpu",
    "scheduler": "karras",
    "base_model_name": "crystalClearXL.safetensors",
    "base_model_hash": "SHA: cbc222b0",
    "loras": "Loras:<A\\one.safetensors:0.8>,<None:0.5>",
    "software": "RuinedFooocus",
}
NOVELAI = {
    "prompt": "a cat",
    "uc": "blurry",
    "steps": 28,
    "scale": 5.0,
    "seed": 1,
    "sampler": "k_dpmpp_2m",
    "noise_schedule": "karras",
    "width": 832,
    "height": 1216,
}
NOVELAI_4 = {
    **NOVELAI,
    "noise_schedule": "native",
    "v4_prompt": {
        "caption": {
            "base_caption": "two cats",
            "char_captions": [{"char_caption": "a black cat"}, {"char_caption": "a white cat"}],
        }
    },
    "v4_negative_prompt": {"caption": {"base_caption": "lowres", "char_captions": []}},
}
DRAW_THINGS = {
    "c": "a cat",
    "uc": "blurry",
    "model": "sd_xl_base_1.0_f16.ckpt",
    "sampler": "DPM++ 2M Karras",
    "scale": 7,
    "seed": 1,
    "size": "1024x768",
    "steps": 20,
    "strength": 1,
    "lora": [{"model": "one_lora_f16.ckpt", "weight": 0.8}],
    "v2": {"steps": 20},
}
EASY = {
    "prompt": "a cat",
    "negative_prompt": "blurry",
    "num_inference_steps": 20,
    "guidance_scale": 7,
    "seed": 1,
    "width": 1024,
    "height": 768,
    "sampler_name": "euler_a",
    "use_stable_diffusion_model": "models/sd-v1-5",
    "use_vae_model": "",
}
SITE = {
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "x"}},
    "extra": {"airs": []},
    "extraMetadata": json.dumps(
        {
            "prompt": "a cat",
            "negativePrompt": "blurry",
            "cfgScale": 3.5,
            "steps": 30,
            "seed": 1,
            "sampler": "Undefined",
            "clipSkip": 2,
            "resources": [{"modelVersionId": 691639, "strength": 1}],
        }
    ),
}
COMFY = {
    "1": {
        "class_type": "KSampler",
        "inputs": {"seed": 1, "steps": 20, "cfg": 7, "model": ["2", 0], "positive": "a cat"},
    }
}


@pytest.mark.parametrize(
    ("data", "program", "written"),
    [
        (
            SWARM,
            "SwarmUI",
            "a cat <lora:one:0.8> <lora:two:1>\nNegative prompt: blurry\n"
            "Steps: 20, Sampler: Euler a, Schedule type: Karras, CFG scale: 7, "
            "Distilled CFG Scale: 3.5, Seed: 1, Size: 1024x768, Model: sd_xl_base_1.0, "
            "Clip skip: 2",
        ),
        (
            INVOKE,
            "InvokeAI",
            "a cat <lora:one:0.8> <lora:two:1>\nNegative prompt: blurry\n"
            "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 1024x768, "
            "Model: juggernaut, VAE: fixed, Clip skip: 2",
        ),
        (
            FOOOCUS,
            "Fooocus",
            "cinematic still a cat\na cat, sharp <lora:one:0.8>\nNegative prompt: blurry\nbad\n"
            "Steps: 30, Sampler: DPM++ 2M SDE, Schedule type: Karras, CFG scale: 4, "
            "Seed: 6952411511246973023, Size: 1024x768, Model hash: aeb7e9e689, "
            "Model: juggernautXL, Clip skip: 2, Version: Fooocus v2.4.3",
        ),
        (
            RUINED,
            "RuinedFooocus",
            "a cat <lora:one:0.8>\nNegative prompt: blurry\n"
            "Steps: 20, Sampler: DPM++ 2M SDE, Schedule type: Karras, CFG scale: 7, Seed: 1, "
            "Size: 1024x768, Model: crystalClearXL",
        ),
        (
            NOVELAI,
            "NovelAI",
            "a cat\nNegative prompt: blurry\nSteps: 28, Sampler: DPM++ 2M, "
            "Schedule type: Karras, CFG scale: 5, Seed: 1, Size: 832x1216",
        ),
        (
            {"Software": "NovelAI", "Comment": json.dumps(NOVELAI_4)},
            "NovelAI",
            "two cats\na black cat\na white cat\nNegative prompt: lowres\n"
            "Steps: 28, Sampler: DPM++ 2M, CFG scale: 5, Seed: 1, Size: 832x1216",
        ),
        (
            DRAW_THINGS,
            "Draw Things",
            "a cat <lora:one_lora_f16:0.8>\nNegative prompt: blurry\n"
            "Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, Seed: 1, "
            "Size: 1024x768, Model: sd_xl_base_1.0_f16",
        ),
        (
            EASY,
            "Easy Diffusion",
            "a cat\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, "
            "Size: 1024x768, Model: sd-v1-5",
        ),
        (
            SITE,
            "Civitai",
            "a cat\nNegative prompt: blurry\nSteps: 30, Sampler: Euler, Schedule type: Simple, "
            "CFG scale: 1, Distilled CFG Scale: 3.5, Seed: 1",
        ),
        (COMFY, "ComfyUI", "a cat\nSteps: 20, CFG scale: 7, Seed: 1"),
        ({"prompt": COMFY}, "ComfyUI", "a cat\nSteps: 20, CFG scale: 7, Seed: 1"),
        ({"prompt": json.dumps(COMFY)}, "ComfyUI", "a cat\nSteps: 20, CFG scale: 7, Seed: 1"),
    ],
    ids=["swarmui", "invokeai", "fooocus", "ruined-fooocus", "novelai", "novelai-4"]
    + ["draw-things", "easy-diffusion", "civitai", "comfyui", "comfyui-prompt", "comfyui-text"],
)
def test_a_shape_tells_the_program_and_the_rest(data, program, written):
    assert (known := read_program(data, {})) is not None
    assert (known[0], infotext(known[1])) == (program, written)


def test_novelai_of_old_has_its_prompt_elsewhere():
    old = {key: value for key, value in NOVELAI.items() if key != "prompt"}
    assert read_program(old, {"Description": "a cat"}) == read_program(NOVELAI, {})


def test_invokeai_2_has_what_is_not_wanted_in_brackets():
    image = {"prompt": [{"prompt": "a cat [blurry] [bad, worse]", "weight": 1}], "steps": 50}
    image |= {"cfg_scale": 5, "seed": 1, "width": 512, "height": 768, "sampler": "k_lms"}
    known = read_program({"model_weights": "deliberate", "image": image}, {})
    written = (
        "a cat\nNegative prompt: blurry, bad, worse\n"
        "Steps: 50, Sampler: LMS, CFG scale: 5, Seed: 1, Size: 512x768, Model: deliberate"
    )
    assert (known[0], infotext(known[1])) == ("InvokeAI", written)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (
            '"a \\"big\\" cat [blurry]" -s 50 -S 2980747362 -W 512 -H 768 -C 5 -A k_lms -G 0.9',
            'a \\"big\\" cat\nNegative prompt: blurry\n'
            "Steps: 50, Sampler: LMS, CFG scale: 5, Seed: 2980747362, Size: 512x768",
        ),
        ("a dream", ""),
        ('"' * 100_000, ""),
    ],
    ids=["whole", "none", "hostile"],
)
def test_a_dream_is_read(text, written):
    assert infotext(read_dream(text)) == written


@pytest.mark.parametrize(
    "data",
    [None, [], "x", {}, {"a": 1}, {"prompt": "a cat"}, {"uc": "x"}, {"extraMetadata": "{"}]
    + [{"workflow": []}, {"Comment": "{}"}],
    ids=repr,
)
def test_an_unknown_shape_is_of_no_program(data):
    assert read_program(data, {}) is None


_ALL = [SWARM, INVOKE, FOOOCUS, RUINED, NOVELAI_4, DRAW_THINGS, EASY, SITE, COMFY]
_ALL += [{"model_weights": "x", "image": {"prompt": "x"}}]
_value = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["caption", "name", "lora", "prompt", "inputs"]), inner),
    max_leaves=6,
)


@given(st.sampled_from(_ALL), st.data())
def test_no_value_makes_it_fall(data, draw):
    data = dict(data)
    for key in draw.draw(st.lists(st.sampled_from(list(data)), max_size=4)):
        data[key] = draw.draw(_value)
    if isinstance(data.get("sui_image_params"), dict):
        key = draw.draw(st.sampled_from(list(SWARM["sui_image_params"])))
        data["sui_image_params"] = {**data["sui_image_params"], key: draw.draw(_value)}
    known = read_program(data, {})
    if known is not None:
        infotext(known[1]).encode("utf-8")
