"""HTTP around the routes: access, threads, JSON and file responses."""

from .csrf import CrossSiteGuard, find_lock_reason, is_from_this_machine
from .endpoint import Endpoints, RemoteWork, RequestContext
from .file_response import file_response
from .idle_connections import IdleConnections
from .login import Login
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

__all__ = ["annotation_view", "ApiError", "CrossSiteGuard", "Endpoints", "error_sentence"]
__all__ += ["file_response", "find_lock_reason", "format_iso_time", "IdleConnections"]
__all__ += ["image_links", "image_view", "is_from_this_machine", "Login", "model_card"]
__all__ += ["model_view", "RemoteWork", "request_language", "RequestContext", "resource_view"]
