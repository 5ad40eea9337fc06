"""The names of samplers and schedules: A1111's 1.9 and later, SD.Next's, ComfyUI's. Pure."""

from __future__ import annotations

LATENT_UPSCALERS = {  # ComfyUI's method for latents: A1111's upscaler
    "bicubic": "Latent (bicubic)",
    "bilinear": "Latent",
    "nearest-exact": "Latent (nearest-exact)",
}
SDNEXT_SAMPLERS = {  # A1111's name of a sampler: SD.Next's
    "DPM2": "KDPM2",
    "DPM2 a": "KDPM2 a",
    "ER SDE": "ER-SDE",
    "LMS": "LMSD",
    "Res Multistep": "RES-Multistep 2M",
}
SDNEXT_UPSCALERS = {  # A1111's name of a latent upscaler: SD.Next's
    "Latent": "Latent Bilinear",
    "Latent (antialiased)": "Latent Bilinear antialias",
    "Latent (bicubic antialiased)": "Latent Bicubic antialias",
    "Latent (bicubic)": "Latent Bicubic",
    "Latent (nearest)": "Latent Nearest",
    "Latent (nearest-exact)": "Latent Nearest exact",
}

# The WebUIs' names.
_SAMPLER_LABELS = (
    "DDIM, DDIM CFG++, DDPM, DEIS, DPM adaptive, DPM fast, DPM++ 2M, DPM++ 2M SDE"
    ", DPM++ 2M SDE Heun, DPM++ 2S a, DPM++ 2s a RF, DPM++ 3M SDE, DPM++ SDE, DPM2, DPM2 a, ER SDE"
    ", Euler, Euler SMEA Dy, Euler a, Heun, HeunPP2, IPNDM, IPNDM_V, Kohaku LoNyu Yog, LCM, LMS"
    ", PLMS, Res Multistep, Restart, UniPC"
)
_SCHEDULE_LABELS = (
    "Align Your Steps, Align Your Steps 11, Align Your Steps 32, Align Your Steps GITS, Automatic"
    ", Beta, Bong Tangent, DDIM, Exponential, FlowMatchEulerDiscrete, Flux2, KL Optimal, Karras"
    ", Laplace, Linear Quadratic, Normal, Phi, Polyexponential, SGM Uniform, Simple, Turbo, Uniform"
)


def _normalize_schedule(name: str) -> str:
    return name.lower().replace(" ", "_")


def _normalize_sampler(name: str) -> str:
    name = _normalize_schedule(name).removesuffix("_gpu").removeprefix("sample_").removeprefix("k_")
    return name.replace("dpmpp", "dpm++").replace("_ancestral", "_a")


_SAMPLERS = {_normalize_sampler(label): label for label in _SAMPLER_LABELS.split(", ")} | {
    "ddim_cfgpp": "DDIM CFG++",
    "ddim_v3": "DDIM",  # NovelAI
    "dpm++_2s": "DPM++ 2S a",  # InvokeAI
    "dpm++2m": "DPM++ 2M",  # stable-diffusion.cpp
    "dpm++2s_a": "DPM++ 2S a",
    "dpm_2": "DPM2",
    "dpm_2_a": "DPM2 a",
    "er-sde": "ER SDE",
    "heun++_2": "HeunPP2",  # Stability Matrix
    "kdpm2": "DPM2",  # SD.Next
    "kdpm2_a": "DPM2 a",
    "kdpm_2": "DPM2",  # InvokeAI
    "kdpm_2_a": "DPM2 a",
    "lmsd": "LMS",  # SD.Next
    "res-multistep_2m": "Res Multistep",
    "uni_pc": "UniPC",
    "uni_pc_bh2": "UniPC",
    "unipc_bh2": "UniPC",  # Stability Matrix
    "unipc_snr": "UniPC",  # Easy Diffusion
    "unipc_snr_2": "UniPC",
    "unipc_tq": "UniPC",
    "unipc_tu": "UniPC",
    "unipc_tu_2": "UniPC",
}
_SCHEDULES = {_normalize_schedule(label): label for label in _SCHEDULE_LABELS.split(", ")} | {
    "ays": "Align Your Steps",
    "ays_sd1": "Align Your Steps",
    "ays_sdxl": "Align Your Steps",
    "ddim_uniform": "DDIM",
    "discrete": "Normal",  # stable-diffusion.cpp
    "flow_match": "FlowMatchEulerDiscrete",
    "gits": "Align Your Steps GITS",
    "sd_turbo": "Turbo",
    "sgmuniform": "SGM Uniform",
}
# What `Automatic` means for a sampler; for the others it is `Normal`.
_AUTOMATIC = {
    **dict.fromkeys(("DPM2", "DPM2 a", "DPM++ 2M", "DPM++ 2S a", "DPM++ SDE"), "Karras"),
    **dict.fromkeys(("DPM++ 2M SDE", "DPM++ 2M SDE Heun", "DPM++ 3M SDE"), "Exponential"),
    "DDIM": "DDIM",
}
_SAME_SCHEDULES = {"Polyexponential": "Exponential", "Uniform": "Normal"}  # with A1111's rho, 1
_LONGEST_FIRST = sorted(_SCHEDULES, key=len, reverse=True)
# https://github.com/Acly/krita-ai-diffusion/blob/main/ai_diffusion/presets/samplers.json
_PRESETS = {
    "alternative - euler a": "euler_ancestral_normal",
    "creative - dpm++ 2m sde": "dpmpp_2m_sde_karras",
    "default - dpm++ 2m": "dpmpp_2m_karras",
    "euler beta": "euler_beta",
    "fast - unipc bh2": "uni_pc_bh2_gits",
    "flux - euler simple": "euler_simple",
    "flux - turbo": "euler_simple",
    "flux 2 - euler": "euler_flux2",
    "lightning merge - euler a uniform": "euler_ancestral_sgm_uniform",
    "realtime - hyper": "euler_sgm_uniform",
    "realtime - lcm": "lcm_sgm_uniform",
    "realtime - lightning": "euler_sgm_uniform",
    "res multistep simple": "res_multistep_simple",
    "sd3 - dpm++ 2m uniform": "dpmpp_2m_sgm_uniform",
    "turbo/lightning merge - dpm++ sde": "dpmpp_sde_karras",
}
# Draw Things' variants and stable-diffusion.cpp's schedules; no WebUI has them.
_SPACINGS = ("_substep", "_trailing", "_flux", "_lcm", "_logit_normal", "_ltx2", "_smoothstep")
_SHORT_SCHEDULES = {"k": "Karras"}  # InvokeAI's, at the end of a sampler's name


