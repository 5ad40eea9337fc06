"""The same under the name that SD.Next has kept."""

from .paste import *  # noqa: F401, F403
