"""Case (i): time to the first page of searches in a library of many records, and its size."""

from __future__ import annotations

import datetime
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from tables import format_table, format_verdict

_SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
_COUNTS = {"big": 200_000, "full": 100_000, "quick": 20_000}
_THROUGH_LIBRARY = 50_000  # records; more records are copies in SQL, which is faster
_RUNS = 5
_TAGS = 5000
_FIRST_DAY, _DAYS = datetime.date(2023, 1, 1), 1000
_SEARCHES = (
    *("girl", "masterpiece", "lighthouse", "zyxwv", "qq", "少女", "海", "灯塔", "🌊", "%"),
    *('"golden hour"', "golden hour -blurry", "negative:lowres", "lora:detail", "lora:lora-7777"),
    *("sampler:euler", "author:anna", 'base:"SDXL 1.0" steps>20 width>=1024', "steps>149"),
    *("girl steps>149", "girl lora:lora-77 -sampler:euler", "after:2025-06 before:2025-07"),
    *("has:data is:video", "negative:qq", "-girl -boy -lighthouse", "is:saved", "steps<15"),
    *("steps>20 steps<21", "cfg<3.5", "clip=3", "has:hires is:video", "reactions>395"),
    *("-reactions<390", "width=512 height=1216", "before:2023-02", "-before:2026", "stars>0"),
    *("author:anna steps>44", "-author:user", "lora:lora -has:hires"),
    *("masterpiece before:2023-02", "-has:data has:negative"),
    *("tag:woman", 'tag="subject 77"', "tag:subject", "tag:zyxwv", "girl tag:woman", "-tag:woman"),
)
# Terms that are combined by twos, threes and fours, some of them with "-".
_TERMS = (
    *("girl", "1girl", "masterpiece", "lighthouse", "knight", "zyxwv", "token777", "qq", "e", "%"),
    *("少女", "海", '"golden hour"', '"castle knight"', "negative:lowres", "negative:zyxwv"),
    *("lora:detail", "lora:lora-77", "lora:lora-7777", "sampler:euler", "sampler=lcm"),
    *("author:anna", "author:user7", "base:flux", "base:pony", "model:checkpoint_7", "steps>149"),
    *("steps>20", "steps<16", "cfg=7", "clip=2", "hires>1", "width=512", "width>600"),
    *("height=1216", "reactions>395", "reactions<5", "after:2025-06", "before:2023-02"),
    *("is:video", "has:data", "has:negative", "has:hires", "is:saved", "is:favourite", "stars<1"),
)
_SORTS = ("Newest", "Oldest", "Most Reactions")
_MOST = 405  # searches: _SEARCHES, contradictions and mixtures of _TERMS
_SHOWN = 15  # slowest searches
_WORDS = (
    "masterpiece best quality 1girl solo long hair looking at viewer blue eyes smile outdoors sky"
    " cloud dress golden hour lighthouse dunes cinematic lighting detailed background depth of"
    " field sharp focus portrait forest river mountain castle knight dragon city night neon rain"
    " snow flower garden cat dog boy armor sword magic glow volumetric fog film grain bokeh"
).split()
_CJK = ("少女", "海边的灯塔", "夕焼け", "猫と花", "美しい空", "🌊", "100%")
_NEGATIVE = (
    "lowres bad anatomy bad hands text error missing fingers extra digit cropped worst quality"
    " jpeg artifacts signature watermark username blurry"
)
_SAMPLERS = ("Euler a", "Euler", "DPM++ 2M", "DPM++ SDE", "UniPC", "LCM", "DDIM")
_BASES = ("SD 1.5", "SDXL 1.0", "Pony", "Illustrious", "Flux.1 D")


