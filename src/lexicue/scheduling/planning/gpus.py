"""GPUs by name: the memory that CUDA shows on each.

It is less than the number on the box, and less than ``nvidia-smi`` shows: an A10G of 24 GB has
23,028 MiB there and 22.06 GiB for CUDA. vLLM takes its share of the last.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from lexicue.errors import InputError

__all__ = ["Gpu", "find_gpu", "gpu_of", "known_gpus"]

_LARGE_GIB = 70.0
"""From here on vLLM's own defaults are those of a large GPU."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU, or one of several alike.

    Attributes:
        name: to show.
        gib: memory that CUDA shows, GiB.
        logged: whether `gib` was read off a server's log; else it is typical, to about 1 %.
        is_ampere_or_older: vLLM gives an A100 of 80 GB the defaults of a small GPU.
    """

    name: str
    gib: float
    logged: bool = False
    is_ampere_or_older: bool = False

    @property
    def is_large(self) -> bool:
        """Whether vLLM takes its larger defaults on it (H100, H200, B200 …)."""
        return self.gib >= _LARGE_GIB and not self.is_ampere_or_older


_GPUS = (
    Gpu("T4", 14.58, is_ampere_or_older=True),
    Gpu("V100-16GB", 15.77, is_ampere_or_older=True),
    Gpu("V100-32GB", 31.74, logged=True, is_ampere_or_older=True),
    Gpu("RTX 2080 Ti", 10.75, is_ampere_or_older=True),
    Gpu("RTX 3060", 11.76, is_ampere_or_older=True),
    Gpu("RTX 3090", 23.58, logged=True, is_ampere_or_older=True),
    Gpu("RTX 4060 Ti 16GB", 15.60),
    Gpu("RTX 4070 Ti SUPER", 15.60),
    Gpu("RTX 4080", 15.60),
    Gpu("RTX 4090", 23.53),
    Gpu("RTX 5080", 15.47),
    Gpu("RTX 5090", 31.36),
    Gpu("A10", 22.06, is_ampere_or_older=True),
    Gpu("A10G", 22.06, logged=True, is_ampere_or_older=True),
    Gpu("A30", 23.49, is_ampere_or_older=True),
    Gpu("L4", 22.03),
    Gpu("A40", 44.35, is_ampere_or_older=True),
    Gpu("RTX A5000", 23.58, is_ampere_or_older=True),
    Gpu("RTX A6000", 47.41, is_ampere_or_older=True),
    Gpu("RTX 6000 Ada", 47.38),
    Gpu("RTX PRO 6000", 94.97),
    Gpu("L40", 44.39),
    Gpu("L40S", 44.52, logged=True),
    Gpu("A100-40GB", 39.4, logged=True, is_ampere_or_older=True),
    Gpu("A100-80GB", 79.25, is_ampere_or_older=True),
    Gpu("H100", 79.19, logged=True),
    Gpu("H100-NVL", 93.1),
    Gpu("GH200", 94.5),
    Gpu("H20", 95.1),
    Gpu("H200", 139.81, logged=True),
    Gpu("B200", 178.35),
)

_ALIASES = {
    "h10080": "H100",
    "h20141": "H200",
    "h200141": "H200",
    "a100": "A100-40GB",
    "v100": "V100-32GB",
    "a1024": "A10",
    "a10g24": "A10G",
    "l424": "L4",
    "l40s48": "L40S",
    "t416": "T4",
    "b200192": "B200",
    "h100nvl94": "H100-NVL",
    "rtxpro6000blackwell": "RTX PRO 6000",
}

_DECORATION = re.compile(
    r"nvidia|tesla|geforce|sxm\d*|pcie|hbm\w*|generation|server|workstation|edition|gi?b|[^a-z0-9]"
)


def find_gpu(name: str) -> Gpu:
    """A GPU by its name, as sold or as ``nvidia-smi`` shows it.

    Raises:
        InputError: not in the table; names the closest ones.
    """
    table = {_key(gpu.name): gpu for gpu in _GPUS}
    table |= {_key(alias): table[_key(known)] for alias, known in _ALIASES.items()}
    table |= {key.removeprefix("rtx"): gpu for key, gpu in table.items() if key != "rtxa6000"}
    key = _key(name)
    if key not in table:
        close = difflib.get_close_matches(key, table, n=3)
        names = ", ".join(table[each].name for each in close) or ", ".join(known_gpus())
        raise InputError(f"--gpu {name}: not in the table (known: {names}); give --gpu-gib instead")
    return table[key]


def gpu_of(name: str | None, gib: float | None) -> Gpu:
    """The GPU that was asked for by name, by its memory, or by both; the memory then counts.

    Raises:
        InputError: neither is given, the name is unknown, or the memory is no memory.
    """
    if gib is None:
        if name is None:
            raise InputError("which GPU? give --gpu NAME, or --gpu-gib with what CUDA shows")
        return find_gpu(name)
    if not 0 < gib < 10_000:
        raise InputError(f"--gpu-gib {gib:g}: is no GPU's memory")
    old = re.search(r"a100|v100|t4|a10|a30|a40|30\d0", (name or "").lower()) is not None
    return Gpu(name or f"{gib:g} GiB", gib, logged=True, is_ampere_or_older=old)


def known_gpus() -> tuple[str, ...]:
    """Every name in the table."""
    return tuple(gpu.name for gpu in _GPUS)


def _key(name: str) -> str:
    return _DECORATION.sub("", name.lower())
