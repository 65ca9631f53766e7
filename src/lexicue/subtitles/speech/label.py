"""Speaker labels: ``MARTA:``, ``Emma Anne Harris:``, ``Dr. Smith:`` at the start of a line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

__all__ = ["Labels"]

_LONGEST = 48
_MOST_WORDS = 4
_MOST_CAPITAL_WORDS = 6
_ACRONYM = 4
_AGAIN = 2

_MARKS = "-‐–—> "
_ASIDE = re.compile(r"\s*[(\[][^()\[\]]*[)\]]$")
_NAME_WORD = re.compile(r"#?\d{1,3}|[^\W\d_](?:[^\W_]|['’.&-](?=\w))*\.?")
_TITLES = frozenset("dr mr mrs ms mx st jr sr prof sgt lt capt gen col rev hon".split())
_PARTICLES = frozenset("al ben bin da de del den der di dos du el la le van von y".split())
_LINKS = frozenset("a and at in of on over the through to with & #".split())

_NOT_NAMES = frozenset(
    # what people say before a colon
    """
    a about above actually after again all also alternatively although always an and another
    anyway are as at basically be because before below besides both bottom but by can clearly
    consider could did do does eventually every everyone everything exactly example examples
    except finally first firstly for fourth from further furthermore get go good great guess hence
    her here hers hey hi his how however i if imagine important in indeed instead is it its just
    last lastly later least let like likewise listen look maybe me meanwhile more moreover most my
    namely never next no nope not now of oh ok okay on once one only or other otherwise our
    overall perhaps please remember right same say second secondly see she similarly simply since
    so some sometimes soon sorry still such sure thanks that the their them then there therefore
    these they thing things think third thirdly this those though three thus to today tomorrow
    tonight too two ultimately unless until us very wait was we well were what when where whether
    which while who why with without wow yeah yep yes yesterday yet you your
    """
    # what headings and slides say before one
    """
    abstract advantage advantages advice agenda aim answer answers approach assumption attention
    background benefit benefits bonus breaking bug case cases caution caveat cause causes challenge
    challenges chapter claim comment comments conclusion conclusions condition conditions contact
    context cost cost date day definition details difference disclaimer discussion effect episode
    error evidence exercise experiment explanation fact facts faq favorite favourite figure focus
    fun fyi goal goals headline headlines hint hypothesis idea ideas impact implication info
    information ingredients input instructions intro introduction issue issues job joke key law
    lesson lessons level limitation limitations list location main meaning message method methods
    mission mistake module moral motto name news note notes number objective objectives observation
    option options order outcome output outline overview part password pattern phase phone place
    plan plot point points policy prediction price principle principles priority
    problem problems process pros cons proof ps purpose question questions quiz quote rationale
    reason reasons recap recipe recommendation references reminder report requirement requirements
    result results risk risks role rule rules scenario scene score secret section session setting
    shortcut side size solution solutions source sources spoiler stage status step steps story
    strategy subject subtitle suggestion summary symptoms takeaway takeaways task tasks technique
    test theme theorem theory time times tip tips title todo tool tools topic topics translation
    truth type types unit update url usage verdict version video vision warning week word words
    work year
    """.split()
)


class Labels:
    """The speaker labels of a file.

    Whether "Creative Commons:" is somebody or something cannot be told from the words alone, so a
    label needs a sign besides. Enough is a mark before it, or that the file has it again.
    Capitals are enough too, unless they may be an acronym or all of the line is in capitals. Else
    a sentence must have ended above and another, with its capital, begin behind the colon; after
    a title ("Dr.") or with a number ("Speaker 1") it need not.

    Args:
        texts: all of the file's text, by lines.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        found = (_candidate(line) for text in texts if ":" in text for line in text.split("\n"))
        self._counts = Counter(found)

    def take(self, line: str, *, fresh: bool, sure: bool) -> tuple[str | None, str]:
        """The speaker the line names, if it does, and what is behind the label.

        Args:
            line: without its dialogue dash.
            fresh: whether a sentence has ended above.
            sure: whether a speaker begins here in any case: nothing is said above, or there is a
                mark, or there was one on the line above.
        """
        name = _candidate(line)
        if name is None:
            return None, line
        said = line[line.index(":") + 1 :].strip()
        again = self._counts[name] >= _AGAIN
        if sure or again or _is_loud(name, said) or (fresh and _begins_sentence(name, said)):
            return name, said
        return None, line


def _candidate(line: str) -> str | None:
    """What looks like a label at the start of the line."""
    colon = line.find(":", 0, _LONGEST)
    if colon < 1 or line[colon + 1 : colon + 2].strip():
        return None
    name = line[:colon].lstrip(_MARKS)
    if name.endswith((")", "]")):
        name = _ASIDE.sub("", name)
    return name if _is_name(name) else None


@lru_cache(maxsize=1024)
def _is_name(name: str) -> bool:
    words = name.split()
    if not words or not all(_NAME_WORD.fullmatch(word) or word in _LINKS for word in words):
        return False
    plain = [word.rstrip(".").lower() for word in words]
    if name.isupper():
        return len(words) <= _MOST_CAPITAL_WORDS and _names_in_capitals(plain)
    return len(words) <= _MOST_WORDS and _names_in_title_case(words, plain)


def _names_in_capitals(plain: list[str]) -> bool:
    telling = [word for word in plain if word not in _LINKS]
    return any(len(word) > 1 for word in telling) and _NOT_NAMES.isdisjoint(telling)


def _names_in_title_case(words: list[str], plain: list[str]) -> bool:
    telling = [low for word, low in zip(words, plain, strict=True) if not word.endswith(".")]
    if not words[0][0].isupper() or len("".join(plain)) < 2 or not _NOT_NAMES.isdisjoint(telling):
        return False
    return all(
        (word[0].isupper() and _may_end_so(word, low)) or word[-1].isdigit() or word in _PARTICLES
        for word, low in zip(words, plain, strict=True)
    )


def _may_end_so(word: str, plain: str) -> bool:
    """Whether the full stop at the word's end, if any, is that of a title or an initial."""
    return word[-1] != "." or plain in _TITLES or len(plain) == 1


def _is_loud(name: str, said: str) -> bool:
    may_be_acronym = name.isalpha() and len(name) <= _ACRONYM and said
    return name.isupper() and not may_be_acronym and not said.isupper()


def _begins_sentence(name: str, said: str) -> bool:
    words = name.lower().split()
    titled = words[0].rstrip(".") in _TITLES or words[-1][-1].isdigit()
    return titled or name.isupper() or not said[:1].islower()
