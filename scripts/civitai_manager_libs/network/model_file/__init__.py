"""The download of one model file: through Civitai's route, verified before it gets its name."""

from .expected_file import ModelChecks
from .download import ModelDownload, ModelSession

__all__ = ["ModelChecks", "ModelDownload", "ModelSession"]