def measure_search(scale: str) -> str:
    """Return the report of the case. scale: a name of _COUNTS."""
    count = _COUNTS[scale]
    with _library() as path:
        began = time.perf_counter()
        _fill(count)
        filled = time.perf_counter() - began
        times = {words: _time_first_page(words) for words in _make_searches()}
        size = os.path.getsize(path) / 1024**2
    slowest = sorted(times, key=lambda words: -times[words][1])
    shown = [words for words in times if words in {*_SEARCHES, *slowest[:_SHOWN]}]
    rows = [[f"`{words}`", f"{times[words][0]}", f"{times[words][1]:.1f}"] for words in shown]
    figures = [ms for _, ms in times.values()]
    slow = sum(ms > 100 for ms in figures)
    lines = [
        f"{count} records filled in {filled:.0f} s; library.db has {size:.0f} MB.",
        f"{len(times)} searches, each in its slowest order, the fastest of {_RUNS} runs:"
        f" median {median(figures):.1f} ms, {slow} over 100 ms.",
        format_verdict("the slowest first page", max(figures), 300, " ms"),
    ]
    title = f"(i) first pictures of a search over {count} records"
    return "\n".join([format_table(title, ["search", "found", "ms"], rows), *lines]) + "\n"


def _make_searches() -> list[str]:
    """Return the searches of the case, which are the same each time."""
    dice = random.Random(405)
    found = dict.fromkeys([*_SEARCHES, "girl -1girl", "-has:data girl"])
    found |= dict.fromkeys(f"{term} -{term}" for term in _TERMS)
    while len(found) < _MOST:
        terms = dice.sample(_TERMS, dice.choice((2, 2, 3, 4)))
        found[" ".join("-" * (dice.random() < 0.35) + term for term in terms)] = None
    return list(found)


@contextmanager
def _library() -> Iterator[str]:
    sys.path.insert(0, str(_SCRIPTS))
    with tempfile.TemporaryDirectory(prefix="bench-library-") as folder:
        os.environ["CIVITAI_SHORTCUT_DATA"] = folder
        yield os.path.join(folder, "library.db")


