"""The lemmas an English word form can have, and the parts of speech it can be.

``lemminflect`` is slow to import and is only loaded when a lemma is first asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

__all__ = [
    "is_participle",
    "lemmas",
    "lemmas_as",
    "lemmas_in_phrase",
    "lemmas_of_item",
    "parts_of_speech",
]

# Contracted and clipped forms, and the few forms that lemminflect does not know.
_IRREGULAR: dict[str, tuple[str, ...]] = {
    "n't": ("not",),
    "'s": ("be", "have"),
    "'re": ("be",),
    "'m": ("be",),
    "'ve": ("have",),
    "'ll": ("will",),
    "'d": ("have", "will"),
    "ca": ("can",),
    "wo": ("will",),
    "sha": ("shall",),
    "ai": ("be", "have"),
    "an": ("a",),
    "snuck": ("sneak",),
    "spake": ("speak",),
    "oxen": ("ox",),
    "brethren": ("brother",),
    "'em": ("them",),
    "em": ("them",),
    "whom": ("who",),
}

# "café" is also written "cafe"; an umlaut makes another word and stays.
_ACCENTS = str.maketrans("àâçéèêëîïñôû", "aaceeeeiinou")


@lru_cache(maxsize=65536)
def lemmas(form: str) -> frozenset[str]:
    """Every lemma that a folded word form can have; the form itself is always one."""
    if not form.isascii():
        return _lemmas_beyond_ascii(form)
    known = {lemma for some in _dictionary(form).values() for lemma in some}
    known.update(_IRREGULAR.get(form, ()))
    return frozenset({form, *(known or _regular_stems(form))})


def lemmas_as(form: str, upos: str) -> frozenset[str]:
    """The lemmas of a form when it is this part of speech; empty where it cannot be."""
    return frozenset(_dictionary(form).get(upos, ()))


@lru_cache(maxsize=65536)
def lemmas_of_item(form: str) -> frozenset[str]:
    """The lemmas to look for when a learner's item is this form.

    A form that is its own lemma is looked for as that alone: "left" must not bring "leaves".
    """
    if not form.isascii():
        return lemmas(form)
    known = frozenset(lemma for some in _dictionary(form).values() for lemma in some)
    known = known.union(_IRREGULAR.get(form, ()))
    return frozenset({form}) if form in known or not known else known


@lru_cache(maxsize=65536)
def lemmas_in_phrase(form: str) -> frozenset[str]:
    """The lemmas to look for when a word of a phrase is this form.

    The rest of the phrase says which reading is meant, so "left behind" may be of "leave"; but
    degrees are fixed: "better off" is not "well off".
    """
    known = _dictionary(form)
    if not known:
        return lemmas(form)
    verbal = {lemma for upos in ("VERB", "AUX", "NOUN") for lemma in known.get(upos, ())}
    return frozenset({form, *verbal, *_IRREGULAR.get(form, ())})


def parts_of_speech(form: str) -> frozenset[str]:
    """The Universal POS tags a form can have; empty for a word the dictionary lacks."""
    return frozenset(_dictionary(form)) if form.isascii() else frozenset()


@lru_cache(maxsize=8192)
def is_participle(form: str) -> bool:
    """Whether a form can be the past participle of a passive."""
    verbs = _dictionary(form).get("VERB", ())
    if not verbs or form.endswith("ing"):
        return False
    # lemminflect gives one participle a verb ("spilled"), so any past form ("spilt") passes.
    inflected = form not in verbs and not form.endswith("s")
    return inflected or any(form in _participles(verb) for verb in verbs)


def _lemmas_beyond_ascii(form: str) -> frozenset[str]:
    bare = form.translate(_ACCENTS)
    if bare.isascii():
        return lemmas(bare) | {form}
    # The Arabic article is written onto its noun.
    article = next((a for a in ("وال", "فال", "بال", "كال", "ال") if form.startswith(a)), "")
    return frozenset({form, form[len(article) :]} if len(form) > len(article) + 1 else {form})


def _regular_stems(form: str) -> set[str]:
    """Stems of a word the dictionary lacks ("yeeted"); a wrong one meets no item."""
    stems: set[str] = set()
    if len(form) < 4 or not form.isalpha():
        return stems
    if form.endswith("s") and not form.endswith("ss"):
        stems.add(form[:-1])
    if form.endswith("es"):
        stems.add(form[:-2])
    if form.endswith(("ies", "ied")):
        stems.add(form[:-3] + "y")
    for ending in ("ed", "ing"):
        stem = form.removesuffix(ending)
        if stem != form and len(stem) >= 3:
            stems |= {stem, stem + "e"}
            if stem[-1] == stem[-2]:
                stems.add(stem[:-1])
    return stems


@lru_cache(maxsize=65536)
def _dictionary(form: str) -> Mapping[str, tuple[str, ...]]:
    if not form.isascii() or len(form) > 40:
        return {}
    import lemminflect

    found: Mapping[str, tuple[str, ...]] = lemminflect.getAllLemmas(form)
    return found


@lru_cache(maxsize=8192)
def _participles(verb: str) -> tuple[str, ...]:
    import lemminflect

    found: tuple[str, ...] = lemminflect.getInflection(verb, "VBN")
    return found
