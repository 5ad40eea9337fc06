"""HTTP around the routes: access, threads, JSON and file responses."""

from .csrf import CrossSiteGuard, is_from_this_machine, lock_reason
from .endpoint import Endpoints, LAST_ID, RemoteWork, RequestContext
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
__all__ += ["file_response", "format_iso_time", "IdleConnections", "image_links", "image_view"]
__all__ += ["is_from_this_machine", "LAST_ID", "lock_reason", "Login", "model_card", "model_view"]
__all__ += ["RemoteWork", "request_language", "RequestContext", "resource_view"]
