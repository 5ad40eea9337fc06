"""gallery/samplers.py: sampler and schedule by the names of the WebUIs."""

from __future__ import annotations

import pytest
from civitai_manager_libs.infotext.samplers import sampler_names


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (("euler", "normal"), ("Euler", "Normal")),
        (("euler_ancestral", "karras"), ("Euler a", "Karras")),
        (("dpmpp_2m", "karras"), ("DPM++ 2M", "Karras")),
        (("dpmpp_2m_sde_gpu", "sgm_uniform"), ("DPM++ 2M SDE", "SGM Uniform")),
        (("dpmpp_sde_gpu", ""), ("DPM++ SDE", "")),
        (("dpmpp_3m_sde", "exponential"), ("DPM++ 3M SDE", "Exponential")),
        (("dpmpp_2s_ancestral", "beta"), ("DPM++ 2S a", "Beta")),
        (("dpm_2_ancestral", "simple"), ("DPM2 a", "Simple")),
        (("uni_pc_bh2", "ddim_uniform"), ("UniPC", "DDIM")),
        (("lcm", "kl_optimal"), ("LCM", "KL Optimal")),
        (("ddim", ""), ("DDIM", "")),
        (("dpmpp_2m_karras", ""), ("DPM++ 2M", "Karras")),
        (("DPM++ 2M Karras", ""), ("DPM++ 2M", "Karras")),
        (("DPM++ 2M SDE Exponential", ""), ("DPM++ 2M SDE", "Exponential")),
        (("DPM++ 2M SDE Heun Karras", ""), ("DPM++ 2M SDE Heun", "Karras")),
        (("DPM++ 2M SDE SGMUniform", ""), ("DPM++ 2M SDE", "SGM Uniform")),
        (("DPM2 a Karras", ""), ("DPM2 a", "Karras")),
        (("DPM++ 2M Karras", "Exponential"), ("DPM++ 2M", "Karras")),
        (("DPM++ 2M", "Karras"), ("DPM++ 2M", "Karras")),
        (("Euler a", "Automatic"), ("Euler a", "Automatic")),
        (("DPM adaptive", ""), ("DPM adaptive", "")),
        (("", "karras"), ("", "Karras")),
        (("", ""), ("", "")),
    ],
    ids=str,
)
def test_a_name_becomes_what_a_webui_calls_it(given, names):
    assert sampler_names(*given) == names


@pytest.mark.parametrize("name", ["res_2s", "My Sampler", "Euler Dy", "karras"])
def test_an_unknown_name_stays_as_it_is(name):
    assert sampler_names(name, "beta57") == (name, "beta57")
