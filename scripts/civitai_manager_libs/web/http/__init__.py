"""HTTP around the routes: access, threads, JSON and file responses."""

from .csrf import CrossSiteGuard, is_from_this_machine
from .endpoint import Endpoints, LAST_ID, RemoteWork, RequestContext
from .file_response import file_response
from .idle_connections import IdleConnections
from .login import Login
from .permissions import lock_reason
from .responses import ApiError, error_sentence, request_language
from .views import (
    annotation_view,
    format_iso_time,
    image_links,
    image_view,
    model_card,
    model_view,
    resource_view,
)

__all__ = [
    "RequestContext",
    "RemoteWork",
    "Endpoints",
    "IdleConnections",
    "LAST_ID",
    "Login",
    "CrossSiteGuard",
    "ApiError",
    "model_card",
    "format_iso_time",
]
__all__ += [
    "file_response",
    "image_links",
    "image_view",
    "is_from_this_machine",
    "lock_reason",
    "model_view",
]
__all__ += ["annotation_view", "request_language", "resource_view", "error_sentence"]
