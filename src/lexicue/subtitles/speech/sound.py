"""Sounds and stage directions in brackets and parentheses.

Brackets never hold speech. Parentheses may, so what is in them is judged by `is_sound`.
"""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["is_sound", "without_sounds"]

_BRACKETED = re.compile(
    r"[ ]?(?:[\[［【]([^\[\]［］【】]*)[\]］】]|[(（]([^()（）]*)[)）]|\*([^*\n]{1,60})\*)"
)
_LINE_START = re.compile(r"(?:^|\n)[-–—>]*$")
_FREE = re.compile(r"(?:^|\n|[.?!…:,])[-–—>\"'”’ ]*$")
_NEARBY = 80
_LONGEST = 100
_LEAD = 6
"""The most characters of marks before a label."""
_CLOSERS = ",.;:!?…"
_MOST_WORDS = 7
_MOST_WORDS_ALONE = 5

_VERBS = (
    "applaud|babbl|bang|bark|beep|bellow|blar|bleat|boo|burp|buzz|cackl|chant|chatter|cheer"
    "|chim|chirp|chok|chuckl|clang|clank|clap|clatter|clink|coo|cough|crackl|crash|creak"
    "|cri|cry|distort|dron|exclaim|exhal|explod|gasp|gibber|giggl|groan|growl|grumbl|grunt|gulp"
    "|gurgl|hiccup|hiss|honk|hoot|howl|hum|inhal|jingl|knock|laugh|meow|moan|moo|mumbl|murmur|mutter"
    "|pant|purr|rattl|revv|roar|rumbl|rustl|scoff|scream|screech|shatter|shout"
    "|shriek|sizzl|slurp|snarl|sneez|snicker|sniff|sniffl|snor|snort|sob"
    "|splash|splutter|sputter|squawk|squeak|squeal|stammer|stutter|swallow|thud|thump|thunder"
    "|trill|ululat|vocaliz|wail|weep|wheez|whimper|whin|whir|whirr|whisper|whistl|whoop|whoosh"
    "|yawn|yell|yelp|zap|sigh"
)
_STRONG = re.compile(
    rf"\b(?:(?:{_VERBS})(?:p|n|t|b|m|g)?(?:e?s|ing|in')"
    r"|laugh|laughter|giggle|chuckle|sigh|gasp|applause|cough|music|musical|silence|inaudible"
    r"|indistinct|indistinctly|unintelligible|crosstalk|footsteps?|gunshots?|gunfire|explosions?"
    r"|sirens?|snoring|instrumental|melody|jingle|sfx|ding|thud|whoosh|beep|boom|footfalls?)\b",
    re.IGNORECASE,
)
# These are also what people talk about: "(playing cards)".
_WEAK = re.compile(
    r"\b(?:(?:break|blow|clear|click|clos|continu|fad|open|play|pop|ring|shut|sing|slam|slap"
    r"|snap|speak|start|stop|tap|tick|toll|turn|approach)(?:p|t|m|n)?(?:e?s|ing))\b",
    re.IGNORECASE,
)
_SPEECHY = re.compile(
    r"\b(?:i|i'm|you|he's|she|it|it's|we|they|that|that's|which|who|whom|whose|is|isn't|are|was"
    r"|were|be|been|have|has|had|do|does|did|not|no|yes|would|could|should|will|can|may|might|must"
    r"|my|your|our|their|this|these|those|because|if|what|when|where|why|how|well|almost|or|maybe"
    r"|sort|kind|too|also|just|really|even|like|the|for|about|than|as|so|but|let's|don't|can't"
    r"|please|okay|actually|say|says|said|see|means|namely)\b",
    re.IGNORECASE,
)
_PEOPLE = re.compile(
    r"(?:(?:young|old|older|little|male|female|another|first|second)[ ])?"
    r"(?:man|men|woman|women|boy|girl|child|children|kids|narrator|narrating|announcer|reporter"
    r"|interviewer|interpreter|operator|both|all|together|crowd|audience|everyone|male|female|host)"
    r"(?:['’]s)?(?:[ ](?:voice|speaker|voiceover|narrator|reporter|announcer))?(?:[ ]#?\d+)?"
    r"(?:[ ](?:on|over|in|through)[ ][\w -]{2,30})?",
    re.IGNORECASE,
)
_MANNER = re.compile(
    r"(?:in|on|over|through|via)[ ](?:[\w'-]+[ ]){0,3}?"
    r"(?:tv|television|radio|phone|telephone|intercom|speaker|pa|recording|video|computer|headset"
    r"|accent|voice|language|unison|distance|background|whisper|english|french|spanish|german"
    r"|italian|russian|chinese|mandarin|japanese|korean|arabic|hindi|latin|portuguese|dutch)"
    r"|foreign(?:[ ]language)?|v\.?o\.?|o\.?s\.?|o\.?c\.?|off[ -]?screen|voice-?over|cont['’]?d"
    r"|softly|quietly|loudly|sarcastically|mockingly|nervously|angrily|sternly|calmly|excitedly"
    r"|muffled|echoing|distorted|sarcastic|mouthing|mouths|beat|pause|pauses|gibberish|scatting"
    r"|웃음|박수|박수갈채|음악|한숨|기침|환호|환호성|笑|拍手|音楽",
    re.IGNORECASE,
)


