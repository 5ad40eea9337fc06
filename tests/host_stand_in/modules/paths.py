"""Where the host's data is."""

from __future__ import annotations

import os

data_path = os.environ["STAND_IN_DATA"]
script_path = data_path
models_path = os.path.join(data_path, "models")
