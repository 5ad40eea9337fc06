"""The JSON of models, and of what the search field finds."""

from __future__ import annotations

from typing import Literal, Union

from typing_extensions import TypedDict


class Author(TypedDict):
    """A user who has published images. name: "" if there is no such user."""

    name: str


class Cover(TypedDict):
    id: int
    blurhash: str


class ModelCard(TypedDict):
    """A model as a search result shows it."""

    id: int
    name: str
    type: str
    creator: str
    base_models: list[str]
    cover: Cover | None
    url: str


class ModelVersion(TypedDict):
    id: int
    name: str
    base_model: str
    trained_words: list[str]


class ModelView(ModelCard):
    description: str
    tags: list[str]
    versions: list[ModelVersion]


class ModelCardPage(TypedDict):
    """A page of models that match words. cursor: the next page's cursor, None at the end."""

    models: list[ModelCard]
    cursor: str | None


class FoundModels(ModelCardPage):
    kind: Literal["models"]
    query: str


class FoundPost(TypedDict):
    kind: Literal["post"]
    post_id: int
    title: str


class FoundUser(TypedDict):
    kind: Literal["user"]
    username: str


class FoundModel(TypedDict):
    """A model that was found by id or URL.

    version_id: the version that the URL names, None if there is no such version of the model.
    """

    kind: Literal["model"]
    model: ModelView
    version_id: int | None


class FoundImage(TypedDict):
    """An image that was found by id or URL.

    model: a model that the image was made with and that Civitai still has, None if there is none.
    """

    kind: Literal["image"]
    image_id: int
    post_id: int | None
    model: ModelView | None


LookupResult = Union[FoundModels, FoundPost, FoundUser, FoundModel, FoundImage]
