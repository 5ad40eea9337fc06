"""Sampler and schedule names as AUTOMATIC1111 1.9 and later and Forge know them. Pure."""

from __future__ import annotations

__all__ = ["sampler_names"]

_SAMPLERS = {  # ComfyUI's name: A1111's
    "ddim": "DDIM",
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
    "dpmpp_3m_sde": "DPM++ 3M SDE",
    "dpmpp_sde": "DPM++ SDE",
    "euler": "Euler",
    "euler_ancestral": "Euler a",
    "heun": "Heun",
    "heunpp2": "HeunPP2",
    "ipndm": "IPNDM",
    "ipndm_v": "IPNDM_V",
    "lcm": "LCM",
    "lms": "LMS",
    "plms": "PLMS",
    "restart": "Restart",
    "uni_pc": "UniPC",
    "uni_pc_bh2": "UniPC",
}
_SCHEDULES = {
    "align_your_steps": "Align Your Steps",
    "automatic": "Automatic",
    "beta": "Beta",
    "ddim": "DDIM",
    "ddim_uniform": "DDIM",
    "exponential": "Exponential",
    "karras": "Karras",
    "kl_optimal": "KL Optimal",
    "normal": "Normal",
    "polyexponential": "Polyexponential",
    "sgm_uniform": "SGM Uniform",
    "sgmuniform": "SGM Uniform",
    "simple": "Simple",
    "turbo": "Turbo",
    "uniform": "Uniform",
}
_SAMPLERS.update({label.lower(): label for label in _SAMPLERS.values()})
_SCHEDULES.update({label.lower(): label for label in _SCHEDULES.values()})


def sampler_names(sampler: str, schedule: str = "") -> tuple[str, str]:
    """Sampler and schedule by A1111's names; unknown ones stay as they are.

    A schedule within the sampler's name (`DPM++ 2M Karras`, A1111 before 1.9) wins over
    `schedule`, as it does in the WebUIs.
    """
    sampler, within = _split(sampler)
    sampler = _SAMPLERS.get(sampler.lower().removesuffix("_gpu"), sampler)
    schedule = within or schedule
    return sampler, _SCHEDULES.get(schedule.lower(), schedule)


def _split(sampler: str) -> tuple[str, str]:
    lowered = sampler.lower()
    if lowered in _SAMPLERS:
        return sampler, ""
    for schedule in sorted(_SCHEDULES, key=len, reverse=True):
        if lowered.endswith((f" {schedule}", f"_{schedule}")):
            return sampler[: -len(schedule) - 1], schedule
    return sampler, ""
