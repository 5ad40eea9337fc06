"""What the statistics count of each image, stored with its record."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ..core import clean_line, format_number, Image
from ..infotext import Generation, read_generation, Resource
from .database import select_rows
from .prompt_words import split_phrases
from .schema import OF_IDS
from .search import PARAMETERS

RULES_VERSION = 2  # of the rules below; features by other rules are computed again
LETTERS = {  # which a feature begins with, by kind
    **dict(zip(PARAMETERS, "skncgzpuhd", strict=True)),
    "checkpoint": "m",
    "lora": "l",
    "weight": "w",
    "embedding": "e",
    "word": "+",
    "sentence": "~",
    "negative": "-",
}
_LONGEST = 200  # characters of one value


class ImageFeatures(NamedTuple):
    """What statistics count about an image.

    settings, words: its features, empty for an image without generation data. A feature is a
    string: one letter for its kind (see LETTERS), then its value. The first of the settings are the
    sampler and the schedule. For the kind `weight`, the value is a LoRA's name, a tab and the
    weight. A word that is only part of a sentence has the kind `sentence`. version_ids: the
    versions that Civitai found in the image. reactions: number of likes, hearts and so on. tags:
    Civitai's, None if they were not fetched.
    """

    id: int
    level: int = 1
    reactions: int = 0
    version_ids: Sequence[int] = ()
    settings: Sequence[str] = ()
    words: Sequence[str] = ()
    tags: Sequence[str] | None = None

    @property
    def has_data(self) -> bool:
        """Return whether the image has any generation data."""
        return bool(self.settings or self.words)


def extract_features(image: Image, generation: Generation | None = None) -> ImageFeatures:
    """Return an image's settings and prompt words; `generation` is read from it if None."""
    read, resources = generation or read_generation(image)
    resources = resources if image.meta else ()
    negative = read.negative_prompt.casefold()
    values = {kind: read.parameters.get(name, "") for kind, name in PARAMETERS.items()}
    if values["clip"] == "1":  # the default, which only fills up a short infotext
        values["clip"] = ""
    settings = [_make_feature(kind, value) for kind, value in values.items()]
    settings += [
        one for resource in resources for one in _iter_resource_features(resource, negative)
    ]
    words = [
        f"{LETTERS['sentence' if in_sentence else 'word']}{text}"
        for text, in_sentence in split_phrases(read.prompt).items()
    ]
    words += [f"{LETTERS['negative']}{text}" for text in split_phrases(read.negative_prompt)]
    if not (read.prompt or negative or any(settings)):
        settings = words = []
    return ImageFeatures(
        image.id,
        image.level,
        image.reactions.total,
        image.version_ids,
        list(dict.fromkeys(filter(None, settings))),
        [word.encode("utf-8", "replace").decode("utf-8") for word in words],
    )


def _iter_resource_features(resource: Resource, negative: str) -> Iterator[str]:
    """Yield the features of a model, a LoRA, or an embedding that the folded negative names."""
    named = resource.version_id and resource.type
    name = resource.name or (f"#{resource.version_id}" if named else "")
    if resource.type == "model":
        yield _make_feature("checkpoint", name)
    elif resource.type == "lora":
        yield _make_feature("lora", name)
        if name and resource.weight is not None:
            weight = format_number(round(resource.weight, 2))
            yield _make_feature("weight", f"{clean_line(name, 150)}\t{weight}")
    elif resource.type == "embed" and name.casefold() in negative:
        yield _make_feature("embedding", name)


def _make_feature(kind: str, value: str) -> str:
    name, tab, weight = value.rpartition("\t") if kind == "weight" else (value, "", "")
    name = clean_line(name, _LONGEST)
    return f"{LETTERS[kind]}{name}{tab}{weight}" if name else ""


def save_features(db: sqlite3.Connection, images: Iterable[ImageFeatures]) -> None:
    """Store the features of images by the present rules, in the caller's transaction."""
    rows = [
        (
            image.id,
            RULES_VERSION,
            image.level,
            image.reactions,
            ",".join(map(str, image.version_ids)),
            "\n".join(image.settings),
            "\n".join(image.words),
        )
        for image in images
    ]
    db.executemany("INSERT OR REPLACE INTO image_features VALUES (?, ?, ?, ?, ?, ?, ?)", rows)


def read_features(image_ids: Sequence[int]) -> list[ImageFeatures]:
    """Return the stored features of images, without the versions and tags. Raises DiskError.

    Images whose features are not stored, or were made by older rules, are left out.
    """
    sql = (
        "SELECT id, level, reactions, settings, words FROM image_features"
        f" WHERE made_by = ? AND id {OF_IDS}"
    )
    return [
        ImageFeatures(
            image_id,
            level,
            reactions,
            settings=settings.split("\n") if settings else [],
            words=words.split("\n") if words else [],
        )
        for image_id, level, reactions, settings, words in select_rows(
            sql, (RULES_VERSION, json.dumps(list(image_ids)))
        )
    ]
