"""Galleries page by page, what was read of them by words, and all that is known of one picture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from ... import setting, util
from ...civitai import ImageQuery, Page
from ...errors import Gone, HttpStatusError
from ...ground import Image, whole
from ...infotext import added_lora_tags, embedded, Embedded, infotext, missing_values
from ...infotext import parse_infotext, resources
from ...library import cache, models, pages, records
from ...words import messages
from ..wire import Asked, Far, image_links, image_view, Refusal, resource_view
from .finding import highest_level
from .tools import client, known_image, saved_files

__all__ = ["details", "images", "query_of", "within"]

_MOST_IDS = 100_000
_MOST_BLANK = 3  # pages in a row on which nothing fits the filters
_LAST_ID = 2**31 - 1


def images(asked: Asked) -> Any:
    """`images?...`."""
    given = {name: asked.text(name) for name in asked.request.query_params}
    query = query_of({**given, "level": highest_level(asked)}, asked.language)
    cursor, size = asked.text("cursor") or None, whole(asked.text("limit"), 1, 200) or 100
    notes = [_note("sort_dropped", asked)] if query.drops_sort else []
    if query.drops_sort:
        query = replace(query, sort="Newest")
    if asked.text("kept"):
        read = pages.read_kept(query, cursor, size)
        if read is None:
            raise Refusal(404, "not_known")
        return _answer(asked, read, read.page, notes)
    return Far(lambda: _read(asked, query, cursor, size, notes))


def query_of(given: dict[str, Any], language: str) -> ImageQuery:
    """What the page asks for by its own names. `level`: a mask. Raises Refusal."""
    numbers = {
        name: whole(given.get(short) or None, 1, _LAST_ID)
        for name, short in (("model_id", "model"), ("version_id", "version"), ("post_id", "post"))
    }
    username = str(given.get("user") or "")
    base = [name.strip() for name in str(given.get("base") or "").split(",")]
    query = ImageQuery.from_json(
        {
            **numbers,
            "username": username,
            "sort": given.get("sort") or "Newest",
            "period": given.get("period") or "AllTime",
            "level": given["level"],
            "type": given.get("type") or None,
            "with_meta": str(given.get("meta") or "0") in ("1", "true", "True"),
            "base_models": [name for name in base if name],
        }
    )
    if not any(numbers.values()) and not query.username:
        raise Refusal(400, "bad_input", messages.text("name_a_model", language))
    return query


def _read(
    asked: Asked, query: ImageQuery, cursor: str | None, size: int, notes: list[dict[str, str]]
) -> dict[str, Any]:
    fresh, others, dropped = bool(asked.text("fresh")), 0, 0
    for _ in range(_MOST_BLANK):
        read = _page(asked, query, cursor, size, fresh)
        page = read.page
        others, dropped = others + len(page.other_ids), dropped + page.dropped
        at, cursor = cursor, None if page.next_cursor == cursor else page.next_cursor
        if page.images or cursor is None:
            break
    is_blank = not page.ids and not page.dropped and cursor is None
    if is_blank and not read.kept and (at is not None or query.takes_sql_path):
        notes = [*notes, _note("empty_end", asked)]
    if dropped:
        notes = [*notes, _note("unreadable_rows", asked, n=dropped)]
    whole_page = Page(page.images, cursor, dropped, page.other_ids)
    return _answer(asked, read, whole_page, notes, others)


def _page(
    asked: Asked, query: ImageQuery, cursor: str | None, size: int, fresh: bool
) -> pages.Read:
    try:
        return pages.read_page(client(), query, cursor, size, asked.cancelled, fresh)
    except Gone as error:
        raise Refusal(404, "gone", messages.text("no_gallery", asked.language)) from error
    except HttpStatusError as error:
        if error.status != 400 or not query.base_models:
            raise
        words = messages.text("no_base_model", asked.language, names=", ".join(query.base_models))
        raise Refusal(400, "bad_input", words, "base") from error


def _answer(
    asked: Asked, read: pages.Read, page: Page, notes: list[dict[str, str]], others: int = 0
) -> dict[str, Any]:
    saved = saved_files([image.id for image in page.images])
    return {
        "images": [image_view(image, saved) for image in page.images],
        "cursor": page.next_cursor,
        "dropped": page.dropped,
        "others": others,
        "notes": notes,
        "read_at": datetime.fromtimestamp(read.read_at, timezone.utc).isoformat("T", "seconds"),
        "kept": read.kept,
    }


def _note(code: str, asked: Asked, **values: Any) -> dict[str, str]:
    return {"code": code, "message": messages.text(code, asked.language, **values)}


def within(asked: Asked) -> dict[str, Any]:
    """`POST within`: those of the ids that were read whose words hold all of the given."""
    ids, words = asked.field("ids"), asked.field("words")
    if not isinstance(ids, list) or len(ids) > _MOST_IDS or not isinstance(words, str):
        raise Refusal(400, "bad_input")
    known = [i for i in ids if isinstance(i, int) and not isinstance(i, bool)]
    return {"ids": records.having(known, words[:1000])}


# One picture


def details(asked: Asked) -> Any:
    """`images/<id>[?file=1]`."""
    image = known_image(asked)
    text = infotext(image.meta, image, adds_lora_tags=setting.adds_lora_tags)
    if text or not asked.text("file") or image.type == "audio":
        return _all_of(asked, image, text, "record" if text else "none")
    return Far(lambda: _with_file(asked, image))


def _with_file(asked: Asked, image: Image) -> dict[str, Any]:
    saved = saved_files([image.id]).get(image.id)
    of_cache = pages.original(client(), image, asked.cancelled)
    with nullcontext(saved) if saved else of_cache as path:
        told = embedded(path)
    return _all_of(asked, image, told.infotext, "file" if told.infotext else "none", told)


def _all_of(
    asked: Asked, image: Image, text: str, source: str, told: Embedded = Embedded()
) -> dict[str, Any]:
    read = parse_infotext(text)
    stats = image.stats
    saved = saved_files([image.id])
    path = saved.get(image.id, "")
    return {
        **image_view(image, saved),
        **image_links(image),
        "infotext": text,
        "from": source,
        "prompt": read.prompt,
        "negative": read.negative_prompt,
        "parameters": [[name, value] for name, value in read.parameters.items()],
        "problems": list(_problems(image, text, told, asked.language)),
        "resources": _resources(asked, image),
        "likes": stats.likes,
        "hearts": stats.hearts,
        "laughs": stats.laughs,
        "cries": stats.cries,
        "saved_path": path,
        "extension": _extension(path or cache.cached(image.url) or ""),
    }


def _resources(asked: Asked, image: Image) -> list[dict[str, Any]]:
    open_model = whole(asked.text("model") or None, 1, _LAST_ID)
    kept = models.kept_model(open_model) if open_model else None
    files = {file: v.id for v in (kept.versions if kept else ()) for file in v.files}
    used = resources(image.meta, image, files)
    ids = [one.version_id for one in used if one.version_id is not None]
    names = models.version_names(ids)
    return [resource_view(one, names) for one in used]


def _problems(image: Image, text: str, told: Embedded, language: str) -> Iterator[str]:
    """What one should know before one sends it."""
    meta = image.meta or {}
    if not text:
        yield messages.text("no_infotext", language)
        return
    if told.infotext:
        program = told.program or messages.text("some_program", language)
        yield messages.text("problem_of_file", language, program=program)
    elif setting.adds_lora_tags and (added := added_lora_tags(meta, image)):
        yield messages.text("problem_lora_tags", language, tags=" ".join(added))
    if "comfy" in meta:
        yield messages.text("problem_comfy", language)
    seed = meta.get("seed")
    if isinstance(seed, (int, float)) and seed > 2**53:
        yield messages.text("problem_seed", language)
    if missing := missing_values(text):
        yield messages.text("problem_missing", language, names=", ".join(missing))


def _extension(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return util.extension_of(file.read(16)) or ""
    except OSError:
        return ""
