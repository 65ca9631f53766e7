"""What past runs say about the settings: ``lexicue tune``.

``reading``  reports from files
``evidence``  what they show, counted
``room``  how much the server holds at once
``waiting``  how long a video takes
``reckoning``  both, and what they make of other settings
``reasoning``  what follows for the settings
``notes``  what to know besides
``advice``  what is said of it
"""

from lexicue.monitoring.tuning.advice import Advice, Expectation, Recommendation
from lexicue.monitoring.tuning.evidence import Evidence
from lexicue.monitoring.tuning.reading import SetAside, collect_reports, read_report
from lexicue.monitoring.tuning.reasoning import advise

__all__ = [
    "Advice",
    "Evidence",
    "Expectation",
    "Recommendation",
    "SetAside",
    "advise",
    "collect_reports",
    "read_report",
]
