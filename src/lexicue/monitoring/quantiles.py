"""Quantiles of what was measured."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["quantile"]


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed; 0.0 of none.

    By nearest rank, so that it is always a value that was measured.

    Args:
        values: in any order.
        share: 0.5 for the median, 0.95 for the 95th percentile.
    """
    if not values:
        return 0.0
    rank = max(1, math.ceil(share * len(values)))
    return sorted(values)[rank - 1]
