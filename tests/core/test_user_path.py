"""The path of a folder as typed by the user, on Windows and elsewhere."""

import ntpath
import os
import types

import pytest
from civitai_manager_libs.core import safe_open
from civitai_manager_libs.core.safe_open import expand_folder


@pytest.mark.parametrize(
    "typed,path",
    [
        ("C:\\pictures", "C:\\pictures"),
        ('"C:\\my pictures"', "C:\\my pictures"),
        ("D:/pictures ", "D:/pictures"),
        ("\\\\nas\\share\\pictures", "\\\\nas\\share\\pictures"),
        ("~\\pictures", "C:\\Users\\me\\pictures"),
        ("%LOCALAPPDATA%\\pictures", "C:\\Users\\me\\AppData\\Local\\pictures"),
        ("%NOWHERE%\\pictures", "%NOWHERE%\\pictures"),
        ("", ""),
    ],
)
def test_windows_variables_and_quotes_are_expanded(monkeypatch, typed, path):
    monkeypatch.setenv("USERPROFILE", "C:\\Users\\me")
    monkeypatch.setenv("LOCALAPPDATA", "C:\\Users\\me\\AppData\\Local")
    monkeypatch.setattr(safe_open, "os", types.SimpleNamespace(name="nt", path=ntpath))
    assert expand_folder(typed) == path
    assert ntpath.isabs(expand_folder(typed)) == (path[1:2] in (":", "\\"))


@pytest.mark.posix
def test_percent_signs_are_kept_on_other_systems(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("LOCALAPPDATA", "x")
    assert expand_folder("~/%LOCALAPPDATA%") == os.path.join("/home/me", "%LOCALAPPDATA%")
