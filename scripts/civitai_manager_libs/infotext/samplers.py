"""Sampler and schedule names as A1111 1.9 and later and the Forges know them. Pure."""

from __future__ import annotations

__all__ = ["is_sampler", "sampler_names"]

_SAMPLERS = {  # another program's name: the hosts'
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
    "ays sd1": "Align Your Steps",
    "ays sdxl": "Align Your Steps",
    "beta": "Beta",
    "bong_tangent": "Bong Tangent",
    "ddim": "DDIM",
    "ddim_uniform": "DDIM",
    "exponential": "Exponential",
    "flow_match": "FlowMatchEulerDiscrete",
    "flux2": "Flux2",
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
    "turbo": "Turbo",
    "uniform": "Uniform",
}
_SAMPLERS.update({label.lower(): label for label in _SAMPLERS.values()})
_SCHEDULES.update({label.lower(): label for label in _SCHEDULES.values()})
_SHORT_SCHEDULES = {"k": "Karras"}  # InvokeAI's, only at the end of a sampler's name


def sampler_names(sampler: str, schedule: str = "") -> tuple[str, str]:
    """Sampler and schedule by the hosts' names; unknown ones stay as they are.

    A schedule within the sampler's name (`DPM++ 2M Karras`, A1111 before 1.9) wins over
    `schedule`, as it does in the WebUIs.
    """
    sampler, within = _split(sampler)
    sampler = _SAMPLERS.get(_key(sampler), sampler)
    schedule = within or schedule
    return sampler, _SCHEDULES.get(schedule.lower(), schedule)


def is_sampler(name: str) -> bool:
    """Whether a program among the known ones has a sampler of this name."""
    return _key(name) in _SAMPLERS


def _key(sampler: str) -> str:
    return sampler.lower().removesuffix("_gpu")


def _split(sampler: str) -> tuple[str, str]:
    lowered = sampler.lower()
    if lowered in _SAMPLERS:
        return sampler, ""
    stem, _, last = lowered.rpartition("_")
    if last in _SHORT_SCHEDULES and stem in _SAMPLERS:
        return stem, _SHORT_SCHEDULES[last]
    for schedule in sorted(_SCHEDULES, key=len, reverse=True):
        if lowered.endswith((f" {schedule}", f"_{schedule}")):
            return sampler[: -len(schedule) - 1], schedule
    return sampler, ""
