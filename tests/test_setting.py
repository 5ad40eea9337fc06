"""The settings: their values, bounds and files."""

import json
import os
import stat
import sys
from pathlib import Path

import pytest
from civitai_manager_libs import host, setting
from civitai_manager_libs.errors import DiskError, SettingError
from hypothesis import given, strategies as st

pytestmark = pytest.mark.usefixtures("each_system")

_NUMBERS = [s for s in setting.SETTINGS if type(s.default) in (int, float)]


def _file() -> str:
    return os.path.join(setting.data_folder(), "settings.json")


def _keep(text: str | bytes) -> None:
    os.makedirs(setting.data_folder(), exist_ok=True)
    Path(_file()).write_bytes(text.encode() if isinstance(text, str) else text)


@pytest.fixture
def webui_options(webui):
    """Install the modules of a WebUI; return what it stores of its options."""
    return webui.shared.opts.data


@pytest.mark.parametrize("entry", setting.SETTINGS, ids=lambda entry: entry.name)
def test_module_attribute_is_the_documented_default(entry):
    setting.restore()
    assert getattr(setting, entry.name) == entry.default
    assert type(getattr(setting, entry.name)) is type(entry.default)
    assert entry.validate(entry.default) == entry.default


@pytest.mark.parametrize("entry", _NUMBERS, ids=lambda entry: entry.name)
def test_bounds_are_allowed_and_values_beyond_are_refused(entry):
    for value in (entry.low, entry.high):
        setting.change(entry.name, value)
        assert getattr(setting, entry.name) == value
    for value in (entry.low - 1, entry.high + 1, -(10**30), 10**400, float("nan"), float("inf")):
        with pytest.raises(SettingError, match=f"{entry.name} must be .* from"):
            setting.change(entry.name, value)
    assert getattr(setting, entry.name) == entry.high


_REFUSED = {
    "http_timeout": (5.5, "5.5", True, "", "9" * 5000),
    **{"http_retry_delay": ("soon",), "save_infotext": (1, "true"), "language": ("de",)},
    **{"gallery_level": ("xxx",), "download_images_folder": (5, "/media/\udcff")},
    "saved_name": ("{id}\ud800",),
}
_TAKEN = [("http_timeout", "25", 25), ("http_timeout", 25.0, 25), ("http_max_retries", 0, 0)]
_TAKEN += [("http_retry_delay", 2, 2.0), ("http_retry_delay", "0.5", 0.5)]
_TAKEN += [("save_record", False, False), *[("language", x, x) for x in ("en", "zh-TW", "auto")]]


@pytest.mark.parametrize("name", _REFUSED)
def test_value_of_another_type_is_refused_with_a_message(name):
    before = getattr(setting, name)
    for value in _REFUSED[name]:
        with pytest.raises(SettingError) as refused:
            setting.change(name, value)
        assert str(refused.value).startswith(f"{name} must be ") and len(str(refused.value)) < 200
        assert getattr(setting, name) == before
    for other, value, taken in _TAKEN:  # as a form or a file writes it
        setting.change(other, value)
        assert (getattr(setting, other), type(getattr(setting, other))) == (taken, type(taken))


@given(st.sampled_from(setting.SETTINGS), st.none() | st.text() | st.floats() | st.integers())
def test_any_value_is_accepted_within_bounds_or_refused(entry, value):
    try:
        taken = entry.validate(value)
    except SettingError:
        return
    assert type(taken) is type(entry.default)
    assert not isinstance(taken, (int, float)) or entry.low <= taken <= entry.high


def test_saved_settings_are_loaded_again():
    assert setting.load() == [] and not os.path.exists(_file())
    setting.change("http_timeout", 45)
    setting.change("download_images_folder", "圖片")
    setting.save()
    setting.restore()
    assert setting.load() == []
    assert (setting.http_timeout, setting.download_images_folder) == (45, "圖片")
    _keep(b'\xef\xbb\xbf{"http_timeout": 33}\r\n')  # by an editor of Windows
    assert setting.load() == [] and setting.http_timeout == 33


@pytest.mark.parametrize(
    "damage",
    ["{", "", "[]", "null", "3", b"\xff\xfe", "[" * 100_000, "x" * 2_000_000],
    ids=["cut", "empty", "list", "null", "number", "bytes", "deep", "long"],
)
def test_damaged_file_is_renamed_and_reported(damage):
    _keep(damage)
    (problem,) = setting.load()
    assert "damaged" in problem and f"{_file()}.damaged" in problem
    assert not os.path.exists(_file())
    with open(f"{_file()}.damaged", "rb") as kept:
        assert kept.read() == (damage if isinstance(damage, bytes) else damage.encode())
    assert setting.http_timeout == 20
    assert setting.load() == []


