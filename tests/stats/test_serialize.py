"""The search query of a bar."""

from __future__ import annotations

import pytest
from civitai_manager_libs.library.stats import build_search_query


@pytest.mark.parametrize(
    "kind, value, expected",
    [
        ("word", "golden hour", '"golden hour"'),
        ("word", "a:b -c", '"a:b -c"'),
        ("negative", "blurry", 'negative:"blurry"'),
        ("sampler", "DPM++ 2M", 'sampler="DPM++ 2M"'),
        ("schedule", "Karras", 'schedule="Karras"'),
        ("steps", "30", "steps=30"),
        ("cfg", "4.5", "cfg=4.5"),
        ("clip", "2", "clip=2"),
        ("size", "832x1216", 'size="832x1216"'),
        ("upscale", "1.5", "hires=1.5"),
        ("lora", "Ink & Wash", 'lora:"Ink & Wash"'),
        ("lora", 'a "quoted" name', 'lora:"quoted"'),
        ("checkpoint", "ponyPlain_v6", 'model:"ponyPlain_v6"'),
        ("embedding", "EasyNegative", 'embedding:"EasyNegative"'),
    ],
)
def test_bar_gives_a_search_query(kind, value, expected):
    assert build_search_query(kind, value, value) == expected


def test_own_version_is_searched_by_its_name():
    assert build_search_query("lora", "#72", "Ink v2", is_model_version=True) == 'model:"Ink v2"'
    assert build_search_query("lora", "#72", "#72", is_model_version=True) == ""
