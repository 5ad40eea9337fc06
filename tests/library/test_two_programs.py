"""Two programs that share a data folder write at once, and nothing that users make is lost."""

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.library import bookmarks, hidden_rules, image_records, models
from civitai_manager_libs.library import reproductions, watches
from civitai_manager_libs.model_files import index
from cli_process import start_python
from stored_images import make_image

pytestmark = pytest.mark.usefixtures("library")

_COUNT = 10  # things that each of the programs makes
# What a program makes, by kind: `n` is different in each turn, `me` is 0 or 1, `image` the image
# that both programs change.
_MAKE = {
    "tags": "bookmarks.change_annotations([image.id], Change(add_tags=[f'tag {n}']))",
    "collections": "bookmarks.add_to_collection([image], f'collection {n}')",
    "renames": "rename_next(n)",
    "hidden rules": "hidden_rules.add_rule('word', f'word{n}')",
    "watches": "watches.watch_gallery(ImageQuery(model_id=n), f'model {n}')",
    "reproductions": "make_reproduction(n)",
    "recent": "models.add_recent_gallery(n, f'model {n}')",
    "settings": "change_setting(n)",
    "hashes": "compute(n)",
}
_PROGRAM = """
import os, sys
from civitai_manager_libs import setting
from civitai_manager_libs.civitai import ImageQuery
from civitai_manager_libs.errors import InputError
from civitai_manager_libs.library import bookmarks, hidden_rules, image_records, models
from civitai_manager_libs.library import reproductions, watches
from civitai_manager_libs.model_files import index
from PIL import Image

Change = bookmarks.AnnotationChange
me, image = int(sys.argv[1]), image_records.find_image(1)


def rename_next(n):
    for name in [one.name for one in bookmarks.list_collections()]:
        try:
            bookmarks.rename_collection(name, f"collection {{n % 5}}")
        except InputError:
            continue


def make_reproduction(n):
    one = reproductions.Reproduction(0, 1, f"{{n}}.png", "", float(n), False, 8, 8)
    reproductions.store_reproduction(one, Image.new("RGB", (8, 8)))


def change_setting(n):
    setting.change(("http_timeout", "gallery_download_timeout")[me], n + 1)
    setting.save()


def compute(n):
    path = os.path.join(setting.data_folder(), f"{{n}}.bin")
    with open(path, "wb") as file:
        file.write(b"x")
    index.compute_hash(path)


setting.load()
for make in sys.argv[2:]:
    print("ready", flush=True)
    sys.stdin.readline()
    for n in range(1 + me, 1 + me + 2 * {count}, 2):
        exec(make)
"""


def _run_two(*kinds):
    """Let two programs make things of these kinds, each kind beginning at the same moment."""
    code, makes = _PROGRAM.format(count=_COUNT), [_MAKE[kind] for kind in kinds]
    programs = [start_python(code, me, *makes) for me in (0, 1)]
    for _ in kinds:
        for program in programs:
            assert program.stdout.readline() == "ready\n", program.communicate()
        for program in programs:
            program.stdin.write("go\n")
            program.stdin.flush()
    for program in programs:
        _, errors = program.communicate()
        assert program.returncode == 0, errors


_LIST_MADE = {
    "tags": lambda: bookmarks.read_annotations([1])[1]["tags"],
    "collections": lambda: [one.name for one in bookmarks.list_collections()],
    "hidden rules": lambda: [rule.text for rule in hidden_rules.list_rules()],
    "watches": lambda: [one.gallery for one in watches.list_watches()],
    "reproductions": lambda: [one.path for one in reproductions.list_reproductions(1)],
    "recent": models.list_recent_models,
    "hashes": index.load_hashes,
}


def test_nothing_that_two_programs_make_at_once_is_lost(library):
    image_records.store_images([make_image(1)])
    library.finish()
    _run_two(*(kind for kind in _MAKE if kind != "renames"))
    for kind, list_made in _LIST_MADE.items():
        assert len(set(list_made())) == 2 * _COUNT, kind
    setting.load()  # the last that each program set
    last = (setting.http_timeout, setting.gallery_download_timeout)
    assert last == (2 * _COUNT, 2 * _COUNT + 1)


def test_collections_that_two_programs_rename_at_once_keep_names_of_their_own(library):
    image_records.store_images([make_image(1)])
    library.finish()
    for n in range(3):
        bookmarks.add_to_collection([make_image(1)], f"old {n}")
    _run_two("renames")
    assert len(set(_LIST_MADE["collections"]())) == 3


def test_settings_that_another_program_has_changed_are_kept_and_used(monkeypatch):
    setting.load()
    other = dict(setting._loaded)
    setting.change("http_timeout", 44)
    setting.save()
    monkeypatch.setattr(setting, "_loaded", other)  # a program that was started before
    setting.restore()
    setting.change("proxy", "http://127.0.0.1:8080")
    setting.save()
    assert (setting.http_timeout, setting.proxy) == (44, "http://127.0.0.1:8080")
    setting.restore()
    assert setting.load() == [] and setting.http_timeout == 44
