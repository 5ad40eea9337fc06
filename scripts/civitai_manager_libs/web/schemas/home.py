"""The JSON of the home page, which is shown while no gallery is open."""

from __future__ import annotations

from typing_extensions import TypedDict

from ...library import Collection, ImageSet


class RecentGallery(TypedDict):
    """The gallery of a model or an author that the user has opened.

    model: the model's id, None for an author's gallery. user: the author, "" for a model's gallery.
    cover: the id of the newest stored image that may be shown without blur, None for none.
    """

    name: str
    model: int | None
    user: str
    cover: int | None


class LocalModel(TypedDict):
    """A model file on the server's disk.

    key: an id of the file. name, version_name: the model's and version's names on Civitai, "" if
    unknown. model, version: their ids, None if unknown. preview: a number that changes with the
    image at `local_models/{key}/preview`, 0 for no image. cover: the id of an example image if
    there is no preview. search_words: words by which to search for an unknown model. can_resolve:
    whether `local_models/{key}` may find out more from Civitai.
    """

    key: int
    file: str
    kind: str
    name: str
    version_name: str
    model: int | None
    version: int | None
    preview: int
    cover: int | None
    search_words: str
    can_resolve: bool


class LocalModels(TypedDict):
    """A part of the model files on this machine. count: the number of all files.

    Files with a known hash or Civitai id come first; within both groups, the most recently changed.
    """

    models: list[LocalModel]
    count: int


class Home(TypedDict):
    """What the home page shows.

    watch_covers: {a watched gallery's key: id of its newest image that may be shown without blur}.
    favourites, library: their numbers of images and covers. download_count: number of images ever
    downloaded.
    """

    recent: list[RecentGallery]
    watch_covers: dict[str, int]
    local_models: LocalModels
    collections: list[Collection]
    favourites: ImageSet
    library: ImageSet
    download_count: int
