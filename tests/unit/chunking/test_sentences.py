import pytest

from lexicue.chunking import split_sentences
from lexicue.chunking.sentences import MAX_SENTENCE_CHARS
from lexicue.model import Cue, Transcript


def transcript(*texts: str, pause_ms: int = 100) -> Transcript:
    cues = [Cue(i, i * 3000, (i + 1) * 3000 - pause_ms, text) for i, text in enumerate(texts)]
    return Transcript("t", tuple(cues))


def sentences(*texts: str) -> list[str]:
    source = transcript(*texts)
    return [source.text[each.start : each.end] for each in split_sentences(source)]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("I gave up. It was late.",), ["I gave up.", "It was late."]),
        (("And I've worked in research", "for years. And I used to"), 2),
        (("Mr. Kim and Dr. Lee met at 3 p.m. in St. Louis.",), 1),
        (("We left at 3 p.m. They stayed.",), ["We left at 3 p.m.", "They stayed."]),
        (("J. Smith wrote it.",), 1),
        (("That was plan B. Then it failed.",), 2),
        (("Did you? No. I didn't!",), ["Did you?", "No.", "I didn't!"]),
        (("It costs 3.50 dollars, e.g. for tea.",), 1),
        (("She didn't. To be honest, I can’t. Mostly.",), 3),
        (("It was I. Nobody else.",), 2),
        (("Wait... what? really?",), 1),
        (("Wait... What?",), 2),
        (('"Stop!" he said. "Why?" She left.',), ['"Stop!" he said.', '"Why?"', "She left."]),
        (("정말요? 네, 그렇습니다. 좋아요.",), 3),
        (("そうです。次へ行きましょう。はい。",), ["そうです。", "次へ行きましょう。", "はい。"]),
        (("هل أنت بخير؟ نعم.",), 2),
        (("I don't know\nNeither do I",), ["I don't know", "Neither do I"]),
        (("",), []),
        (("...",), ["..."]),
    ],
)
def test_boundaries(texts: tuple[str, ...], expected: list[str] | int) -> None:
    found = sentences(*texts)
    assert found == expected if isinstance(expected, list) else len(found) == expected


def test_a_new_speaker_ends_the_sentence() -> None:
    cues = (Cue(0, 0, 1000, "I was going to"), Cue(1, 1000, 2000, "No way", starts_turn=True))
    source = Transcript("t", cues)
    found = [source.text[s.start : s.end] for s in split_sentences(source)]
    assert found == ["I was going to", "No way"]


def test_speech_without_punctuation_is_cut_at_its_longest_pauses() -> None:
    words = [f"and then we went to place number {i} to look around" for i in range(20)]
    cues = []
    for i, text in enumerate(words):
        pause = 1500 if i in (6, 13) else 50
        cues.append(Cue(i, i * 3000, (i + 1) * 3000 - pause, text))
    source = Transcript("t", tuple(cues))
    found = [source.text[s.start : s.end] for s in split_sentences(source)]
    assert all(len(each) <= MAX_SENTENCE_CHARS for each in found)
    assert any(each.endswith("number 6 to look around") for each in found)
    assert any(each.endswith("number 13 to look around") for each in found)
    assert " ".join(found) == source.text
