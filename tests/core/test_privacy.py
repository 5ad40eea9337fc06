"""Only its owner can read the data folder."""

import os
import sqlite3
import stat

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.jobs.tables import jobs_database
from civitai_manager_libs.library.database import writing

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no modes")


def _mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def _write_databases_of_an_older_version():
    os.makedirs(setting.data_folder(), 0o755)
    for path in (setting.database_file(), setting.library_file()):
        sqlite3.connect(path).close()
        os.chmod(path, 0o644)
        for end in ("-wal", "-shm"):
            open(path + end, "wb").close()
            os.chmod(path + end, 0o644)


@pytest.mark.parametrize("is_old", [False, True], ids=["new", "older"])
def test_only_the_owner_can_read_data_folder_and_databases(is_old):
    if is_old:
        _write_databases_of_an_older_version()
    setting.load()
    jobs = jobs_database(setting.database_file())
    assert jobs.rows("SELECT * FROM claims") == []
    with writing() as db:
        db.execute("INSERT INTO collections (name, folded, made_at) VALUES ('a', 'a', 0)")
        made = [name for name in os.listdir(setting.data_folder()) if ".db" in name]
        assert {"gallery.db", "library.db", "library.db-wal"} <= set(made)
        modes = {_mode(os.path.join(setting.data_folder(), name)) for name in made}
    jobs.close()
    assert (_mode(setting.data_folder()), modes) == (0o700, {0o600})


def test_shared_folder_keeps_its_mode():
    os.makedirs(os.path.join(setting.data_folder(), "models"))
    os.chmod(setting.data_folder(), 0o755)
    setting.load()
    assert _mode(setting.data_folder()) == 0o755


@pytest.mark.skipif(os.name == "posix" and os.getuid() == 0, reason="root may write anywhere")
def test_folder_that_cannot_be_created_raises_no_error(tmp_path, monkeypatch):
    os.chmod(tmp_path, 0o500)
    monkeypatch.setenv("CIVITAI_SHORTCUT_DATA", str(tmp_path / "data"))
    assert setting.load() == []