def test_invalid_values_in_a_file_are_reported_and_valid_ones_loaded():
    setting.change("http_max_retries", 7)
    _keep(
        json.dumps({"http_timeout": -1, "http_max_retries": "x", "gallery_cache_mb": 44, "new": 1})
    )
    first, second, where = setting.load()
    assert first.startswith("http_max_retries must be a whole number from 0 to 20, not 'x'.")
    assert second.startswith("http_timeout must be")
    assert first.endswith("The default is used instead: set it again.")
    assert _file() in where and f"{_file()}.damaged" in where
    assert (setting.http_timeout, setting.http_max_retries, setting.gallery_cache_mb) == (20, 3, 44)
    assert os.path.exists(_file())


def test_half_a_surrogate_pair_is_refused_and_the_old_value_stays():
    """JSON can carry one; a value cannot, and an unknown setting is kept as it is."""
    was = '{"download_images_folder": "/media/\\ud800", "proxy": "\\udfff", "http_timeout": 45'
    was += ', "of a newer \\ud800": "\\udc00"}'
    _keep(was)
    first, second, where = setting.load()
    assert first.startswith("download_images_folder must be text without invalid characters, not")
    assert second.startswith("proxy must be") and _file() in where
    assert (setting.download_images_folder, setting.proxy, setting.http_timeout) == ("", "", 45)
    for said in (first, second, where):
        said.encode()
    setting.save()
    assert setting.load() == [] and setting.http_timeout == 45
    with open(_file(), encoding="utf-8") as file:
        assert json.load(file)["of a newer \ud800"] == "\udc00"
    with open(f"{_file()}.damaged", encoding="utf-8") as kept:
        assert kept.read() == was


def test_unreadable_settings_file_is_reported_and_unchanged():
    os.makedirs(_file())
    (problem,) = setting.load()
    assert _file() in problem and "cannot be read" in problem
    os.rmdir(_file())
    _keep("{")
    os.makedirs(f"{_file()}.damaged")  # what is to be put in its place cannot be
    (problem,) = setting.load()
    assert "damaged" in problem and os.path.isfile(_file())


def test_failing_save_keeps_the_old_file_and_leaves_no_other(monkeypatch, tmp_path):
    setting.save()
    before = Path(_file()).read_bytes()

    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    setting.change("http_timeout", 99)
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", no_room)
        with pytest.raises(DiskError):
            setting.save()
    assert Path(_file()).read_bytes() == before
    assert sorted(os.listdir(setting.data_folder())) == ["locks", "settings.json"]
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CIVITAI_SHORTCUT_DATA", str(tmp_path / "file"))
    with pytest.raises(DiskError, match="cannot be written"):
        setting.save()


def test_key_is_stored_in_its_own_file_readable_by_the_owner_alone():
    os.makedirs(setting.data_folder())
    with open(host.find_key_file(), "w") as file:  # an older one that everyone may read
        file.write("old")
    os.chmod(host.find_key_file(), 0o644)
    setting.save_api_key("  abcdef0123  ")
    setting.save()
    assert setting.civitai_api_key == "abcdef0123"
    assert stat.S_IMODE(os.stat(host.find_key_file()).st_mode) == 0o600
    with open(_file()) as file:
        assert "abcdef0123" not in file.read()
    setting.civitai_api_key = ""
    assert setting.load() == []
    assert setting.civitai_api_key == "abcdef0123"


def test_key_in_the_environment_overrides_the_file(monkeypatch):
    setting.save_api_key("stored")
    monkeypatch.setenv("CIVITAI_API_KEY", " ofenv\n")
    setting.load()
    assert setting.civitai_api_key == "ofenv"
    setting.save_api_key("other")
    assert setting.civitai_api_key == "ofenv"
    monkeypatch.delenv("CIVITAI_API_KEY")
    setting.load()
    assert setting.civitai_api_key == "other"


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "鑰匙", "\x00", "x" * 1000])
def test_invalid_key_is_refused_and_the_old_one_stays_until_it_is_deleted(key):
    setting.save_api_key("abc")
    with pytest.raises(SettingError, match="not an API key"):
        setting.save_api_key(key)
    assert setting.civitai_api_key == "abc"
    for _ in range(2):
        setting.save_api_key("")
        assert not os.path.exists(host.find_key_file()) and setting.civitai_api_key == ""


def test_unreadable_key_file_is_reported_and_no_key_is_set():
    os.makedirs(setting.data_folder())
    Path(host.find_key_file()).write_bytes(b"\xff\xfe\x00")
    assert "no API key" in setting.load()[0]
    os.unlink(host.find_key_file())
    setting.civitai_api_key = "before"
    os.makedirs(host.find_key_file())
    (problem,) = setting.load()
    assert "API key cannot be read" in problem and setting.civitai_api_key == ""
    for key in ("", "abc"):
        with pytest.raises(DiskError):
            setting.save_api_key(key)


