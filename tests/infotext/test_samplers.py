"""Samplers and schedules under the names of the WebUIs."""

import pytest
from cases import each_case
from civitai_manager_libs.infotext.samplers import is_sampler, translate_sampler


@each_case(__file__, "sampler_gets_the_name_that_the_webuis_use")
def test_sampler_gets_the_name_that_the_webuis_use(given, names):
    assert [*translate_sampler(*given)] == names


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
