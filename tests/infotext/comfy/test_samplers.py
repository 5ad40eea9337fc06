"""The samplers of a ComfyUI graph that start an image."""

from __future__ import annotations

from cases import each_case
from civitai_manager_libs.infotext.comfy.sampling import find_first_samplers


@each_case(__file__, "first_sampler_has_no_sampler_upstream")
def test_first_sampler_has_no_sampler_upstream(nodes, first):
    expected = [first] if first else []
    assert find_first_samplers(nodes) == expected
    assert find_first_samplers(dict(reversed(nodes.items()))) == expected
