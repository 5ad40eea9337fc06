"""What the HTTP client is made of: requests, sessions, limits, retries and downloads."""

from . import responses
from .connections import is_private_url
from .download import FetchedFile, FileDownload, FileOptions, Progress, Target
from .engine_client import EngineClient, EngineReply, ReplyLimits
from .limiter import HostLimiter, HostLimiters
from .model_route import ExpectedFile
from .parallel_download import ModelDownload
from .proxies import bypass_proxies_for, validate_proxy
from .retries import RetryLoop
from .session import ApiClient, HttpSession, ONE_TRY, OutgoingRequest, prepare_request, SendOptions

__all__ = ["ApiClient", "EngineClient", "EngineReply", "FetchedFile", "FileDownload", "FileOptions"]
__all__ += ["HostLimiter", "HostLimiters", "HttpSession", "ExpectedFile", "ModelDownload"]
__all__ += ["ONE_TRY", "OutgoingRequest", "prepare_request", "Progress", "responses", "RetryLoop"]
__all__ += ["is_private_url", "ReplyLimits", "SendOptions", "Target", "bypass_proxies_for"]
__all__ += ["validate_proxy"]
