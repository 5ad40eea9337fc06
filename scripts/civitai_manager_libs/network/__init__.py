"""What the HTTP client is made of: requests, sessions, limits, retries and downloads."""

from . import responses
from .download import FetchedFile, FileDownload, FileOptions, Progress, Target
from .limiter import HostLimiter, HostLimiters
from .model_file import ModelChecks, ModelDownload, ModelSession
from .request import OutgoingRequest, prepare_request, SendOptions
from .retry import RetryLoop
from .session import HttpSession

__all__ = ["FetchedFile", "FileDownload", "FileOptions", "HostLimiter", "HostLimiters"]
__all__ += ["HttpSession", "ModelChecks", "ModelDownload", "ModelSession"]
__all__ += ["OutgoingRequest", "prepare_request", "Progress", "responses", "RetryLoop"]
__all__ += ["SendOptions", "Target"]
