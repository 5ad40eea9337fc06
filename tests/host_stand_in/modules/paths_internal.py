from __future__ import annotations

import os

from .paths import data_path

extensions_dir = os.path.join(data_path, "extensions")
default_output_dir = os.path.join(data_path, "outputs")
