"""HTTP around the routes: access, threads, JSON and file responses."""

from .csrf import CrossSiteGuard, find_lock_reason, is_from_this_machine
from .endpoint import Endpoints, RemoteWork, RequestContext
from .file_response import file_response
from .idle_connections import IdleConnections
from .login import Login
from .responses import ApiError, bytes_response, error_sentence, request_language
from .views import (
    annotation_view,
    format_iso_time,
    image_links,
    image_view,
    model_card,
    model_view,
    resource_view,
)

__all__ = ["annotation_view", "ApiError", "bytes_response", "CrossSiteGuard", "Endpoints"]
__all__ += ["error_sentence", "file_response", "find_lock_reason", "format_iso_time"]
__all__ += ["IdleConnections", "image_links", "image_view", "is_from_this_machine", "Login"]
__all__ += ["model_card", "model_view", "RemoteWork", "request_language", "RequestContext"]
__all__ += ["resource_view"]
