"""The download of one model file: through Civitai's route, verified before it gets its name."""

from .expected_file import ExpectedFile
from .download import ModelDownload, ModelSession

__all__ = ["ExpectedFile", "ModelDownload", "ModelSession"]
