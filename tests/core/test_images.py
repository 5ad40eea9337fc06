"""Browsing levels, URLs of other sizes, and names of cache files."""

import os

import pytest
from civitai_manager_libs.core import images
from civitai_manager_libs.core.images import cache_file_name, Image, level_mask, level_name
from civitai_manager_libs.core.images import resize_url
from hypothesis import given, strategies as st

ACCOUNT = "https://image.civitai.com/xG1nkqKTMzGDvpLrqFT7WA"
UUID = "3f0c1a52-7b1e-4c0d-9a55-0d5b7f6a1e01"
OTHER_UUID = "6a2d9e70-11c4-4b9f-8d27-7c1be4a90002"
ORIGINAL = f"{ACCOUNT}/{UUID}/original=true/{UUID}.jpeg"
VIDEO = f"{ACCOUNT}/{UUID}/original=true/{UUID}.mp4"


@pytest.mark.parametrize(
    ("name", "mask"), [("None", 1), ("Soft", 3), ("Mature", 7), ("X", 15), ("XXX", 31)]
)
def test_level_mask_has_the_level_and_all_lower_ones(name, mask):
    assert level_mask(name) == mask
    assert level_name(mask) == name
    assert [level_name(unknown) for unknown in (0, 32, -(2**40))] == ["XXX"] * 3


_OTHER_FORMS = ["https://example.com/picture.png", "http://[broken/width=450", ""]
_OTHER_FORMS += [f"https://image-b2.civitai.com/file/civitai-media-cache/{UUID}/original"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        *[
            (f"{at}{old}{end}", f"{at}/width=450{end}")
            for at, old, end in [
                (f"{ACCOUNT}/{UUID}", "/original=true", f"/{UUID}.jpeg"),
                (f"{ACCOUNT}/{UUID}", "/anim=false,width=96", "/89900001.jpeg"),
                (f"{ACCOUNT}/{UUID}", "", "/89900001.jpeg"),
                (f"{ACCOUNT}/{UUID}", "", ""),
                (f"{ACCOUNT}/{UUID}", "/original=true", f"/{UUID}.jpeg?v=1#top"),
                (f"http://127.0.0.1:9/a/{UUID}", "/original=true", "/x.png"),
            ]
        ],
        *[(url, url) for url in _OTHER_FORMS],
    ],
)
def test_size_follows_the_uuid_in_a_url(url, expected):
    assert resize_url(url, "width=450") == expected


def test_thumbnail_is_450_pixels_wide_and_a_still_of_a_video():
    url = images.thumbnail_url(Image(1, ORIGINAL))
    assert url == ORIGINAL.replace("original=true", "width=450")
    url = images.thumbnail_url(Image(1, VIDEO, type="video"))
    assert f"/{UUID}/anim=false,transcode=true,width=450,original=false/{UUID}.mp4" in url


_MOVED = f"https://imagecache.civitai.com/old/{UUID}/original=true/my picture.jpeg?x=1"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        *[(url, "original.jpeg") for url in (ORIGINAL, _MOVED)],
        (ORIGINAL.upper().replace("ORIGINAL=TRUE", "original=true"), "original.jpeg"),
        (resize_url(ORIGINAL, "width=450"), "450.jpeg"),
        (resize_url(ORIGINAL, "original=true,quality=100"), "original.jpeg"),
        (resize_url(ORIGINAL, "height=300"), "height-300.jpeg"),
        *[(f"{ACCOUNT}/{UUID}", "original.img"), (VIDEO, "original.mp4")],
        (images.thumbnail_url(Image(1, VIDEO, type="video")), "450-poster.jpeg"),
    ],
)
def test_cache_name_has_uuid_and_size(url, expected):
    assert cache_file_name(url) == f"{UUID}-{expected}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ORIGINAL, ORIGINAL.replace(UUID, OTHER_UUID)),
        (ORIGINAL, resize_url(ORIGINAL, "width=450")),
        ("https://example.com/a/1.png", "https://example.com/b/1.png"),
        ("https://example.com/show.png?id=1", "https://example.com/show.png?id=2"),
        ("https://example.com/width=450/1.png", "https://example.com/original=true/1.png"),
    ],
    ids=["uuid", "size", "folder", "query", "size-without-uuid"],
)
def test_different_images_have_different_cache_names(one, other):
    assert cache_file_name(one) != cache_file_name(other)


@pytest.mark.parametrize("extension", ["html", "svg", "js", "exe", "php", "htm", "xhtml"])
def test_cache_name_never_has_the_extension_of_a_document(extension):
    assert cache_file_name(f"https://example.com/x.{extension}").endswith(".img")
    assert cache_file_name(f"{ACCOUNT}/{UUID}/original=true/x.{extension}").endswith(".img")


_PIECES = st.sampled_from([ACCOUNT, UUID, "/", "..", "width=", "original=true", ".jpeg", "?", "#"])


@given(st.lists(_PIECES | st.text(max_size=300), max_size=12).map("".join))
def test_cache_name_of_any_text_is_a_short_safe_file_name(text):
    name = cache_file_name(resize_url(text, "width=450"))
    assert name == os.path.basename(name)
    assert name.isascii() and name.isprintable() and len(name) < 150
    assert not set(name) & set('<>:"/\\|?*') and not name.startswith(".")