def test_base_url_is_read_from_the_environment_at_each_call(monkeypatch):
    assert setting.base_url() == "https://civitai.com"
    monkeypatch.setenv("CIVITAI_BASE_URL", "http://127.0.0.1:81/")
    assert setting.base_url() == "http://127.0.0.1:81"
    setting.change("civitai_host", "civitai.red")
    assert setting.base_url() == "http://127.0.0.1:81"
    monkeypatch.setenv("CIVITAI_BASE_URL", "")
    assert setting.base_url() == "https://civitai.red"
    with pytest.raises(SettingError):
        setting.change("civitai_host", "civitai.green")


def test_cached_and_saved_images_are_in_the_current_folders(monkeypatch, tmp_path):
    monkeypatch.setattr(setting, "shortcut_gallery_folder", str(tmp_path / "other"))
    url = "https://image.civitai.com/x/0123abcd-0123-0123-0123-0123456789ab/width=450/1.jpeg"
    path = setting.get_image_url_to_gallery_file(url)
    assert path == str(tmp_path / "other" / "0123abcd-0123-0123-0123-0123456789ab-450.jpeg")
    for url in ("https://h/../../etc/passwd", "https://h/a%2f..%2fb.png", "\0", ""):
        path = setting.get_image_url_to_gallery_file(url)
        assert os.path.dirname(os.path.abspath(path)) == setting.shortcut_gallery_folder
    usual = os.path.join(setting.data_folder(), "outputs", "download-images")
    assert setting.saved_images_folder() == usual
    setting.change("download_images_folder", os.path.join("~", "pictures"))
    assert setting.saved_images_folder() == os.path.join(os.path.expanduser("~"), "pictures")


def test_settings_stored_in_the_webui_by_an_older_version_are_moved_once(webui_options):
    _keep('{"http_timeout": 1}')  # of a version that wrote it and never read it
    webui_options[host.make_option_key("http_timeout")] = 77
    webui_options[host.make_option_key("gallery_cache_mb")] = 9
    webui_options.update({"http_max_retries": 9, "language": "x", "sd_model_checkpoint": "y"})
    (problem,) = setting.load()
    assert problem.startswith("gallery_cache_mb must be")
    assert (setting.http_timeout, setting.gallery_cache_mb) == (77, 2048)
    assert setting.http_max_retries == 3
    setting.change("http_timeout", 78)
    setting.save()
    for _ in range(2):
        setting.restore()
        assert setting.load() == [] and setting.http_timeout == 78
        webui_options.clear()  # a host may drop what nobody registers


def test_settings_on_the_webuis_settings_page_are_moved_once(webui_options):
    _keep('{"http_timeout": 78, "gallery_level": "None", "saved_in_host": true}')
    webui_options[host.make_option_key("gallery_level")] = "Soft"
    webui_options[host.make_option_key("model_folders")] = "/models"
    webui_options[host.make_option_key("http_timeout")] = 77  # of a version before
    assert setting.load() == []
    assert (setting.gallery_level, setting.http_timeout) == ("Soft", 78)
    setting.change("gallery_level", "Mature")
    setting.save()
    setting.restore()
    assert setting.load() == []
    assert (setting.gallery_level, setting.model_folders) == ("Mature", "/models")


def test_terminal_does_not_move_settings_of_the_webui(webui_options):
    _keep('{"saved_in_host": true}')
    webui_options[host.make_option_key("gallery_level")] = "Soft"
    with pytest.MonkeyPatch.context() as terminal:
        terminal.delitem(sys.modules, "modules.script_callbacks")
        terminal.setenv("CIVITAI_SHORTCUT_DATA", os.path.dirname(_file()))
        assert setting.load() == []
        setting.save()
    assert setting.load() == [] and setting.gallery_level == "Soft"


def test_webuis_settings_are_still_read_after_a_terminal_saved_in_the_same_folder(
    webui_options, monkeypatch
):
    setting.change("http_timeout", 78)
    setting.save()
    monkeypatch.setenv("CIVITAI_SHORTCUT_DATA", setting.data_folder())
    with monkeypatch.context() as terminal:
        terminal.delitem(sys.modules, "modules.script_callbacks")
        assert setting.load() == []
        setting.change("proxy", "http://127.0.0.1:8080")
        setting.save()
    setting.restore()
    assert setting.load() == []
    assert (setting.http_timeout, setting.proxy) == (78, "http://127.0.0.1:8080")


def test_settings_that_cannot_be_moved_stay_in_the_webui(webui_options, tmp_path):
    (tmp_path / "webui").write_text("")  # where the data folder would be
    webui_options[host.make_option_key("http_timeout")] = 77
    assert "cannot be written" in setting.load()[-1]
    assert setting.http_timeout == 77
