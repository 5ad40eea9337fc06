"""HTTP for the routes: who may ask, in which thread it is answered, answers as JSON and files."""

from .connection_limits import Connections
from .csrf import is_from_this_machine, OwnPageOnly
from .endpoint import Asked, Far, Gate, LAST_ID
from .file_response import file_answer
from .log_throttle import OnceAMinute
from .login import Login
from .permissions import lock_of
from .responses import Refusal, request_language, sentence
from .views import card, day_of, image_links, image_view, model_view, own_view, resource_view

__all__ = [
    "Asked",
    "Connections",
    "Far",
    "Gate",
    "LAST_ID",
    "Login",
    "OnceAMinute",
    "OwnPageOnly",
    "Refusal",
    "card",
    "day_of",
]
__all__ += [
    "file_answer",
    "image_links",
    "image_view",
    "is_from_this_machine",
    "lock_of",
    "model_view",
]
__all__ += ["own_view", "request_language", "resource_view", "sentence"]
