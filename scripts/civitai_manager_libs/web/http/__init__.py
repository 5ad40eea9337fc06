"""HTTP around the routes: access, threads, JSON and file responses."""

from .endpoint import (
    ApiRoute,
    Endpoints,
    format_iso_time,
    make_annotation_view,
    make_image_links,
    make_image_view,
    make_model_card,
    make_model_view,
    make_resource_view,
    RemoteWork,
    RequestContext,
    SMALL_BODY,
)
from .guard import CrossSiteGuard, find_lock_reason, is_from_this_machine, Login
from .replies import ApiError, explain_error, find_language, make_bytes_response, make_file_response

__all__ = ["ApiError", "ApiRoute", "CrossSiteGuard", "Endpoints", "explain_error", "find_language"]
__all__ += ["find_lock_reason", "format_iso_time", "is_from_this_machine"]
__all__ += ["Login", "make_annotation_view", "make_bytes_response", "make_file_response"]
__all__ += ["make_image_links", "make_image_view", "make_model_card", "make_model_view"]
__all__ += ["make_resource_view", "RemoteWork", "RequestContext", "SMALL_BODY"]
