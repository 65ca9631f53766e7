"""Sentences of a transcript, over cue boundaries.

A sentence ends at its punctuation, where another speaker begins, or, in speech without
punctuation, at a pause. Ranges leave out the white space between sentences and together cover
everything else.
"""

from __future__ import annotations

import regex

from lexicue.model import Sentence, Transcript

__all__ = ["MAX_SENTENCE_CHARS", "split_sentences"]

MAX_SENTENCE_CHARS = 400
"""Characters (about 75 English words) past which a sentence is taken to be unpunctuated speech.

Nobody studies a longer one on a card; the longest punctuated sentences of the talks we tried are
shorter but for a handful."""

_BOUNDARY = regex.compile(
    r"""
    \n                                                  # another speaker
  | [。！？｡．]+ [\p{Pf}\p{Pe}"']*                       # ends without a space in CJK
  | (?P<mark> [.!?…؟۔।॥።]+ ) [\p{Pf}\p{Pe}"'*]* (?=\s)   # ends before a space elsewhere
    """,
    regex.VERBOSE,
)

_LAST_WORD = regex.compile(r"[\p{L}\p{N}.'’]+\Z")

_TITLES = frozenset("mr mrs ms dr prof st sen rep gov gen col lt sgt capt rev hon mt".split())
"""Before a name, so never the end of a sentence."""

_ABBREVIATIONS = frozenset("vs e.g i.e cf fig vol approx dept est viz".split())
"""Hardly ever the last word of a sentence."""

_SENTENCE_STARTERS = frozenset(
    "i he she it we they you this that these those the a an and but so or if when then there "
    "what who how why where in on at my our his her their".split()
)
"""After "U.S." or "p.m.", these in capitals begin a new sentence; a name may go on."""

_CLAUSE_END = regex.compile(r"[,;:—–、，]\s*")


def split_sentences(transcript: Transcript) -> list[Sentence]:
    """The sentences of a transcript, in order, as ranges of its text.

    "Mr. Kim" stays whole, "Wait... what?" is one sentence as its second half is lower case, and a
    stretch of more than `MAX_SENTENCE_CHARS` without an end is cut at its longest pauses.
    """
    text = transcript.text
    sentences: list[Sentence] = []
    start = 0
    for boundary in _BOUNDARY.finditer(text):
        if _ends_sentence(text, boundary):
            _add(sentences, transcript, start, boundary.end())
            start = boundary.end()
    _add(sentences, transcript, start, len(text))
    return sentences


def _ends_sentence(text: str, boundary: regex.Match[str]) -> bool:
    mark = boundary["mark"]
    if mark is None:
        return True
    following = _first_character_of_next(text, boundary.end())
    if following.islower():
        return False
    return mark != "." or not _is_abbreviation(text, boundary.start(), boundary.end())


def _first_character_of_next(text: str, end: int) -> str:
    """The first letter or digit after white space and opening quotes."""
    for character in text[end : end + 8]:
        if character.isalnum():
            return character
    return ""


def _is_abbreviation(text: str, dot: int, end: int) -> bool:
    last = _LAST_WORD.search(text, max(0, dot - 12), dot)
    if last is None:
        return False
    said, word = last[0], last[0].lower()
    if word in _TITLES or word in _ABBREVIATIONS:
        return True
    initial = len(said) == 1 and said.isupper() and said != "I"  # "J. Smith", not "plan B. Then"
    if initial or "." in word.strip("."):  # "U.S", "p.m"
        following = regex.match(r"\s*([\p{L}']+)", text[end : end + 20])
        return following is not None and following[1].lower() not in _SENTENCE_STARTERS
    return False


def _add(sentences: list[Sentence], transcript: Transcript, start: int, end: int) -> None:
    text = transcript.text
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start == end:
        return
    if end - start <= MAX_SENTENCE_CHARS:
        sentences.append(Sentence(start, end))
    else:
        sentences.extend(_cut_at_pauses(transcript, Sentence(start, end)))


def _cut_at_pauses(transcript: Transcript, sentence: Sentence) -> list[Sentence]:
    """Cut an endless sentence at cue boundaries: the longest pause first, near the middle."""
    pending = [sentence]
    done: list[Sentence] = []
    while pending:
        piece = pending.pop()
        cut = _best_cut(transcript, piece) if piece.end - piece.start > MAX_SENTENCE_CHARS else None
        if cut is None:
            done.append(piece)
            continue
        before, after = cut
        pending += [Sentence(after, piece.end), Sentence(piece.start, before)]
    return done


def _best_cut(transcript: Transcript, piece: Sentence) -> tuple[int, int] | None:
    """Where one part ends and the next begins, or None without a cue boundary inside.

    Every 100 characters off the middle weigh as much as 200 ms of pause, so that parts stay
    comparable in length; a clause end weighs as much as half a second.
    """
    middle = (piece.start + piece.end) / 2
    best: tuple[float, int, int] | None = None
    for before, after, pause_ms in _cue_boundaries(transcript, piece):
        clause = 500 if _CLAUSE_END.match(transcript.text, before - 1) else 0
        score = pause_ms + clause - abs(before - middle) * 2
        if best is None or score > best[0]:
            best = (score, before, after)
    return None if best is None else best[1:]


def _cue_boundaries(transcript: Transcript, piece: Sentence) -> list[tuple[int, int, int]]:
    """(end of a cue's text, start of the next one's, pause in ms) for each inside the piece."""
    cues = transcript.spoken_cues
    number = transcript.spoken_number_at(piece.start)
    boundaries = []
    while number + 1 < len(cues):
        before = transcript.cue_start(number) + len(cues[number].text)
        after = transcript.cue_start(number + 1)
        if after >= piece.end:
            break
        boundaries.append((before, after, cues[number + 1].start_ms - cues[number].end_ms))
        number += 1
    return boundaries
