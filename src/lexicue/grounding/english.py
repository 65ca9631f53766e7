"""The small words of English that decide where a phrase may be stretched."""

from __future__ import annotations

__all__ = [
    "ARTICLES",
    "AUXILIARIES",
    "CLAUSE_OPENERS",
    "CONTENTLESS",
    "DETERMINERS",
    "DO_SLOTS",
    "FRONT_FILLERS",
    "FUNCTION_WORDS",
    "GIVING",
    "OBJECT_SLOTS",
    "PARTICLES",
    "PASSIVE_HELPERS",
    "PERSON_SLOTS",
    "POSSESSIVES",
    "PREPOSITIONS",
    "PRONOUNS",
    "PURE_PARTICLES",
    "REFLEXIVES",
    "SUBJECTS",
]


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


ARTICLES = _set("a an the")

POSSESSIVES = _set("my your his her its our their whose")
"""In a citation they stand for one another: "make up your mind", "made up her mind"."""

REFLEXIVES = _set(
    "myself yourself himself herself itself ourselves yourselves themselves themself oneself"
)

PERSON_SLOTS = _set("someone somebody sb one anyone anybody smb another")
"""What stands for a person in a citation, when "'s" follows."""

OBJECT_SLOTS = _set("someone somebody sb smb something sth smth")
"""What stands for an object in a citation."""

DO_SLOTS = _set("do doing")
"""What stands for any verb at the end of a citation: "look forward to doing"."""

SUBJECTS = _set("i he she we they")

PRONOUNS = SUBJECTS | _set("me you him us them it this that these those everyone everybody")

# "is", "was" and their like, contracted or not; "'s" is also the possessive and stays out.
AUXILIARIES = _set(
    "am is are was were be been being 're 'm have has had 've do does did 'll 'd will would "
    "can could shall should may might must ca wo sha ai n't cannot"
)

PASSIVE_HELPERS = _set("am is are was were be been being 're 'm 's get gets got gotten getting")

CLAUSE_OPENERS = _set(
    "when if because while so but then than who which what where why how whether although "
    "though unless until since"
)
"""Words that open another clause: no phrase is stretched over one."""

PURE_PARTICLES = _set("up out off away back down apart along together around forward aside ahead")
"""Particles that are seldom prepositions, so a gap that holds one is another verb's object."""

PREPOSITIONS = _set(
    "of to at for from with without into onto upon about against after before between among "
    "by in on over through under across toward towards behind beyond within during"
)

PARTICLES = PURE_PARTICLES | _set("in on over through by across under behind about home open")
"""Words that an object may come before in a phrasal verb."""

DETERMINERS = (
    ARTICLES
    | POSSESSIVES
    | _set("this that these those some any no every each another all both either neither such")
)

GIVING = _set("give lend show teach tell offer hand pay send owe cost do buy throw")
"""Verbs that have a receiver before their object."""

_QUANTIFIERS = _set(
    "lot lots bit couple few little much many more most less several enough plenty kind sort "
    "hell ton tons one two three ten hundred thousand million bunch number half whole single"
)

_ADVERBS = _set(
    "not never always just really very so too quite rather pretty still already almost even "
    "ever only also again actually literally finally soon now then here there right uh um er "
    "like well yet about"
)

FRONT_FILLERS = AUXILIARIES | PASSIVE_HELPERS | PRONOUNS | _ADVERBS | _set("which who all both to")
"""What may stand between a fronted object and its verb: "strings that he had pulled"."""

CONTENTLESS = (
    DETERMINERS
    | PRONOUNS
    | PREPOSITIONS
    | PARTICLES
    | AUXILIARIES
    | REFLEXIVES
    | OBJECT_SLOTS
    | CLAUSE_OPENERS
    | _set("and or as not 's one else lot there here than too very just only also ever even")
)
"""Words that do not make an item by themselves once the rest of it is given up."""

FUNCTION_WORDS = CONTENTLESS | _QUANTIFIERS | _ADVERBS
"""Words that may always stand in a gap, unless another rule forbids them."""
