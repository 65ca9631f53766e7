"""The phrases task: the phrases found in an analysed chunk, one candidate each."""

from __future__ import annotations

from collections import defaultdict

from lexicue.engines.lexical.analysis import Analysis
from lexicue.lexicon import PhraseEntry
from lexicue.model import Candidate, Mention

__all__ = ["phrase_candidates"]


def phrase_candidates(analysis: Analysis) -> tuple[Candidate, ...]:
    """The phrases of a chunk in order of the text, each with all its mentions."""
    mentions: dict[PhraseEntry, list[Mention]] = defaultdict(list)
    confidence: dict[PhraseEntry, float] = {}
    for sentence in analysis.sentences:
        for match in sentence.matches:
            mentions[match.entry].append(sentence.mention(match))
            # The clearest mention speaks for the phrase.
            confidence[match.entry] = max(confidence.get(match.entry, 0.0), match.confidence)
    return tuple(_candidate(entry, mentions[entry], confidence[entry]) for entry in mentions)


def _candidate(entry: PhraseEntry, mentions: list[Mention], confidence: float) -> Candidate:
    return Candidate(
        text=entry.phrase,
        meanings=entry.meanings,
        kind=entry.kind,
        mentions=tuple(mentions),
        definition=entry.definition or None,
        literal=entry.literal or None,
        register=entry.register or None,
        level=entry.level,
        # The authors' own judgement, on no published list.
        level_source="estimate" if entry.level else None,
        confidence=confidence,
    )
