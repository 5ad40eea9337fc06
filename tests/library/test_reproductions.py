"""Reproductions: how they are recognized, compared, stored, exported and imported."""

import base64
import io
import json
import os
from dataclasses import replace
from pathlib import Path

import image_files
import numpy
import pytest
from civitai_demo.scenes import draw_art, make_art
from civitai_manager_libs import setting
from civitai_manager_libs.core import thumbnail_url
from civitai_manager_libs.errors import NotAnImage, TooLarge
from civitai_manager_libs.library import bookmarks, database, image_records, reproductions, schema
from civitai_manager_libs.library import wait_for_writes
from civitai_manager_libs.library.database import select_rows, writing
from exported import export_json, import_json
from PIL import Image, ImageEnhance
from stored_images import make_image

_SEED = 3141592653


def _infotext(prompt="a sea, calm, at night", seed=_SEED, more=""):
    return f"{prompt}\nNegative prompt: blurry\nSteps: 20, Sampler: Euler, Seed: {seed}{more}"


@pytest.fixture(autouse=True)
def memory(library, monkeypatch):
    memory = reproductions.SendMemory()
    monkeypatch.setattr(reproductions, "_sends", memory)
    return memory


@pytest.fixture
def image(library):
    meta = {"prompt": "a sea", "seed": _SEED, "steps": 20, "sampler": "Euler"}
    image = make_image(5, meta=meta)
    image_records.store_images([image])
    return image


@pytest.fixture(scope="module")
def drawing():
    return draw_art(make_art(7, ("sea",)), (416, 608))


def _receive(drawing, path="/outputs/1.png", infotext=None):
    reproductions.receive_image(drawing, path, _infotext() if infotext is None else infotext)
    assert wait_for_writes(60)
    return reproductions.list_reproductions(5)


_SENT = "a sea, calm, at night"


@pytest.mark.parametrize(
    "sent,seed,prompt,match",
    [
        (_SEED, _SEED, _SENT, (5, False)),
        (_SEED, _SEED, " A sea (calm:1.0) at\nnight <lora:ink:1>", (5, True)),
        (_SEED, _SEED, "(a sea), calm,at night", (5, False)),
        (_SEED, _SEED, "A SEA, calm, at night <lora:added:1>", (5, False)),
        (_SEED, _SEED, "mountains", (5, True)),
        *[(_SEED, seed, _SENT, None) for seed in (_SEED + 1, -1)],
        (42, 42, "a sea, calm, by day", (5, True)),  # a short one needs half of the words too
        (42, 42, "two dogs in a park", None),
        *[(seed, seed, _SENT, None) for seed in (-1, "x")],
    ],
)
def test_seed_finds_the_image_for_twelve_hours_and_the_prompt_whether_it_was_edited(
    sent, seed, prompt, match
):
    now = [0.0]
    memory = reproductions.SendMemory(lambda: now[0])
    for text in ("", "only a prompt", _infotext(seed=sent)):
        memory.add(5, text)
    now[0] = 12 * 3600
    assert memory.find(_infotext(prompt, seed)) == match and memory.find("only a prompt") is None
    now[0] += 1
    assert memory.find(_infotext(prompt, seed)) is None


def test_same_prompt_is_preferred_and_then_the_latest_send(memory):
    memory.add(1, _infotext())
    memory.add(2, _infotext("mountains"))
    memory.add(3, _infotext("a town"))
    assert memory.find(_infotext())[0] == 1
    assert memory.find(_infotext("a lake")) == (3, True)
    memory.add(4, _infotext())
    assert memory.find(_infotext()) == (4, False)


def test_image_generated_from_a_sent_one_is_stored_with_its_thumbnail(image, drawing):
    assert _receive(drawing) == []  # nothing was sent yet
    reproductions.remember_send(5, _infotext())
    cached = Path(setting.get_image_url_to_gallery_file(thumbnail_url(image, 450)))
    cached.parent.mkdir(parents=True)
    drawing.save(cached, "PNG")
    (one,) = _receive(drawing)
    assert bookmarks.find_thumbnail(image)  # to compare them when Civitai has it no more
    assert one.path == "/outputs/1.png" and one.infotext == _infotext() and not one.is_edited
    assert (one.width, one.height, one.similarity) == (416, 608, None)
    thumbnail = Image.open(io.BytesIO(reproductions.read_thumbnail(one.id)))
    assert thumbnail.format == "JPEG" and thumbnail.size == (350, 512)
    assert reproductions.count_reproductions(5) == 1
    assert reproductions.find_reproduction(one.id) == one


@pytest.mark.parametrize("mode", ["RGBA", "LA", "L", "P", "1"])
def test_thumbnail_is_made_for_every_image_mode(image, mode):
    reproductions.remember_send(5, _infotext())
    (one,) = _receive(Image.new(mode, (3000, 1)))
    assert Image.open(io.BytesIO(reproductions.read_thumbnail(one.id))).size == (512, 1)


