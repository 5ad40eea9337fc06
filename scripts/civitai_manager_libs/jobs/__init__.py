"""Download jobs that survive a crash: stored in SQLite, queued, and run by workers."""

from .filename_template import FIELDS, fill_template, validate_template
from .job_client import choose_destination, choose_image_width, JobClient
from .job_records import add_received, Item, Job, JobOptions, JobState, ModelFileState
from .job_records import NamingContext, WalkReport, WalkState
from .job_texts import describe_file, describe_job, describe_problem, describe_progress
from .job_texts import describe_reasons, describe_report, describe_state, matches_words
from .making import check_plan, describe_cautions, describe_difference, keep_image
from .making import list_missing_names, make_recipe, propose_weights, MakeJob, MakeService
from .service import JobService
from .store import JobStore
from .walk import count_requests_to_verify
from .worker import JobWorker

__all__ = ["add_received", "choose_destination", "choose_image_width", "count_requests_to_verify"]
__all__ += ["describe_file", "describe_job", "describe_problem", "describe_progress"]
__all__ += ["describe_reasons", "describe_report", "describe_state", "FIELDS", "fill_template"]
__all__ += ["Item", "Job", "JobClient", "JobOptions", "JobService", "JobState", "JobStore"]
__all__ += ["JobWorker", "check_plan", "describe_cautions", "describe_difference", "keep_image"]
__all__ += ["list_missing_names", "make_recipe", "propose_weights", "MakeJob", "MakeService"]
__all__ += ["matches_words", "ModelFileState", "NamingContext", "validate_template", "WalkReport"]
__all__ += ["WalkState"]
