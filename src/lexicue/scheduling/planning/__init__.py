"""Planning: what a server will hold, and what a job will do to it, before either is started.

The way of the data: a model's `shapes` (from the `catalogue` or `configs`), a GPU (`gpus`) and the
`server`'s flags make a memory `budget` and a cache `layout`; from these and the job's `work` comes
the `plan`.
"""

from lexicue.scheduling.planning.catalogue import find_model, known_models
from lexicue.scheduling.planning.configs import read_config, shape_from_config
from lexicue.scheduling.planning.gpus import Gpu, find_gpu, gpu_of, known_gpus
from lexicue.scheduling.planning.note import NoteRow, note_table
from lexicue.scheduling.planning.plan import (
    Estimate,
    Plan,
    Range,
    estimate,
    plan_estimated,
    plan_live,
)
from lexicue.scheduling.planning.server import LATEST_VERSION, ServerFlags, read_version
from lexicue.scheduling.planning.shapes import ModelShape
from lexicue.scheduling.planning.work import Job

__all__ = [
    "LATEST_VERSION",
    "Estimate",
    "Gpu",
    "Job",
    "ModelShape",
    "NoteRow",
    "Plan",
    "Range",
    "ServerFlags",
    "estimate",
    "find_gpu",
    "find_model",
    "gpu_of",
    "known_gpus",
    "known_models",
    "note_table",
    "plan_estimated",
    "plan_live",
    "read_config",
    "read_version",
    "shape_from_config",
]
