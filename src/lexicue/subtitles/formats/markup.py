"""Tags, overrides and entities in the text of SRT and WebVTT cues."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from html.entities import html5
from itertools import groupby
from operator import attrgetter

from lexicue.subtitles.decoding import tidy
from lexicue.subtitles.raw import Passage

__all__ = ["passages"]

_NAMES = "font|span|ruby|lang|strong|em|br|rt|rp|i|b|u|s|c|v|p"
# A "<" that no pattern below claims is text: "2 < 3", "I <3 you", titles in Korean quotes.
_TAG = re.compile(
    rf"""
    (
      </?[A-Za-z][^<>\n]*>                                 # <i>  </font>  <v.loud Mary>
    | <[ ]{{0,3}}(?:/[ ]{{0,3}})?(?:{_NAMES})[ ]{{0,3}}/?> # < i >  < / i >
    | <[ ]{{1,3}}font\b[^<>\n]*>
    | <[ ]{{0,3}}[a-z]?\d[\d:.,]{{2,30}}[ ]{{0,3}}>        # <00:00:01.000>
    | </?>
    | </?(?:{_NAMES})(?:\.[^\s<>]*)?(?![^ \n])             # cut short: "<c It's a tree!"
    | <\d+:[\d:.,]{{2,30}}(?![^ \n])
    | \{{\\[^{{}}\n]*\}}                                   # {{\an8}}
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_NAME = re.compile(r"<[ ]*(/?)[ ]*([a-z]*)(?:\.[^\s>]*)?\s*([^>]*)", re.IGNORECASE)
_ENTITY = re.compile(r"&(#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]\w{1,30});")
_MARKUP = re.compile(r"[<{&\\]")


def passages(markup: str) -> tuple[Passage, ...]:
    """What a cue shows, by voice.

    Tags and ``{\\an8}`` go, entities become characters, ``<br>`` and ``\\N`` break lines, the
    reading in ``<rt>`` goes and its base stays, and ``<v Mary>`` tells the voice.
    """
    if not _MARKUP.search(markup):
        text = _lines(markup)
        return (Passage(text),) if text else ()
    return tuple(_merged(_voiced(_TAG.split(markup.replace("\\N", "\n")))))


def _voiced(pieces: list[str]) -> Iterator[Passage]:
    """Passages, of pieces that are text and tag by turns; neighbours may share a voice."""
    voice: str | None = None
    in_ruby = in_reading = False
    text: list[str] = []
    for number, piece in enumerate(pieces):
        if number % 2 == 0:
            if not in_reading:
                text.append(piece)
            continue
        closing, name, annotation = _tag(piece)
        if name == "v":
            yield Passage("".join(text), voice)
            text = []
            voice = None if closing else _plain(annotation) or None
        elif name == "br":
            text.append("\n")
        elif name == "ruby":
            in_ruby, in_reading = not closing, False
        elif name in ("rt", "rp"):
            in_reading = in_ruby and not closing
    yield Passage("".join(text), voice)


def _tag(tag: str) -> tuple[bool, str, str]:
    match = _NAME.match(tag)
    if match is None:
        return False, "", ""
    slash, name, annotation = match.groups()
    return bool(slash), name.lower(), annotation


def _merged(voiced: Iterator[Passage]) -> Iterator[Passage]:
    spoken = (Passage(text, voice) for raw, voice in voiced if (text := _lines(raw)))
    for voice, group in groupby(spoken, key=attrgetter("voice")):
        yield Passage("\n".join(passage.text for passage in group), voice)


def _lines(text: str) -> str:
    """The lines that are not blank, each as plain text."""
    if "\n" not in text:
        return _plain(text)
    return "\n".join(filter(None, map(_plain, text.split("\n"))))


def _plain(text: str) -> str:
    """Entities as characters, spaces of any kind as single ones."""
    if "&" in text:
        text = tidy(_ENTITY.sub(_character, text))
    return " ".join(text.split())


def _character(entity: re.Match[str]) -> str:
    name = entity[1]
    # html.unescape() alone would make "¬hing;" of "&nothing;".
    return html.unescape(entity[0]) if name[0] == "#" else html5.get(f"{name};", entity[0])
