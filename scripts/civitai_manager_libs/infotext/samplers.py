"""The names of samplers and schedules in A1111 1.9 and later and in the Forges. Pure."""

from __future__ import annotations

__all__ = ["is_sampler", "is_schedule", "translate_sampler", "translate_schedule"]

_SAMPLERS = {  # another program's name, in lower case: the WebUIs' name
    "ddim": "DDIM",
    "ddim_cfgpp": "DDIM CFG++",
    "ddpm": "DDPM",
    "deis": "DEIS",
    "dpm_2": "DPM2",
    "dpm_2_ancestral": "DPM2 a",
    "dpm_adaptive": "DPM adaptive",
    "dpm_fast": "DPM fast",
    "dpmpp_2m": "DPM++ 2M",
    "dpmpp_2m_sde": "DPM++ 2M SDE",
    "dpmpp_2m_sde_heun": "DPM++ 2M SDE Heun",
    "dpmpp_2s_ancestral": "DPM++ 2S a",
    "dpmpp_2s_ancestral_rf": "DPM++ 2s a RF",
    "dpmpp_3m_sde": "DPM++ 3M SDE",
    "dpmpp_sde": "DPM++ SDE",
    "er_sde": "ER SDE",
    "er-sde": "ER SDE",
    "euler": "Euler",
    "euler_ancestral": "Euler a",
    "euler ancestral": "Euler a",
    "euler_smea_dy": "Euler SMEA Dy",
    "heun": "Heun",
    "heunpp2": "HeunPP2",
    "ipndm": "IPNDM",
    "ipndm_v": "IPNDM_V",
    "kohaku_lonyu_yog": "Kohaku LoNyu Yog",
    "lcm": "LCM",
    "lms": "LMS",
    "plms": "PLMS",
    "res_multistep": "Res Multistep",
    "restart": "Restart",
    "uni_pc": "UniPC",
    "uni_pc_bh2": "UniPC",
    "unipc": "UniPC",
    # InvokeAI
    "dpmpp_2s": "DPM++ 2S a",
    "euler_a": "Euler a",
    "kdpm_2": "DPM2",
    "kdpm_2_a": "DPM2 a",
    # Easy Diffusion
    "dpm2": "DPM2",
    "dpm2_a": "DPM2 a",
    "dpm_2_a": "DPM2 a",
    "dpmpp_2s_a": "DPM++ 2S a",
    "unipc_snr": "UniPC",
    "unipc_snr_2": "UniPC",
    "unipc_tq": "UniPC",
    "unipc_tu": "UniPC",
    "unipc_tu_2": "UniPC",
    # Stability Matrix
    "dpm 2": "DPM2",
    "dpm 2 ancestral": "DPM2 a",
    "dpm++ 2s ancestral": "DPM++ 2S a",
    "heun++ 2": "HeunPP2",
    "unipc bh2": "UniPC",
    # NovelAI
    "ddim_v3": "DDIM",
    "k_dpm_2": "DPM2",
    "k_dpm_2_ancestral": "DPM2 a",
    "k_dpm_fast": "DPM fast",
    "k_dpmpp_2m": "DPM++ 2M",
    "k_dpmpp_2m_sde": "DPM++ 2M SDE",
    "k_dpmpp_2s_ancestral": "DPM++ 2S a",
    "k_dpmpp_sde": "DPM++ SDE",
    "k_euler": "Euler",
    "k_euler_ancestral": "Euler a",
    "k_heun": "Heun",
    "k_lms": "LMS",
}
_SCHEDULES = {
    "align_your_steps": "Align Your Steps",
    "align_your_steps_11": "Align Your Steps 11",
    "align_your_steps_32": "Align Your Steps 32",
    "align_your_steps_gits": "Align Your Steps GITS",
    "automatic": "Automatic",
    "ays": "Align Your Steps",
    "ays sd1": "Align Your Steps",
    "ays sdxl": "Align Your Steps",
    "beta": "Beta",
    "bong_tangent": "Bong Tangent",
    "ddim": "DDIM",
    "ddim uniform": "DDIM",
    "ddim_uniform": "DDIM",
    "exponential": "Exponential",
    "flow_match": "FlowMatchEulerDiscrete",
    "flux2": "Flux2",
    "gits": "Align Your Steps GITS",
    "karras": "Karras",
    "kl_optimal": "KL Optimal",
    "laplace": "Laplace",
    "linear_quadratic": "Linear Quadratic",
    "normal": "Normal",
    "phi": "Phi",
    "polyexponential": "Polyexponential",
    "sgm_uniform": "SGM Uniform",
    "sgmuniform": "SGM Uniform",
    "simple": "Simple",
    "sd turbo": "Turbo",
    "sd_turbo": "Turbo",
    "turbo": "Turbo",
    "uniform": "Uniform",
}
_SAMPLERS.update({label.lower(): label for label in _SAMPLERS.values()})
_SCHEDULES.update({label.lower(): label for label in _SCHEDULES.values()})
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
_SPACINGS = (" substep", " trailing")  # Draw Things' variants; no WebUI has them
_SHORT_SCHEDULES = {"k": "Karras"}  # InvokeAI's, at the end of a sampler's name


def translate_sampler(sampler: str, schedule: str = "") -> tuple[str, str]:
    """Return the sampler and the schedule under the WebUIs' names; unknown names are unchanged.

    A schedule within the sampler's name (`DPM++ 2M Karras`, A1111 before 1.9) wins over
    `schedule`, as in the WebUIs. A Krita preset (`Default - DPM++ 2M`) determines both; of a
    user's own preset (`Mine - euler_a`) the last part is read.
    """
    name = _PRESETS.get(sampler.lower(), sampler)
    for candidate in (name, name.rpartition(" - ")[2]):
        stem, named_schedule = _split_schedule(candidate)
        if is_sampler(stem):
            return _SAMPLERS[_normalize_sampler(stem)], translate_schedule(
                named_schedule or schedule
            )
    stem, named_schedule = _split_schedule(name)
    return stem, translate_schedule(named_schedule or schedule)


def translate_schedule(name: str) -> str:
    """Return a schedule under the WebUIs' name; an unknown name is unchanged."""
    return _SCHEDULES.get(name.lower(), name)


def is_sampler(name: str) -> bool:
    """Return whether a known program has a sampler of this name."""
    return _normalize_sampler(name) in _SAMPLERS


def is_schedule(name: str) -> bool:
    """Return whether a known program has a schedule of this name."""
    return name.lower() in _SCHEDULES


def _normalize_sampler(sampler: str) -> str:
    return sampler.lower().removesuffix("_gpu").removesuffix(" gpu").removeprefix("sample_")


def _split_schedule(sampler: str) -> tuple[str, str]:
    """Return a sampler's name without the schedule at its end, and that schedule, "" for none."""
    lowered = sampler.lower()
    if lowered in _SAMPLERS:
        return sampler, ""
    stem, _, last = lowered.rpartition("_")
    if last in _SHORT_SCHEDULES and stem in _SAMPLERS:
        return stem, _SHORT_SCHEDULES[last]
    spacing = next(filter(lowered.endswith, _SPACINGS), "")
    if spacing and lowered.removesuffix(spacing) in _SAMPLERS:
        return sampler[: -len(spacing)], ""
    for schedule in _LONGEST_FIRST:
        if lowered.endswith((f" {schedule}", f"_{schedule}")):
            return sampler[: -len(schedule) - 1], schedule
    return sampler, ""
