"""One JSON object with everything; see ``docs/reference/json.md``."""

from __future__ import annotations

import json

from lexicue.vocabulary import Vocabulary

__all__ = ["as_json"]


def as_json(vocabulary: Vocabulary) -> str:
    """The vocabulary as an indented JSON object."""
    return json.dumps(vocabulary.to_dict(), ensure_ascii=False, indent=1) + "\n"
