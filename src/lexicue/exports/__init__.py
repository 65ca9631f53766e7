"""What a vocabulary is written as: one file a format."""

from lexicue.exports.formats import FORMATS, Format, export

__all__ = ["FORMATS", "Format", "export"]
