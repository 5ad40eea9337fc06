"""What every test stands on: the package on the path, a data folder of its own, no waiting."""

from __future__ import annotations

import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "scripts"))
# Before anything of ours is imported: no test touches the user's own folder, key or proxy.
os.environ["CIVITAI_SHORTCUT_DATA"] = tempfile.mkdtemp(prefix="civitai-shortcut-test-")
for _name in ("CIVITAI_API_KEY", "CIVITAI_BASE_URL", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
    os.environ.pop(_name, None)
    os.environ.pop(_name.lower(), None)

import pytest  # noqa: E402
from civitai_manager_libs import setting  # noqa: E402


@pytest.fixture(autouse=True)
def _fresh_settings(tmp_path, monkeypatch):
    """Defaults, but without waiting between tries; folders under tmp_path."""
    monkeypatch.setenv("CIVITAI_SHORTCUT_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(setting, "shortcut_gallery_folder", str(tmp_path / "data" / "sc_gallery"))
    setting.restore()
    setting.change("http_retry_delay", 0)
    setting.change("gallery_disk_reserve_mb", 0)
    setting.civitai_api_key = ""
    yield
    setting.restore()
    setting.civitai_api_key = ""
