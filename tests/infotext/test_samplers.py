"""Samplers and schedules under the names of the WebUIs."""

from __future__ import annotations

import pytest
from civitai_manager_libs.infotext.samplers import is_sampler, translate_sampler


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (("euler", "normal"), ("Euler", "Normal")),
        (("dpmpp_2m_sde_gpu", "sgm_uniform"), ("DPM++ 2M SDE", "SGM Uniform")),
        (("dpmpp_sde_gpu", ""), ("DPM++ SDE", "")),
        (("dpmpp_3m_sde", "exponential"), ("DPM++ 3M SDE", "Exponential")),
        (("dpmpp_2s_ancestral", "beta"), ("DPM++ 2S a", "Beta")),
        (("dpm_2_ancestral", "simple"), ("DPM2 a", "Simple")),
        (("uni_pc_bh2", "ddim_uniform"), ("UniPC", "DDIM")),
        (("lcm", "kl_optimal"), ("LCM", "KL Optimal")),
        (("ddim", ""), ("DDIM", "")),
        (("dpmpp_2m_karras", ""), ("DPM++ 2M", "Karras")),
        (("DPM++ 2M SDE Exponential", ""), ("DPM++ 2M SDE", "Exponential")),
        (("DPM++ 2M SDE Heun Karras", ""), ("DPM++ 2M SDE Heun", "Karras")),
        (("DPM++ 2M SDE SGMUniform", ""), ("DPM++ 2M SDE", "SGM Uniform")),
        (("DPM++ 2M Karras", "Exponential"), ("DPM++ 2M", "Karras")),
        (("Euler a", "Automatic"), ("Euler a", "Automatic")),
        (("DPM adaptive", ""), ("DPM adaptive", "")),
        (("er_sde", "beta"), ("ER SDE", "Beta")),
        (("res_multistep", "linear_quadratic"), ("Res Multistep", "Linear Quadratic")),
        (("RES_MULTISTEP", "bong_tangent"), ("Res Multistep", "Bong Tangent")),
        (("dpmpp_3m_sde_gpu", "AYS SDXL"), ("DPM++ 3M SDE", "Align Your Steps")),
        (("euler", "flux2"), ("Euler", "Flux2")),
        (("k_euler_ancestral", "karras"), ("Euler a", "Karras")),
        (("k_dpmpp_2m_sde", "exponential"), ("DPM++ 2M SDE", "Exponential")),
        (("dpmpp_2m_k", ""), ("DPM++ 2M", "Karras")),
        (("dpm++_sde", "beta"), ("DPM++ SDE", "Beta")),
        (("euler_a", ""), ("Euler a", "")),
        (("Euler A", ""), ("Euler a", "")),
        (("euler_ancestral_ddim_uniform", ""), ("Euler a", "DDIM")),
        (("sample_dpmpp_2m", "normal"), ("DPM++ 2M", "Normal")),
        (("DPM++ 2S Ancestral SGM Uniform", ""), ("DPM++ 2S a", "SGM Uniform")),
        (("DPM++ 2M SDE GPU Karras", ""), ("DPM++ 2M SDE", "Karras")),
        (("Default - DPM++ 2M", ""), ("DPM++ 2M", "Karras")),
        (("Lightning Merge - Euler A Uniform", ""), ("Euler a", "SGM Uniform")),
        (("Euler - euler_a", ""), ("Euler a", "")),
        (("DPM++ 2M AYS", ""), ("DPM++ 2M", "Align Your Steps")),
        (("Euler A Trailing", ""), ("Euler a", "")),
        (("DPM++ SDE Substep", ""), ("DPM++ SDE", "")),
        (("dpmpp_2s_a", "karras"), ("DPM++ 2S a", "Karras")),
        (("", "karras"), ("", "Karras")),
    ],
    ids=str,
)
def test_sampler_gets_the_name_that_the_webuis_use(given, names):
    assert translate_sampler(*given) == names


@pytest.mark.parametrize(
    "name",
    ["res_2s", "My Sampler", "Euler Dy", "karras", "multistep/res_2m"] + ["Mine - fast"],
)
def test_unknown_name_is_unchanged(name):
    assert translate_sampler(name, "beta57") == (name, "beta57")


@pytest.mark.parametrize("name", ["euler", "dpmpp_2m_sde_gpu", "res_multistep", "DPM++ 2M"])
def test_samplers_of_other_programs_are_recognised(name):
    assert is_sampler(name)


@pytest.mark.parametrize("name", ["karras", "enable", "", "k"])
def test_other_words_are_not_samplers(name):
    assert not is_sampler(name)
