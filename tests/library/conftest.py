"""What tests of the library stand on."""

import sqlite3
from contextlib import closing

import pytest
from api_server import ApiServer
from civitai_manager_libs import setting
from civitai_manager_libs.http_client import CivitaiHttpClient
from civitai_manager_libs.library import schema


@pytest.fixture
def civitai(monkeypatch, library):
    """Yield a Civitai with a model of 30 images, which is asked once."""
    setting.change("http_max_retries", 0)
    with ApiServer(count=30) as server:
        monkeypatch.setenv("CIVITAI_BASE_URL", server.url)
        yield server


@pytest.fixture
def alter(library):
    """Return a function that runs a script in the closed library."""

    def alter(script):
        library.forget()
        with closing(sqlite3.connect(setting.library_file())) as db:
            db.executescript(script)

    return alter


_FORMER = "figures facts uses marks own_tags sets in_sets gone".split()
_FORMER_NAMES = "".join(
    f"ALTER TABLE {name} RENAME TO {former};"
    for former, (_, name) in zip(_FORMER, schema.RENAMED, strict=True)
)
_FORMER_INDEXES = """
DROP INDEX search_fields_by_rank; DROP INDEX image_names_by_image;
DROP INDEX user_tags_by_image; DROP INDEX collection_images_by_image;
CREATE INDEX uses_by_image ON uses (id); CREATE INDEX own_tags_by_image ON own_tags (id);
CREATE INDEX in_sets_by_image ON in_sets (id);
"""
_FORMER_SAVED = "ALTER TABLE saved DROP COLUMN saved_at;"


@pytest.fixture
def make_older(alter):
    """Return a function that makes of the library what version 16 would have left.

    It then runs a script, which makes an older one of it.
    """
    return lambda script: alter(f"{_FORMER_NAMES}{_FORMER_INDEXES}{_FORMER_SAVED}{script}")


@pytest.fixture
def client():
    return CivitaiHttpClient()