def test_overwritten_file_is_listed_once(image, drawing):
    reproductions.remember_send(5, _infotext())
    _receive(drawing)
    _receive(drawing, infotext=_infotext("a lake"))
    assert [one.is_edited for one in _receive(drawing, "/outputs/2.png")] == [False, True]
    for text in "ab":
        _keep(image, drawing, "/outputs/1.png", text)
    assert [one.infotext for one in reproductions.list_reproductions(5)][-1:] == ["b"]


def test_oldest_of_too_many_reproductions_are_deleted(image, drawing, monkeypatch):
    monkeypatch.setattr(reproductions, "_MAX_OF_IMAGE", 3)
    reproductions.remember_send(5, _infotext())
    for number in range(5):
        found = _receive(drawing, f"/outputs/{number}.png")
    assert [one.path for one in found] == [f"/outputs/{n}.png" for n in (4, 3, 2)]


def _keep(image, picture, name, infotext="a\nSteps: 1", made_at=1.0):
    one = reproductions.Reproduction(0, image.id, name, infotext, made_at, False, *picture.size)
    reproductions.store_reproduction(one, picture)


def test_second_file_of_one_name_does_not_replace_the_first(image, drawing):
    other = drawing.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    for picture, infotext in ((drawing, "a"), (other, "a"), (drawing, "b"), (drawing, "a")):
        _keep(image, picture, "made.png", infotext)
    assert len(reproductions.list_reproductions(image.id)) == 3  # the last is the first again
    told = export_json()
    reproductions.delete_reproductions([one.id for one in reproductions.list_reproductions(5)])
    for _ in range(2):
        import_json(told)  # all were made at the same time
        assert len(reproductions.list_reproductions(image.id)) == 3


@pytest.mark.posix
def test_path_that_is_not_utf_8_is_kept(image, drawing, memory, tmp_path):
    path = str(tmp_path / os.fsdecode(b"\xff\xfe.png"))
    drawing.save(path)
    memory.add(image.id, _infotext())
    (made,) = _receive(drawing, path)
    assert made.path == path and os.path.isfile(made.path)
    memory.add(image.id, _infotext())
    assert len(_receive(drawing, path, _infotext() + ", Note: \udcff")) == 1
    assert export_json()["reproductions"]


def test_deleted_reproduction_keeps_its_file(image, drawing, tmp_path):
    path = tmp_path / "1.png"
    drawing.save(path)
    reproductions.remember_send(5, _infotext())
    (one,) = _receive(drawing, str(path))
    reproductions.delete_reproductions([one.id])
    assert reproductions.list_reproductions(5) == [] and path.exists()
    assert reproductions.read_thumbnail(one.id) is None


def test_image_with_a_reproduction_is_not_evicted(image, drawing, monkeypatch):
    reproductions.remember_send(5, _infotext())
    _receive(drawing)
    monkeypatch.setattr(setting, "library_records", 0)
    with writing() as db:
        assert not database.evict_oldest(db)
    assert select_rows("SELECT id FROM images") == [(5,)]


def test_library_of_version_8_is_upgraded_without_loss(image, drawing, make_older):
    bookmarks.change_annotations([image.id], bookmarks.AnnotationChange(note="Mine"))
    wait_for_writes(60)
    make_older("DROP TABLE reproductions; PRAGMA user_version = 8")
    reproductions.remember_send(5, _infotext())
    assert len(_receive(drawing)) == 1
    assert select_rows("PRAGMA user_version") == [(len(schema.CHANGES) + 1,)]
    assert bookmarks.find_annotations([5])[5]["note"] == "Mine"


def _reference_ssim(first, other):
    """Return the mean SSIM of windows of 8 x 8 at each fourth pixel, straight from its formula."""
    x, y = numpy.asarray(first, float), numpy.asarray(other, float)
    c1, c2, values = 6.5025, 58.5225, []
    for top in range(0, x.shape[0] - 7, 4):
        for left in range(0, x.shape[1] - 7, 4):
            a, b = x[top : top + 8, left : left + 8], y[top : top + 8, left : left + 8]
            covariance = ((a - a.mean()) * (b - b.mean())).mean()
            above = (2 * a.mean() * b.mean() + c1) * (2 * covariance + c2)
            values.append(above / ((a.mean() ** 2 + b.mean() ** 2 + c1) * (a.var() + b.var() + c2)))
    return numpy.mean(values)


def test_ssim_equals_the_published_formula(drawing):
    first = drawing.convert("L").resize((192, 256))
    other = draw_art(make_art(8, ("sea",)), (192, 256)).convert("L")
    measured = reproductions.measure_similarity(first, other)
    assert measured.ssim == pytest.approx(_reference_ssim(first, other), abs=1e-9)
    assert reproductions.measure_similarity(first, first) == (pytest.approx(1.0), 0)


