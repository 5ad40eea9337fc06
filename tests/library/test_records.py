"""Images are found by id and by words, in memory and after a restart."""

import os
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.civitai.records import image_from_json
from civitai_manager_libs.core import sqlite
from civitai_manager_libs.library import database, image_records, schema
from civitai_manager_libs.library.database import select_rows, writing
from civitai_manager_libs.library.search import parse_query
from stored_images import make_image

_META = {"prompt": "a lighthouse at dawn", "negativePrompt": "blurry", "Model": "dunes_v2"}
pytestmark = pytest.mark.usefixtures("library")


def _image(image_id=1, **more):
    about = {"username": "harbor_artist", "baseModel": "SDXL 1.0", "meta": _META}
    return make_image(image_id, **about | more)


def test_images_are_found_in_the_requested_order_at_once_and_after_a_restart(library):
    images = {n: _image(n) for n in range(1, 6)}
    image_records.store_images(images.values())
    for _ in range(2):
        assert image_records.find_image(3) == images[3] and image_records.find_image(6) is None
        assert list(image_records.find_images([5, 3, 99, 1])) == [5, 3, 1]
        library.forget()


def test_image_of_a_demo_is_found_under_the_port_that_the_demo_has_now(library, monkeypatch):
    path = "/x/1/original=true/1.jpeg"
    meta = {"prompt": "http://127.0.0.1:47860 is part of it"}
    monkeypatch.setenv("CIVITAI_BASE_URL", "http://127.0.0.1:47860")
    image_records.store_images([_image(url=f"http://127.0.0.1:47860{path}", meta=meta)])
    library.forget()
    monkeypatch.setenv("CIVITAI_BASE_URL", "http://127.0.0.1:50001")
    assert image_records.find_image(1).url == f"http://127.0.0.1:50001{path}"
    assert image_records.find_image(1).meta == meta
    monkeypatch.delenv("CIVITAI_BASE_URL")
    library.forget()
    assert image_records.find_image(1) is None


def test_what_is_stored_is_found_at_each_host_of_civitai(library):
    setting.change("civitai_host", "civitai.red")
    url = "https://civitai.red/x/1/original=true/1.jpeg"
    image_records.store_images([_image(), make_image(2), make_image(3, url=url)])
    library.forget()
    stored = select_rows("SELECT * FROM tiles")
    for host in setting.HOSTS:
        setting.change("civitai_host", host)
        images = image_records.list_page_images([1, 2, 3])
        assert [image.tile["id"] for image in images] == [1, 2, 3]
        assert image_records.find_image(3).url == url.replace("civitai.red", host)
        library.forget()
    assert select_rows("SELECT * FROM tiles") == stored


def test_complete_record_is_replaced_by_a_newer_one_but_not_by_an_example_images(library):
    image_records.store_images([_image(meta=None)], is_complete=False)
    image_records.store_images([_image(meta=None, reactions=1)])
    image_records.store_images([_image()])
    for _ in range(2):
        image_records.store_images([_image(meta=None)], is_complete=False)
        assert image_records.find_image(1).meta == _META
        library.forget()
        assert image_records.find_image(1).meta == _META
    row = {"url": "https://image.civitai.com/x/original=true/77.jpeg"}
    image_records.store_images([image_from_json(row, default_level=16)], is_complete=False)
    library.forget()
    assert (image_records.find_image(77).id, image_records.find_image(77).level) == (77, 16)


def test_memory_has_only_the_last_images_and_the_rest_is_read_from_disk(library, monkeypatch):
    monkeypatch.setattr(image_records, "_MEMORY_BYTES", 50_000)
    library.forget()
    image_records.store_images([_image(n) for n in range(1, 51)])
    library.finish()
    assert 5 < len(image_records._memory.values()) < 25
    assert image_records.find_image(1).id == 1


@pytest.mark.parametrize(
    "hostile",
    [
        {"username": "\ud800", "meta": {"prompt": "half \udfff of a pair"}},
        {"meta": {"prompt": "x" * 10_000_000}},
        {"meta": {"prompt": "a\0b"}},
        {"meta": {"prompt": 5, "negativePrompt": [1], "resources": {"a": None}}},
    ],
    ids=["surrogate", "ten-megabytes", "nul", "other-types"],
)
def test_any_text_in_a_record_can_be_stored(library, hostile):
    image_records.store_images([_image(), _image(2, **hostile)])
    library.forget()
    assert set(image_records.find_images([1, 2])) == {1, 2}


@pytest.mark.parametrize(
    "words,found",
    [
        ("lighthouse", [1, 3]),
        ('"dawn lighthouse"', []),
        ("negative:blurry -lowres", [1, 2, 3, 4]),
        ("海 港", [2]),
        ("", [1, 2, 3, 4]),
        ("paperstyle", [3]),
    ],
)
def test_words_are_searched_in_prompt_author_and_models(library, words, found):
    images = [
        _image(1),
        _image(2, meta={**_META, "prompt": "海邊的港口"}),
        _image(3, meta={**_META, "prompt": "lighthouse 100% <lora:paperStyle:0.7>"}),
        _image(4, meta={**_META, "prompt": "海 Straße"}, username="tide"),
    ]
    image_records.store_images(images)
    for _ in range(2):  # in memory, then as after a start
        matching = image_records.filter_matching([1, 2, 3, 4, 5], parse_query(words))
        assert matching == (found if words else [1, 2, 3, 4, 5])
        library.forget()


