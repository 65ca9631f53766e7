"""The design note's result shape."""

from __future__ import annotations

import json

from lexicue.vocabulary import Vocabulary

__all__ = ["as_compact"]


def as_compact(vocabulary: Vocabulary) -> str:
    """``{"words": {…}, "phrases": {…}}`` on one line."""
    return json.dumps(vocabulary.to_compact(), ensure_ascii=False) + "\n"
