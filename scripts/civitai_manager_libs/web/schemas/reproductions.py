"""The JSON of reproductions: images made here from a Civitai image's data."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict


class Comparison(TypedDict):
    """A reproduction compared with its original, the image that the infotext came from.

    nearness: how similar the images look, "" if not measured. ssim: structural similarity, 1 for
    equal images, None if not measured. summary: the similarity and its figures in a sentence.
    differences: a line for each difference of the infotexts, the likeliest cause first. infotext,
    prompt, negative, parameters: the reproduction's.
    """

    nearness: Literal["same", "near", "different", ""]
    ssim: float | None
    summary: str
    differences: list[str]
    infotext: str
    prompt: str
    negative: str
    parameters: list[tuple[str, str]]
    width: int
    height: int


class ReproductionView(Comparison):
    """A stored reproduction: an image that the user generated from an image's infotext.

    file: "here" if its file can be shown, "gone" if it was deleted, "thumbnail" if only a small
    image was stored. name: the file's name. path: the file's path, or only its name for users who
    may not change the settings; "" if the file was never on this machine. is_edited: the prompt was
    edited after it was sent.
    """

    id: int
    file: Literal["here", "gone", "thumbnail"]
    name: str
    path: str
    made_at: str
    is_edited: bool


class ReproductionIds(TypedDict):
    ids: list[int]