def translate_sampler(sampler: str, schedule: str = "") -> tuple[str, str]:
    """Return (sampler, schedule) under the WebUIs' names; unknown names are unchanged.

    A schedule at the end of the sampler's name (`DPM++ 2M Karras`) replaces `schedule`, as in the
    WebUIs. A preset of the Krita plugin (`Default - DPM++ 2M`) is translated to a sampler and a
    schedule.
    """
    name = _PRESETS.get(sampler.lower(), sampler)
    for candidate in (name, name.rpartition(" - ")[2]):
        stem, named_schedule = _split_schedule(candidate)
        if is_sampler(stem):
            label = _SAMPLERS[_normalize_sampler(stem)]
            return label, translate_schedule(named_schedule or schedule)
    stem, named_schedule = _split_schedule(name)
    return stem, translate_schedule(named_schedule or schedule)


def translate_schedule(name: str) -> str:
    """Return the WebUIs' name of a schedule; an unknown name is unchanged."""
    return _SCHEDULES.get(_normalize_schedule(name), name)


def resolve_schedule(sampler: str, schedule: str, default: str = "Normal") -> str:
    """Return one name for all schedules that have the same effect with a sampler.

    default: what `Automatic` means for a sampler without a schedule of its own.
    """
    if schedule.lower() in ("", "automatic", "default"):
        return _AUTOMATIC.get(sampler, default)
    return _SAME_SCHEDULES.get(schedule, schedule)


def is_sampler(name: str) -> bool:
    """Return whether any known program has a sampler of this name."""
    return _normalize_sampler(name) in _SAMPLERS


def is_schedule(name: str) -> bool:
    """Return whether any known program has a schedule of this name."""
    return _normalize_schedule(name) in _SCHEDULES


def _split_schedule(sampler: str) -> tuple[str, str]:
    if is_sampler(sampler):
        return sampler, ""
    normalized = _normalize_schedule(sampler)
    stem, _, last = normalized.rpartition("_")
    if last in _SHORT_SCHEDULES and is_sampler(stem):
        return stem, _SHORT_SCHEDULES[last]
    spacing = next(filter(normalized.endswith, _SPACINGS), "")
    if spacing and is_sampler(normalized.removesuffix(spacing)):
        return sampler[: -len(spacing)], ""
    for schedule in _LONGEST_FIRST:
        if normalized.endswith(f"_{schedule}"):
            return sampler[: -len(schedule) - 1], schedule
    return sampler, ""


_IN_COMFY = (
    "ddim ddpm deis dpm_adaptive dpm_fast dpmpp_2m dpmpp_2m_sde dpmpp_2m_sde_heun"
    " dpmpp_2s_ancestral dpmpp_3m_sde dpmpp_sde dpm_2 dpm_2_ancestral er_sde euler euler_ancestral"
    " heun heunpp2 ipndm ipndm_v lcm lms res_multistep uni_pc"
)
_SCHEDULES_IN_COMFY = (
    "beta ddim_uniform exponential kl_optimal karras linear_quadratic normal sgm_uniform simple"
)
# A1111's name: ComfyUI's.
COMFY_SAMPLERS = {translate_sampler(name)[0]: name for name in _IN_COMFY.split()}
COMFY_SCHEDULES = {translate_schedule(name): name for name in _SCHEDULES_IN_COMFY.split()}
