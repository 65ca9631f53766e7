import sys

import pytest

from lexicue.scheduling.turns import SHORT_TURN_S, short_turns


def test_turns_are_short_inside_and_as_before_after() -> None:
    before = sys.getswitchinterval()
    with short_turns():
        assert sys.getswitchinterval() == pytest.approx(SHORT_TURN_S)
        with short_turns():
            pass
        assert sys.getswitchinterval() == pytest.approx(SHORT_TURN_S)
    assert sys.getswitchinterval() == pytest.approx(before)


def test_an_error_resets_them_too() -> None:
    before = sys.getswitchinterval()
    with pytest.raises(ValueError, match="x"), short_turns():
        raise ValueError("x")
    assert sys.getswitchinterval() == pytest.approx(before)