def _saved_again(image, format, **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return Image.open(file)


@pytest.mark.parametrize(
    "change,nearness",
    [
        (lambda image: _saved_again(image, "JPEG", quality=60), "same"),
        (lambda image: _saved_again(image, "WEBP", quality=60), "same"),
        (lambda image: image.resize((208, 304)), "same"),
        (lambda image: image.resize((832, 1216)), "same"),
        (lambda image: ImageEnhance.Contrast(image).enhance(0.9), "same"),
        (lambda image: image.transform(image.size, 0, (1, 0.01, -1, 0, 1, -4), 2), "near"),
        (lambda image: draw_art(make_art(8, ("sea",)), image.size), "different"),
        (lambda image: image.transpose(0), "different"),
        (lambda image: Image.new("RGB", image.size), "different"),
    ],
    ids="jpeg webp half twice contrast moved-a-little other-seed mirrored black".split(),
)
def test_nearness_agrees_with_human_judgement(change, nearness):
    drawing = draw_art(make_art(7, ("city",)), (416, 608))
    assert reproductions.measure_similarity(drawing, change(drawing)).nearness == nearness


def test_images_of_any_shape_are_measured():
    wide, tall = Image.new("L", (5000, 1), 9), Image.new("RGB", (1, 700), 200)
    for first, other in ((wide, tall), (tall, wide), (Image.new("L", (1, 1)), wide)):
        assert -1 <= reproductions.measure_similarity(first, other).ssim <= 1


def test_similarity_is_measured_once_and_stored(image, drawing, tmp_path):
    reproductions.remember_send(5, _infotext())
    found = _receive(drawing)
    path = str(tmp_path / "original.jpg")
    drawing.save(path)
    (measured,) = reproductions.measure_missing_similarities(found, path)
    assert measured.similarity.nearness == "same"
    assert reproductions.list_reproductions(5) == [measured]
    Image.new("RGB", (9, 9)).save(path)
    assert reproductions.measure_missing_similarities([measured], path) == [measured]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>",
        b"GIF89a" + bytes(50),
        b"\x89PNG\r\n\x1a\n" + bytes(50),
        image_files.png()[:45],
        image_files.jpeg(),
        b"BM" + bytes(60),
        image_files.jpeg(
            image_files.segment(0xE1, b"Exif\0\0" + image_files.overlapping_exif(60_000, 3_000))
        ),
    ],
    ids="empty html gif png-of-zeros cut jpeg-without-pixels bmp exif-bomb".split(),
)
def test_file_that_is_no_image_is_refused(data):
    with pytest.raises(NotAnImage):
        reproductions.open_image(io.BytesIO(data))


def test_image_of_too_many_pixels_is_refused_before_it_is_decoded():
    file = io.BytesIO()
    Image.new("1", (9000, 9000)).save(file, "PNG")
    with pytest.raises(TooLarge):
        reproductions.open_image(file)


def test_export_has_reproductions_without_paths(
    image, memory, drawing, library, tmp_path, monkeypatch
):
    text = f"{_infotext(prompt='')}\r\n"  # begins with the end of a line
    memory.add(5, text)
    (made,) = _receive(drawing, "/home/me/outputs/1.png", text)
    thumbnail = reproductions.read_thumbnail(made.id)
    told = export_json()
    assert "/home/me" not in json.dumps(told) and len(told["pictures"]) == 1
    import_json(told)
    assert reproductions.list_reproductions(5) == [made]
    library.forget()
    monkeypatch.setenv("CIVITAI_SHORTCUT_DATA", str(tmp_path / "other"))
    library.forget()
    for _ in range(2):  # nothing is doubled
        import_json(told)
    (found,) = reproductions.list_reproductions(5)
    assert replace(found, id=made.id, path=made.path) == made and found.path == "1.png"
    assert reproductions.read_thumbnail(found.id) == thumbnail
    assert image_records.find_image(5).meta == image.meta


def test_import_skips_stored_and_damaged_reproductions(image, memory, drawing):
    memory.add(5, _infotext())
    (made,) = _receive(drawing, "1.png")
    told = export_json()
    (entry,) = told["reproductions"]
    large, text = io.BytesIO(), base64.b64encode(b"<script>").decode()
    Image.new("L", (600, 9)).save(large, "JPEG")
    large = base64.b64encode(large.getvalue()).decode()
    bad = [{"thumbnail": value} for value in (None, "?", text, large)]
    bad += [{"image_id": 0}, {"width": None}, {"made_at": True}, {"made_at": float("nan")}]
    told["reproductions"] = [{**entry, "made_at": 7.5, **change} for change in bad] + [5, None]
    told["reproductions"].append({**entry, "made_at": 6.5, "name": "../etc/1.png", "ssim": 99})
    import_json(told)
    first, second = reproductions.list_reproductions(5)
    assert first == made and (second.path, second.similarity) == ("1.png", None)


def test_import_deletes_no_reproduction_of_a_full_image(image, memory, drawing):
    memory.add(5, _infotext())
    (made,) = _receive(drawing)
    told = export_json()
    (entry,) = told["reproductions"]
    told["reproductions"] = [{**entry, "made_at": made.made_at + n} for n in range(1, 130)]
    import_json(told)
    found = reproductions.list_reproductions(5)
    assert len(found) == 100 and made in found