def without_sounds(text: str) -> str:
    """A cue's text without ``[door creaks]``, ``(LAUGHS)`` and ``*sighs*``.

    Brackets may go over lines. ``[Marta]:`` becomes the label ``Marta:``.
    """
    for _ in range(2):  # once more for a bracket within a bracket
        text = _BRACKETED.sub(_replacement, text)
    return text


@lru_cache(maxsize=1024)
def is_sound(
    content: str, *, alone: bool = False, free: bool = True, caps_tell: bool = True
) -> bool:
    """Whether what is in parentheses is a sound or direction rather than speech.

    It is one when it has no letter or digit; when it is somebody ("man on radio"), or a known
    manner ("in French"); when it has the word of a sound ("laughs", "tense music") in at most
    seven words, and none that belongs to a remark ("that", "is", "my" …); when it is in capitals
    and more than one word, so that it is no acronym; or when it is the whole cue, at most five
    words in small letters, again with none of a remark. "Playing", "opens" and the like tell of a
    sound only where no sentence is under way.

    Args:
        content: what is between the parentheses.
        alone: whether the cue has nothing else.
        free: whether no sentence is under way before it.
        caps_tell: whether the cue is not in capitals as a whole.
    """
    words = content.replace("\n", " ").split()
    plain = " ".join(words).strip(" .,!")
    if not any(character.isalnum() for character in plain):
        return True
    if _PEOPLE.fullmatch(plain) or _MANNER.fullmatch(plain):
        return True
    if _SPEECHY.search(plain) or not plain.isascii() or len(words) > _MOST_WORDS:
        return False
    if plain.isupper() and caps_tell and (alone or len(words) > 1):
        return True
    if _STRONG.search(plain) or (free and _WEAK.search(plain)):
        return True
    return alone and plain.islower() and len(words) <= _MOST_WORDS_ALONE


def _replacement(match: re.Match[str]) -> str:
    bracketed, parenthesis, starred = match.groups()
    after = match.string[match.end() : match.end() + 1]
    if bracketed is not None:
        is_label, goes = after == ":" and _begins_line(match), True
    else:
        is_label, goes = False, _goes(match, parenthesis or starred or "", after)
    if is_label or not goes:
        return bracketed if is_label else match[0]
    return "" if after and after in _CLOSERS else " "


def _goes(match: re.Match[str], content: str, after: str) -> bool:
    if match[2] is not None and after == ":":  # "MARTA (on phone):"
        return True
    if len(content) > _LONGEST:
        return False
    text, start, end = match.string, match.start(), match.end()
    before, behind = text[max(0, start - _NEARBY) : start], text[end : end + _NEARBY]
    alone = not (before + behind).strip(" -–—>.\n")
    return is_sound(
        content,
        alone=alone and match[2] is not None,
        free=_FREE.search(before[-_LEAD:]) is not None,
        caps_tell=not (before + behind).isupper(),
    )


def _begins_line(match: re.Match[str]) -> bool:
    text, start = match.string, match.start()
    return _LINE_START.search(text[max(0, start - _LEAD) : start]) is not None
