"""The images that a WebUI saves: only what was generated is handed on."""

from __future__ import annotations

import os
import types

import pytest
from civitai_manager_libs import host
from PIL import Image

_INFOTEXT = "a sea\nSteps: 20, Sampler: Euler, Seed: 5"


@pytest.fixture
def save(webui):
    """save(filename, p, pnginfo) plays a WebUI that has saved an image; returns what we got."""
    registered, received = [], []
    webui.script_callbacks.on_image_saved = registered.append
    host.register_image_saved(lambda *arguments: received.append(arguments))
    (callback,) = registered

    def save(filename="outputs/00001-5.png", p=object(), pnginfo=None):
        image = Image.new("RGB", (8, 8))
        pnginfo = {"parameters": _INFOTEXT} if pnginfo is None else pnginfo
        callback(types.SimpleNamespace(image=image, p=p, filename=filename, pnginfo=pnginfo))
        return received

    return save


def test_generated_image_is_reported_with_its_absolute_path(save):
    [(image, path, infotext)] = save()
    assert image.size == (8, 8) and infotext == _INFOTEXT
    assert path == os.path.abspath("outputs/00001-5.png")


@pytest.mark.parametrize(
    "options",
    [
        {"p": None},
        {"pnginfo": {}},
        {"pnginfo": {"extras": _INFOTEXT}},
        {"pnginfo": {"parameters": None}},
        {"filename": "outputs/grid-0003.png"},
        {"filename": "outputs/xyz_grid-0003-5-a sea.jpg"},
        {"filename": "outputs/00001-5-before-highres-fix.png"},
        {"filename": "outputs/00001-5-mask-composite.png"},
        {"filename": "outputs/00001-5-ad-before.png"},
        {"filename": "outputs/00001-5-ad-preview-2.png"},
    ],
    ids="extras no-text other-section none grid plot before-hires mask adetailer preview".split(),
)
def test_grids_masks_and_previews_are_not_reported(save, options):
    assert save(**options) == []


@pytest.mark.parametrize("name", ["00001-5-a grid-like floor.png", "gridlock.webp", "mask.png"])
def test_image_with_a_similar_name_is_reported(save, name):
    assert len(save(filename=name)) == 1
