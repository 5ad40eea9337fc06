"""The same under the name that SD.Next has kept."""

from __future__ import annotations

from .paste import (  # noqa: F401
    add_paste_fields,
    connect_paste_params_buttons,
    create_buttons,
    ParamBinding,
    paste_fields,
    register_paste_params_button,
    reset,
)
