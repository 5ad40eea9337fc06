"""HTTP around the routes: access, threads, JSON and file responses."""

from .contract import ApiRoute, change_route, MB, Most, remote_route, RemoteWork, route, ROUTES
from .endpoint import Endpoints, RequestContext
from .guard import CrossSiteGuard, find_lock_reason, is_from_this_machine, is_loopback, is_owner
from .guard import LockReason
from .login import Login
from .replies import ApiError, ErrorDetails, explain_error, find_language, make_bytes_response
from .replies import make_file_response, Note

__all__ = ["ApiError", "ApiRoute", "change_route", "CrossSiteGuard", "Endpoints", "ErrorDetails"]
__all__ += ["explain_error", "find_language", "find_lock_reason", "is_from_this_machine"]
__all__ += ["is_loopback", "is_owner", "LockReason", "Login", "make_bytes_response"]
__all__ += ["make_file_response", "MB", "Most", "Note", "remote_route", "RemoteWork"]
__all__ += ["RequestContext", "route", "ROUTES"]
