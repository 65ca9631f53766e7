import time

import pytest

from lexicue.subtitles import read_text


def text_of(markup: str) -> str:
    return read_text(f"1\n00:00:01,000 --> 00:00:02,000\n{markup}\n").cues[0].text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<i>Hello</i> <b>you</b>.", "Hello you."),
        ('<font color="#ff0000">Red</font> <FONT face=x>face</FONT>', "Red face"),
        ("< u >bad< / u > <i>nesting<b></i>", "bad nesting"),
        ("<c.colorE5E5E5>this<00:05:04.199><c> will</c></c>", "this will"),
        ("<lang en>playground</lang>", "playground"),
        ("<00:01.000>It's a< 00:01.500> tree", "It's a tree"),
        ("<ruby>漢<rt>kan</rt>字<rt>ji</rt></ruby>!", "漢字!"),
        ("<rt>Hee!</rt>", "Hee!"),
        ("{\\an8}{\\fad(1,2)}Up here", "Up here"),
        ("One<br>two<br/>three\\Nfour", "One two three four"),
        ("<c.first It's cut", "It's cut"),
        ("<00:01.000 It's cut", "It's cut"),
        ("</i", ""),
        ("a < b and c > d, I <3 you", "a < b and c > d, I <3 you"),
        ("<기생충>을 봤어", "<기생충>을 봤어"),
        ("Tom &amp; Jerry&nbsp;&#39;s &lt;3 &#x263A;", "Tom & Jerry 's <3 ☺"),
        ("AT&T, &nothing; &l &am;", "AT&T, &nothing; &l &am;"),
        ("&lrm;mark&rlm;s&ZeroWidthSpace;", "marks"),
        ("&lt;i&gt;shown&lt;/i&gt;", "<i>shown</i>"),
        ("no\u00a0break\u3000and   wide", "no break and wide"),
        ("{ordinary} braces", "{ordinary} braces"),
    ],
)
def test_markup(markup: str, text: str) -> None:
    assert text_of(markup) == text


MARKUP = ["<", "< ", "<a", "</", "{\\", "&", "&a", "(", "(a)", "[a]:", "*a", "♪", "♪ a\nb\n", "-"]
LINES = [
    " ",
    "\n",
    "A",
    "A ",
    "a:",
    "MA: b\n",
    "- a\n",
    ">> a. ",
    "Subtitles by ",
    "1\n",
    "\n1\n\n",
]


@pytest.mark.parametrize("piece", [*MARKUP, *LINES, "00:00:01"])
def test_a_megabyte_of_anything_takes_linear_time(piece: str) -> None:
    content = "1\n00:00:01,000 --> 00:00:02,000\n{}\n"
    small, large = (content.format(piece * (size // len(piece))) for size in (100_000, 1_000_000))
    read_text(small)
    began = time.perf_counter()
    read_text(large)
    # A quadratic reader takes minutes; the rest is for slow and busy machines.
    assert time.perf_counter() - began < 10
