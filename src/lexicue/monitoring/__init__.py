"""What a run did: per chunk and task, and in all."""

from lexicue.monitoring.report import RunReport, RunTotals, TaskReport

__all__ = ["RunReport", "RunTotals", "TaskReport"]
