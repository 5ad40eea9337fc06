"""Samplers and schedules under the names of the WebUIs."""

import pytest
from civitai_manager_libs.infotext.samplers import is_sampler, translate_sampler

# sampler / schedule = their names
_NAMES = [
    *("euler / normal = Euler / Normal", "dpmpp_sde_gpu /  = DPM++ SDE / ", "ddim /  = DDIM / "),
    "dpmpp_2m_sde_gpu / sgm_uniform = DPM++ 2M SDE / SGM Uniform",
    *("dpmpp_3m_sde / exponential = DPM++ 3M SDE / Exponential", "euler_a /  = Euler a / "),
    *(
        "dpmpp_2s_ancestral / beta = DPM++ 2S a / Beta",
        "dpm_2_ancestral / simple = DPM2 a / Simple",
    ),
    *("uni_pc_bh2 / ddim_uniform = UniPC / DDIM", "lcm / kl_optimal = LCM / KL Optimal"),
    *("dpmpp_2m_karras /  = DPM++ 2M / Karras", "DPM adaptive /  = DPM adaptive / "),
    "DPM++ 2M SDE Exponential /  = DPM++ 2M SDE / Exponential",
    "DPM++ 2M SDE Heun Karras /  = DPM++ 2M SDE Heun / Karras",
    "DPM++ 2M SDE SGMUniform /  = DPM++ 2M SDE / SGM Uniform",
    *("DPM++ 2M Karras / Exponential = DPM++ 2M / Karras", "er_sde / beta = ER SDE / Beta"),
    *("Euler a / Automatic = Euler a / Automatic", "euler / flux2 = Euler / Flux2"),
    "res_multistep / linear_quadratic = Res Multistep / Linear Quadratic",
    "RES_MULTISTEP / bong_tangent = Res Multistep / Bong Tangent",
    "dpmpp_3m_sde_gpu / AYS SDXL = DPM++ 3M SDE / Align Your Steps",
    *("k_euler_ancestral / karras = Euler a / Karras", "dpmpp_2m_k /  = DPM++ 2M / Karras"),
    "k_dpmpp_2m_sde / exponential = DPM++ 2M SDE / Exponential",
    *("dpm++_sde / beta = DPM++ SDE / Beta", "Euler A /  = Euler a / ", " / karras =  / Karras"),
    *("euler_ancestral_ddim_uniform /  = Euler a / DDIM", "DPM++ SDE Substep /  = DPM++ SDE / "),
    *("sample_dpmpp_2m / normal = DPM++ 2M / Normal", "Euler - euler_a /  = Euler a / "),
    "DPM++ 2S Ancestral SGM Uniform /  = DPM++ 2S a / SGM Uniform",
    *("DPM++ 2M SDE GPU Karras /  = DPM++ 2M SDE / Karras", "Euler A Trailing /  = Euler a / "),
    *("Default - DPM++ 2M /  = DPM++ 2M / Karras", "dpmpp_2s_a / karras = DPM++ 2S a / Karras"),
    "Lightning Merge - Euler A Uniform /  = Euler a / SGM Uniform",
    "DPM++ 2M AYS /  = DPM++ 2M / Align Your Steps",
]


@pytest.mark.parametrize("row", _NAMES)
def test_sampler_gets_the_name_that_the_webuis_use(row):
    given, names = (tuple(side.split(" / ")) for side in row.split(" = "))
    assert translate_sampler(*given) == names


@pytest.mark.parametrize(
    "name", ["res_2s", "My Sampler", "Euler Dy", "karras", "multistep/res_2m"] + ["Mine - fast"]
)
def test_unknown_name_is_unchanged(name):
    assert translate_sampler(name, "beta57") == (name, "beta57")


def test_samplers_of_other_programs_are_recognised_and_other_words_are_none():
    for name in ("euler", "dpmpp_2m_sde_gpu", "res_multistep", "DPM++ 2M"):
        assert is_sampler(name)
    for name in ("karras", "enable", "", "k"):
        assert not is_sampler(name)