def _fill(count: int) -> None:
    from civitai_manager_libs import setting
    from civitai_manager_libs.civitai import image_from_json
    from civitai_manager_libs.library import image_records, wait_for_writes

    setting.change("library_records", 10_000_000)
    setting.save()  # the measured program must not evict images either
    dice, first = random.Random(7), min(count, _THROUGH_LIBRARY)
    for start in range(0, first, 500):
        rows = (_row(n, count, dice) for n in range(start + 1, min(start + 500, first) + 1))
        images = [image for image in map(image_from_json, rows) if image is not None]
        image_records.store_images(images, galleries=[f"model {start // 5000}"])
        wait_for_writes(60)
    saved = range(1, count, max(50, count // 2000))
    image_records.store_saved_files(lambda: [(number, f"{number}.png", 0.0) for number in saved])
    for start in range(first, count, first):
        _copy_records(start, min(first, count - start), count, first)


def _copy_records(start: int, number: int, count: int, first: int) -> None:
    """Add copies of the first records after the id `start`, with other texts, dates and reactions.

    A text is the beginning of one text and the end of another, with a token of its own.
    """
    from civitai_manager_libs.library.database import writing

    day = f"date('{_FIRST_DAY}', ((a.id + :start) * {_DAYS} / :count) || ' days')"
    other = f"b.id = (a.id * 31 + :start / 7) % {first} + 1 WHERE a.id <= :number"
    beginning, end = "substr(a.prompt, 1, 120)", "rtrim(substr(b.prompt, 120))"
    token = "', token' || ((a.id + :start) * 7919 % 20000) || '  '"
    of_first = "WHERE id <= :number"
    copies = (
        f"images SELECT id + :start, read_at, is_whole, record FROM images {of_first}",
        f"""search_fields SELECT a.id + :start, a.level, a.type, {day} || 'T10:00:00.000Z', a.width,
            a.height, b.reactions, a.has_data, a.steps, a.cfg, a.clip_skip, a.hires,
            a.has_negative FROM search_fields a JOIN search_fields b ON {other}""",
        f"""texts SELECT a.id + :start, CASE a.prompt WHEN '' THEN ''
            ELSE {beginning} || ' ' || {end} || {token} END, a.negative, a.names
            FROM texts a JOIN texts b ON {other}""",
        f"tiles SELECT id + :start, made_by, site, tile FROM tiles {of_first}",
        f"image_names SELECT name, id + :start, weight FROM image_names {of_first}",
        f"tagged SELECT tag, id + :start FROM tagged {of_first}",
        f"seen SELECT gallery || '0' || :start, id + :start FROM seen {of_first}",
        """trigrams (rowid, prompt, negative, names)
            SELECT id, prompt, negative, names FROM texts WHERE id > :start""",
    )
    with writing() as db:
        for copy in copies:
            db.execute(f"INSERT INTO {copy}", {"start": start, "number": number, "count": count})


def _time_first_page(words: str) -> tuple[int, float]:
    """Return the size of the last order's first page, and the milliseconds of the slowest order.

    The fastest of several runs counts, because other work of the machine only adds to the time.
    """
    from civitai_manager_libs.library import search

    slowest, found = 0.0, search.SearchPage()
    for sort in _SORTS:
        times = []
        for _ in range(_RUNS):
            began = time.perf_counter()
            found = search.run_search(search.parse_query(words), sort=sort)
            times.append((time.perf_counter() - began) * 1000)
        slowest = max(slowest, min(times))
    return len(found.ids), slowest


def _row(number: int, count: int, dice: random.Random) -> dict[str, object]:
    wide = dice.random() < 0.5
    day = _FIRST_DAY + datetime.timedelta(_DAYS * number // count)
    row = {
        "id": number,
        "url": f"https://image.civitai.com/x/{number:032x}/original=true/{number}.jpeg",
        "type": "video" if dice.random() < 0.05 else "image",
        "browsingLevel": dice.choice((1, 2, 4, 8)),
        "width": 1024 if wide else 512,
        "height": 1216 if wide else 768,
        "hash": "UBL_:rOpGG-oBUNG,qRj2so|=eE1w^n4S5NH",
        "createdAt": f"{day}T10:00:00.000Z",
        "username": f"anna{number % 40}" if dice.random() < 0.01 else f"user{number % 3000}",
        "baseModel": dice.choice(_BASES),
        "postId": number // 4,
        "modelVersionIds": [dice.randrange(1, 900)],
        "stats": {"likeCount": dice.randrange(300), "heartCount": dice.randrange(100)},
        "tags": [_tag(int(dice.random() ** 3 * _TAGS)) for _ in range(15)],
    }
    return row | ({"meta": _meta(number, dice)} if dice.random() < 0.85 else {})


def _tag(number: int) -> dict[str, object]:
    """Return a tag as Civitai sends it; of 15 tags of an image, one is the first in 6 of 10."""
    return {"id": number + 1, "name": f"subject {number}" if number else "woman"}


def _meta(number: int, dice: random.Random) -> dict[str, object]:
    words = [*dice.choices(_WORDS, k=40), f"token{dice.randrange(20_000)}"]
    if dice.random() < 0.05:
        words.insert(3, dice.choice(_CJK))
    rare = {"Clip skip": 2} if dice.random() < 0.2 else {}
    rare |= {"Hires upscale": 1.5} if dice.random() < 0.05 else {}
    lora = f"lora-{int(dice.random() ** 3 * 8000)}" if dice.random() < 0.9 else "add_detail"
    return rare | {
        "prompt": f"{', '.join(words)} <lora:{lora}:{dice.randrange(3, 12) / 10}>",
        "negativePrompt": _NEGATIVE,
        "steps": 150 if dice.random() < 0.0002 else dice.randrange(15, 45),
        "sampler": dice.choice(_SAMPLERS),
        "cfgScale": dice.choice((3.5, 5, 7, 7.5)),
        "seed": dice.randrange(2**32),
        "Size": "1024x1216",
        "Model": f"checkpoint_{dice.randrange(400)}",
        "Model hash": f"{dice.randrange(2**40):010x}",
    }


if __name__ == "__main__":
    print(measure_search("full"), sqlite3.sqlite_version)
