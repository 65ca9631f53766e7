"""Credits and advertisements: lines of whoever made the subtitles, not of the video."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["without_credits"]

_MOST_WORDS = 10
_NOUNS = (
    r"(?:english )?(?:subtitles?|(?:closed )?captions?|subtitling|captioning|sync(?:ed)?|resync"
    r"|ripped|encoded|timing)"
)
_DEEDS = (
    r"(?:Subtitled|Captioned|Transcri(?:bed|pt|pts|ption)|Translat(?:ed|ion|ions)"
    r"|Synchroni[sz](?:ed|ation)|Correct(?:ed|ions)|Timed|Adapted|Provided)"
)
_ALSO = rf"(?i:(?:[ ,&/]+(?:and )?(?:{_NOUNS}|{_DEEDS})){{0,4}})"
# A deed needs its capital, since "translated by Google" may be half a spoken sentence. What
# follows "by" is a name, an address or nothing, for "captions by themselves" is speech.
_CREDIT = re.compile(
    rf"[^\w]*(?:(?i:{_NOUNS})|{_DEEDS}|{_DEEDS.upper()}){_ALSO}"
    r"(?i: (?:made )?by\b:?)(?= *(?:$|[A-Z0-9@<\"“'‘]|https?:|www\.|[^\s.,?!]+$))"
)
_ADVERT = re.compile(
    r"(?i)(?:https?://|www\.)\S+$"
    r"|[^\w]*downloaded from\b(?=\s*(?:$|\S+[.]\S+$|www|https?:))"
    r"|.*\b(?:opensubtitles|addic7ed|subscene)\.(?:org|com)\b"
    r"|[^\w]*advertise your product or brand here"
    r"|.*\bamara\.org community\b"
    r"|[^\w]*support us and become (?:a )?vip member"
)
_TELLTALE = re.compile(
    r"(?i)\bby\b|https?:|www\.|downloaded|opensubtitles|addic7ed|subscene|advertise|amara|vip"
)
_NAME_TO_COME = re.compile(r"(?i).*\b(?:by|from):?\s*$")


def without_credits(text: str) -> str:
    """The lines of a cue but for those that tell who made the subtitles, or advertise.

    A web address that is a line of its own goes; one within a sentence is speech.
    """
    if not _TELLTALE.search(text):
        return text
    return "\n".join(_spoken(text.split("\n")))


def _spoken(lines: Sequence[str]) -> list[str]:
    kept: list[str] = []
    name_to_come = False
    for line in lines:
        if _is_credit(line):
            name_to_come = _NAME_TO_COME.match(line) is not None
        elif name_to_come:
            name_to_come = False
        else:
            kept.append(line)
    return kept


def _is_credit(line: str) -> bool:
    if _ADVERT.match(line):
        return True
    return line.count(" ") < _MOST_WORDS and _CREDIT.match(line) is not None
