"""Where a WebUI has its things."""

import os

script_path = data_path = os.environ["STAND_IN_DATA"]
models_path = os.path.join(data_path, "models")
