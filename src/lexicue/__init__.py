"""Lexicue: from the subtitles of a video to a study vocabulary.

::

    import lexicue

    vocabulary = lexicue.extract("talk.srt")
    for phrase in vocabulary.phrases:
        print(phrase.phrase, phrase.meaning, phrase.occurrences[0].sentence)

Importing it is quick: what a name needs is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from lexicue._version import __version__

if TYPE_CHECKING:
    from lexicue.errors import LexicueError as LexicueError
    from lexicue.extraction import aextract as aextract
    from lexicue.extraction import extract as extract
    from lexicue.extraction import extract_phrases_from_chunks as extract_phrases_from_chunks
    from lexicue.extraction import extract_words_and_phrases as extract_words_and_phrases
    from lexicue.extraction import (
        extract_words_and_phrases_parallel as extract_words_and_phrases_parallel,
    )
    from lexicue.extraction import (
        extract_words_and_phrases_sequential as extract_words_and_phrases_sequential,
    )
    from lexicue.extraction import extract_words_from_chunks as extract_words_from_chunks
    from lexicue.extraction import stream as stream
    from lexicue.model import ChunkResult as ChunkResult
    from lexicue.model import Cue as Cue
    from lexicue.model import Occurrence as Occurrence
    from lexicue.model import Phrase as Phrase
    from lexicue.model import PhraseKind as PhraseKind
    from lexicue.model import Status as Status
    from lexicue.model import Task as Task
    from lexicue.model import Transcript as Transcript
    from lexicue.model import Word as Word
    from lexicue.monitoring import RunReport as RunReport
    from lexicue.pipeline import Run as Run
    from lexicue.settings import Settings as Settings
    from lexicue.subtitles import read as read
    from lexicue.vocabulary import Vocabulary as Vocabulary

_HOME = {
    "ChunkResult": "model",
    "Cue": "model",
    "LexicueError": "errors",
    "Occurrence": "model",
    "Phrase": "model",
    "PhraseKind": "model",
    "Run": "pipeline",
    "RunReport": "monitoring",
    "Settings": "settings",
    "Status": "model",
    "Task": "model",
    "Transcript": "model",
    "Vocabulary": "vocabulary",
    "Word": "model",
    "aextract": "extraction",
    "extract": "extraction",
    "extract_phrases_from_chunks": "extraction",
    "extract_words_and_phrases": "extraction",
    "extract_words_and_phrases_parallel": "extraction",
    "extract_words_and_phrases_sequential": "extraction",
    "extract_words_from_chunks": "extraction",
    "read": "subtitles",
    "stream": "extraction",
}

__all__ = [
    "ChunkResult",
    "Cue",
    "LexicueError",
    "Occurrence",
    "Phrase",
    "PhraseKind",
    "Run",
    "RunReport",
    "Settings",
    "Status",
    "Task",
    "Transcript",
    "Vocabulary",
    "Word",
    "__version__",
    "aextract",
    "extract",
    "extract_phrases_from_chunks",
    "extract_words_and_phrases",
    "extract_words_and_phrases_parallel",
    "extract_words_and_phrases_sequential",
    "extract_words_from_chunks",
    "read",
    "stream",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'lexicue' has no attribute {name!r}")
    value = getattr(import_module(f"lexicue.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
