"""What a run did, while it runs and after: its report, observers, metrics, and advice from reports.

``report``  what a run did, per chunk and task, and in all
``run_monitor``  what the pipeline tells; it hands it on to
``observer``  who is told as it happens; ``record`` is the one behind the report
``metrics``  Prometheus, when switched on (``prometheus`` is the observer behind it)
``tuning``  what past reports say about the settings
"""

from lexicue.monitoring.report import (
    LimitStep,
    RunReport,
    RunTotals,
    ServerReport,
    TaskReport,
)

__all__ = ["LimitStep", "RunReport", "RunTotals", "ServerReport", "TaskReport"]
