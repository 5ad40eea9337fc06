"""The host's options: typed values by key, kept in a `config.json` that every page can read."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from typing import Any

from . import paths

cmd_opts = argparse.Namespace(gradio_allowed_path=[], ckpt_dir=None)
config_filename = os.path.join(paths.data_path, "config.json")
demo: Any = None


class OptionInfo:
    def __init__(
        self,
        default: Any = None,
        label: str = "",
        component: Any = None,
        component_args: Any = None,
        onchange: Callable[[], None] | None = None,
        section: tuple[str, str] | None = None,
    ) -> None:
        self.default, self.label, self.onchange = default, label, onchange
        self.component, self.component_args, self.section = component, component_args, section


class Options:
    def __init__(self) -> None:
        self.data: dict[str, Any] = {}
        self.data_labels: dict[str, OptionInfo] = {}
        if os.path.isfile(config_filename):
            with open(config_filename, encoding="utf-8") as file:
                self.data = json.load(file)

    def add_option(self, key: str, info: OptionInfo) -> None:
        self.data_labels[key] = info
        self.data.setdefault(key, info.default)

    def __getattr__(self, key: str) -> Any:
        data = self.__dict__.get("data", {})
        if key in data:
            return data[key]
        raise AttributeError(key)

    def set(self, key: str, value: Any) -> None:
        """As the settings page does: typed as the default is, then whoever listens is told."""
        info = self.data_labels[key]
        before = self.data.get(key)
        self.data[key] = type(info.default)(value)
        if info.onchange is not None and self.data[key] != before:
            info.onchange()

    def save(self, filename: str) -> None:
        with open(filename, "w", encoding="utf-8") as file:
            json.dump(self.data, file)


opts = Options()
