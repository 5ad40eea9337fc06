"""Where most hosts have their "Send to ..." buttons; in SD.Next it is an empty stub."""

from __future__ import annotations

import os

if "STAND_IN_OLD_NAME" not in os.environ:
    from .paste import (  # noqa: F401
        add_paste_fields,
        connect_paste_params_buttons,
        create_buttons,
        ParamBinding,
        paste_fields,
        register_paste_params_button,
        reset,
    )
