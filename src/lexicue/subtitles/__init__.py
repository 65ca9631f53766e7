"""Reading subtitles, in any format and encoding, into a `Transcript`.

The way of a file: `reading` fetches it, `decoding` makes text of its bytes, `formats` knows its
syntax, `speech` keeps what is said, and `assembly` puts the cues in order.
"""

from __future__ import annotations

from lexicue.subtitles.reading import (
    MAX_BYTES,
    read,
    read_bytes,
    read_file,
    read_stdin,
    read_text,
)

__all__ = [
    "MAX_BYTES",
    "read",
    "read_bytes",
    "read_file",
    "read_stdin",
    "read_text",
]
