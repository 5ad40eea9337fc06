"""What the HTTP client is made of: requests, sessions, limits, retries and downloads."""

from . import responses
from .api_client import ApiClient
from .download import FetchedFile, FileDownload, FileOptions, Progress, Target
from .limiter import HostLimiter, HostLimiters
from .model_file import ExpectedFile, ModelDownload, ModelSession
from .request import ONE_TRY, OutgoingRequest, prepare_request, SendOptions
from .retry_loop import RetryLoop
from .session import HttpSession

__all__ = ["ApiClient", "FetchedFile", "FileDownload", "FileOptions", "HostLimiter"]
__all__ += ["HostLimiters", "HttpSession", "ExpectedFile", "ModelDownload", "ModelSession"]
__all__ += ["ONE_TRY", "OutgoingRequest", "prepare_request", "Progress", "responses", "RetryLoop"]
__all__ += ["SendOptions", "Target"]
