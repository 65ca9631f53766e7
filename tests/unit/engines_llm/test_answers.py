import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexicue.engines.llm.answers import parse_answer
from lexicue.errors import AnswerEmptyError, AnswerError, AnswerNotJsonError
from lexicue.model import PhraseKind, Task

WORDS, PHRASES = Task.WORDS, Task.PHRASES

COMPACT = '{"words":[["resilient","회복력 있는","탄력 있는"],["give","주다"]]}'
RESILIENT = '["회복력 있는","탄력 있는"]'

SHAPES = {
    "compact": COMPACT,
    "fenced": f"```json\n{COMPACT}\n```",
    "chatty": f"Sure [really]! {COMPACT} Ok?",
    "bare list": '[["resilient","회복력 있는","탄력 있는"],["give","주다"]]',
    "objects": '{"words":[{"word":"resilient","meanings":%s},{"word":"give","meaning":"주다"}]}'
    % RESILIENT,
    "map": '{"resilient":%s,"give":"주다"}' % RESILIENT,
    "map of objects": '{"words":{"resilient":{"meanings":%s},"give":["주다"]}}' % RESILIENT,
    "thinking": f'<think>[1] {{"a"</think>{COMPACT}',
    "a third meaning": COMPACT.replace('"],["give"', '","질긴"],["give"'),
    "a meaning twice": COMPACT.replace('"주다"', '"주다","주다"'),
}


@pytest.mark.parametrize("content", SHAPES.values(), ids=SHAPES.keys())
def test_words_in_every_shape_models_write(content: str) -> None:
    answer = parse_answer(content, WORDS)
    assert [(c.text, c.meanings) for c in answer.candidates] == [
        ("resilient", ("회복력 있는", "탄력 있는")),
        ("give", ("주다",)),
    ]
    assert answer.whole
    assert answer.malformed == ()
    assert all(candidate.kind is None for candidate in answer.candidates)


@pytest.mark.parametrize(
    ("content", "kinds"),
    [
        ('{"phrasal_verb":[["give up","포기하다"]],"idiom":[]}', [PhraseKind.PHRASAL_VERB]),
        ('{"idioms":[["break the ice","어색함을 깨다"]]}', [PhraseKind.IDIOM]),
        ('{"phrases":[{"phrase":"by and large","kind":"expression"}]}', [PhraseKind.EXPRESSION]),
        ('[["look up","찾아보다"],["by and large","대체로"]]', ["phrasal_verb", "expression"]),
    ],
)
def test_phrases_have_kinds(content: str, kinds: list[str]) -> None:
    assert [c.kind for c in parse_answer(content, PHRASES).candidates] == kinds


@pytest.mark.parametrize("content", ['{"words":[]}', "{}", "[]", '{"phrasal_verb":[],"idiom":[]}'])
def test_nothing_worth_learning_is_an_answer(content: str) -> None:
    answer = parse_answer(content, WORDS)
    assert answer.candidates == ()
    assert answer.whole


@pytest.mark.parametrize(
    "content", ["I am sorry.", "{", '{"foo": 1}', '{"words": [1, 2]}', '{"words": 3}', "[[[[", "]"]
)
def test_what_is_no_answer(content: str) -> None:
    with pytest.raises(AnswerNotJsonError):
        parse_answer(content, WORDS)


@pytest.mark.parametrize("content", ["", "  \n", "<think>only thoughts"])
def test_empty(content: str) -> None:
    with pytest.raises(AnswerEmptyError):
        parse_answer(content, WORDS)


def test_what_is_no_entry_is_told() -> None:
    answer = parse_answer('{"words":[["a","b"],7,["","x"],["y"]]}', WORDS)
    assert [c.text for c in answer.candidates] == ["a", "y"]
    assert answer.malformed == ("7", '["", "x"]')


ENTRIES = st.lists(
    st.tuples(st.text(min_size=1, max_size=9), st.text(min_size=1, max_size=9)), min_size=2
).filter(lambda entries: all(word.strip() and meaning.strip() for word, meaning in entries))


@given(ENTRIES, st.data())
def test_a_cut_answer_gives_the_entries_that_are_whole(
    entries: list[tuple[str, str]], data: st.DataObject
) -> None:
    content = json.dumps({"words": entries}, ensure_ascii=False)
    cut = data.draw(st.integers(len('{"words": [') + 1, len(content) - 3))
    whole = [
        " ".join(word.split())
        for i, (word, _) in enumerate(entries)
        if len(json.dumps({"words": entries[: i + 1]}, ensure_ascii=False)) - 2 <= cut
    ]
    try:
        answer = parse_answer(content[:cut], WORDS)
    except AnswerNotJsonError:
        assert whole == []
        return
    assert [candidate.text for candidate in answer.candidates] == whole
    assert not answer.whole


@given(st.text(alphabet='{}[]",:\\ab0 \n'))
def test_any_text_is_read_or_refused(content: str) -> None:
    for task in Task:
        try:
            parse_answer(content, task)
        except AnswerError:
            continue


def test_a_hostile_answer_is_read_in_bounded_time() -> None:
    for content in ("[" * 200_000, '{"a":' * 100_000, '"' * 200_000, '["\\' * 100_000):
        with pytest.raises(AnswerError):
            parse_answer(content, WORDS)
