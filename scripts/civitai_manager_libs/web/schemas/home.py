"""The JSON of the home page, which is shown while no gallery is open."""

from __future__ import annotations

from typing_extensions import TypedDict

from ...library import Collection, ImageSet


class RecentGallery(TypedDict):
    """The gallery of a model or an author that the user has opened.

    model: the model's id, None for an author's gallery. user: the author, "" for a model's gallery.
    cover: the id of the gallery's newest known image, None if none may be shown.
    """

    name: str
    model: int | None
    user: str
    cover: int | None


class LocalModel(TypedDict):
    """A model file on the server's disk.

    key: an id of the file. name, version_name: those on Civitai, "" if unknown. model, version: ids
    on Civitai, None if unknown. preview: a version number of the preview image, which is at
    `local_models/{key}/preview`; 0 if there is none. cover: the id of an example image, if there is
    no preview. search_words: the file's name without its version, by which to search for a model
    that is not known yet. can_resolve: whether `local_models/{key}` may find out more from Civitai.
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

    First come files that may be found on Civitai, and among them the latest changed ones.
    """

    models: list[LocalModel]
    count: int


class Home(TypedDict):
    """What the home page shows.

    watch_covers: the id of each watched gallery's newest image, by the gallery's key.
    """

    recent: list[RecentGallery]
    watch_covers: dict[str, int]
    local_models: LocalModels
    collections: list[Collection]
    favourites: ImageSet
    library: ImageSet
    download_count: int
