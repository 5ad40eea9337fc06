"""The JSON of the library: annotations, collections, searches and statistics."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from ...library import Collection, HiddenRule, Suggestion
from .images import Annotations, GalleryQuery


class CollectionBody(TypedDict, total=False):
    """A change of a collection. new_name: for `rename`. ids: the first images, for `create`."""

    action: Literal["create", "rename", "delete"]
    name: str
    new_name: str
    ids: list[int]


class CollectionsChanged(TypedDict):
    """All collections after a change.

    removed_ids: the images that were in a deleted collection, [] after another change.
    """

    collections: list[Collection]
    removed_ids: list[int]


class AnnotationsChange(TypedDict):
    """A change of images' annotations.

    annotations, previous: the annotations after and before the change, by image id.
    """

    annotations: dict[str, Annotations]
    previous: dict[str, Annotations]


class IdsBody(TypedDict):
    ids: list[int]


class AnnotationsBody(TypedDict, total=False):
    """What to change about images; a missing field changes nothing.

    tags: replace all tags. add_to, remove_from: names of collections. undo: the response to an
    earlier change that is to be undone; all other fields are then ignored.
    """

    ids: list[int]
    favourite: bool
    stars: int
    note: str
    tags: list[str]
    add_tags: list[str]
    remove_tags: list[str]
    add_to: str
    remove_from: str
    undo: AnnotationsChange


class AnnotationsRead(TypedDict):
    """The annotations of images by image id; images without any are left out.

    revision: a number that grows with each change of annotations and collections.
    """

    annotations: dict[str, Annotations]
    revision: int


class AnnotationsChanged(AnnotationsChange):
    """A change of annotations, and its revision: a number that grows with each change."""

    revision: int


class HiddenBody(TypedDict):
    """A rule that hides images, to be added ("hide") or removed ("unhide").

    text: the author's name or the word. ids: the images that the page has loaded.
    """

    action: Literal["hide", "unhide"]
    kind: Literal["author", "word"]
    text: str
    ids: list[int]


class HiddenChanged(TypedDict):
    """All rules that hide images after a change. hidden_ids: the loaded images that they hide."""

    rules: list[HiddenRule]
    hidden_ids: list[int]


class Imported(TypedDict):
    image_count: int
    collection_count: int
    message: str


class MonthCount(TypedDict):
    """A month, such as 2025-03, and how many images of it are in the library."""

    month: str
    count: int


class SearchCount(TypedDict):
    """How many images match. is_more: counting stopped early, so there may be more matches."""

    count: int
    is_more: bool


class SearchPreviewBody(TypedDict, total=False):
    """A search as the user has typed it so far.

    word: the part of `text` to complete. ids: the images that the page has loaded. where: the open
    gallery.
    """

    text: str
    word: str
    ids: list[int]
    where: GalleryQuery


class SearchPreview(TypedDict):
    """What a search would find in each place, without a request to Civitai.

    suggestions: completions of the word. authors: names in the library that begin with the text.
    loaded, gallery, library: matches among the loaded images, in the open gallery (None if none is
    open) and in the whole library. kind: "keys" if the search has a `key:value`, "words" for plain
    words only, "nothing" if it is empty. message: which parts are ignored, and why; or "".
    """

    suggestions: list[Suggestion]
    authors: list[Suggestion]
    loaded: int
    gallery: SearchCount | None
    library: SearchCount
    kind: Literal["nothing", "words", "keys"]
    message: str


class LoadedFilterBody(TypedDict, total=False):
    """Words to search for among images that the page has loaded. model: the open model's id."""

    ids: list[int]
    words: str
    model: int | None


class LoadedFilterResult(TypedDict):
    """The loaded images that match a search. ids: their ids.

    message: which parts of the search are ignored, and why; or "".
    """

    ids: list[int]
    message: str


class StatsCount(TypedDict):
    """A value and how many images have it.

    share: `count` divided by the number of images with generation data, 0 to 1.
    """

    value: str
    label: str
    count: int
    share: float


class StatsBarView(StatsCount):
    """A value with its count and further statistics of the images that have it.

    reactions: the median number of reactions to these images. weight, low, high: the most common,
    lowest and highest weight of a LoRA, "" if unknown. is_model_version: whether the value is a
    version of the open model. search: the search that finds these images, "" if there is none.
    """

    reactions: float
    weight: str
    low: str
    high: str
    is_model_version: bool
    search: str


class StatsGroup(TypedDict):
    kind: str
    bars: list[StatsBarView]


class VersionStats(TypedDict):
    """The statistics of one model version's images.

    with_data: number of images with generation data. reactions: the median number of reactions to
    these images. most: the most common value of each kind, such as the sampler, by kind.
    """

    id: int
    name: str
    image_count: int
    with_data: int
    reactions: float
    most: dict[str, StatsCount]


class Stats(TypedDict):
    """What a gallery's images have in common.

    image_count: number of images in the library. with_data: how many of them have generation data.
    reactions: the median number of reactions to images with generation data. recipe: an infotext of
    the most common values, or ""; settings: its parameters.
    """

    image_count: int
    with_data: int
    reactions: float
    recipe: str
    settings: list[tuple[str, str]]
    groups: list[StatsGroup]
    versions: list[VersionStats]
