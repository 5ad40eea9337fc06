"""The host's options: values by key, kept in a `config.json` that every page can read."""

from __future__ import annotations

import argparse
import json
import os
from typing import Any

from . import paths

cmd_opts = argparse.Namespace(gradio_allowed_path=[], ckpt_dir=None)
config_filename = os.path.join(paths.data_path, "config.json")
demo: Any = None
latent_upscale_modes: dict[str, Any] = {}
sd_upscalers = [argparse.Namespace(name="Lanczos")]


class Options:
    def __init__(self) -> None:
        self.data: dict[str, Any] = {}
        self.data_labels: dict[str, Any] = {}
        if os.path.isfile(config_filename):
            with open(config_filename, encoding="utf-8") as file:
                self.data = json.load(file)

    def __getattr__(self, key: str) -> Any:
        data = self.__dict__.get("data", {})
        if key in data:
            return data[key]
        raise AttributeError(key)


opts = Options()
