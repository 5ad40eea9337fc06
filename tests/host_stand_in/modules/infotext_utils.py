"""Where most hosts have their "Send to ..." buttons; in SD.Next it is an empty stub."""

import os

if "STAND_IN_OLD_NAME" not in os.environ:
    from .paste import *  # noqa: F401, F403