def test_unwritable_library_is_logged_and_images_are_still_found(capsys, library):
    os.makedirs(os.path.join(setting.data_folder(), "library.db"))
    image_records.store_images([_image()])
    library.finish()
    assert image_records.find_image(1) is not None and image_records.find_image(2) is None
    assert "[library]" in capsys.readouterr().err


def test_deleted_library_is_filled_again(library):
    image_records.store_images([_image()])
    library.forget()
    folder = setting.data_folder()
    for name in os.listdir(folder):
        if name.startswith("library.db"):
            os.remove(os.path.join(folder, name))
    assert image_records.find_image(1) is None
    image_records.store_images([_image()])
    library.forget()
    assert image_records.find_image(1) is not None


@pytest.mark.parametrize("at", [0, 4096 * 3], ids=["head", "inside"])
def test_damaged_library_is_renamed_and_filled_again(library, capsys, at):
    image_records.store_images(
        [_image(n, meta={"prompt": os.urandom(3000).hex()}) for n in range(1, 60)]
    )
    library.forget()
    with database.open_library() as db:
        db.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    path = os.path.join(setting.data_folder(), "library.db")
    with open(path, "r+b") as file:
        size = os.path.getsize(path)
        file.seek(at)
        file.write(b"damage!!" * ((size - at) // 16))
    for n in range(1, 60):
        image_records.find_image(n)
    image_records.store_images([_image(100)])
    library.forget()
    image_records.store_images([_image(101)])
    library.forget()
    assert image_records.find_image(101) is not None
    assert any(".damaged-" in name for name in os.listdir(setting.data_folder()))
    assert "renamed to" in capsys.readouterr().err


def test_damaged_row_is_ignored(library):
    image_records.store_images([_image(n) for n in (1, 2)], galleries=["model 5"])
    library.forget()
    with writing() as db:
        db.execute("UPDATE images SET record = ? WHERE id = 1", (b"\xff{",))
    assert list(image_records.find_images([1, 2])) == [2] and image_records.find_image(1) is None
    assert [image.id for image in image_records.list_latest_images(2)] == [2]
    image_records.store_images([_image(1)])
    library.forget()
    assert image_records.find_image(1) is not None


def test_library_of_a_newer_version_is_renamed_and_the_message_names_it(alter, capsys):
    image_records.store_images([_image()])
    alter(f"PRAGMA user_version = {len(schema.CHANGES) + 2}")
    sqlite._checked.clear()
    assert image_records.find_image(1) is None
    [aside] = [name for name in os.listdir(setting.data_folder()) if ".newer-" in name]
    said = capsys.readouterr().err
    assert aside in said and "collections and watches are in the renamed file" in said


def test_many_threads_can_store_and_find_at_once(library):
    wrong = []

    def work(start):
        for n in range(start, start + 20):
            image_records.store_images([_image(n)])
            if image_records.find_image(n) is None:
                wrong.append(n)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(100, 900, 100)))
    library.forget()
    assert not wrong and len(image_records.find_images(range(100, 900))) == 160


def test_eviction_runs_in_steps_and_lets_others_write(library, monkeypatch):
    image_records.store_images([_image(n) for n in range(1, 31)])
    library.finish()
    monkeypatch.setattr(setting, "library_records", 4)
    monkeypatch.setattr(database, "_ROWS_AT_ONCE", 5)
    monkeypatch.setattr(database, "_EVICT_EVERY", 0.0)
    db = sqlite3.connect(setting.library_file(), timeout=0, check_same_thread=False)
    left = []

    def mark(seconds):
        with db:  # it may begin at once
            db.execute("INSERT INTO annotations VALUES (?, 1, 0, '', '', 1.0)", (100 + len(left),))
        left.extend(db.execute("SELECT count(*) FROM images").fetchone())

    with monkeypatch.context() as patch:
        patch.setattr(database.time, "sleep", mark)
        database.write_later(lambda db: None)
        library.forget()
    db.close()
    assert left == [30, 25, 20, 15, 10, 5]
    assert list(image_records.find_images(range(1, 31))) == [27, 28, 29, 30]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_failed_write_does_not_stop_later_writes(library):
    done = []
    database.write_later(lambda db: 1 / 0)
    assert library.finish()
    database.write_later(done.append)
    assert library.finish() and done


def test_a_search_does_not_wait_for_writes_that_are_queued_meanwhile(library):
    written, goes_on = [], threading.Event()

    def write(_):
        written.append(1)
        if not goes_on.is_set():
            database.write_later(write)

    database.write_later(write)
    assert database.wait_for_writes(60, includes_later=False) and written
    assert not database.wait_for_writes(0.01)
    goes_on.set()
    assert database.wait_for_writes(60)
