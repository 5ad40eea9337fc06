"""The settings that all extensions share, and the command line's."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from typing import Any

cmd_opts = argparse.Namespace(no_gradio_queue=bool(os.environ.get("STAND_IN_NO_QUEUE")))


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
        self.default, self.label, self.onchange, self.section = default, label, onchange, section
        self.component, self.component_args = component, component_args


class Options:
    def __init__(self) -> None:
        self.data: dict[str, Any] = {}
        self.data_labels: dict[str, OptionInfo] = {}

    def add_option(self, key: str, info: OptionInfo) -> None:
        self.data_labels[key] = info
        self.data.setdefault(key, info.default)

    def set(self, key: str, value: Any) -> None:
        """As the settings page does it."""
        self.data[key] = value
        onchange = self.data_labels[key].onchange
        if onchange is not None:
            onchange()


opts = Options()
