from __future__ import annotations

from collections.abc import Callable

import pytest

Pieces = Callable[..., list[str]]

NFD_KOREA = "\u1112\u1161\u11ab\u1100\u116e\u11a8"


@pytest.mark.parametrize(
    ("item", "text", "expected"),
    [
        ("학교", "학교에서 고등학교 학교는", ["학교", "학교"]),
        ("학교", "고등학교에서", ["학교"]),
        ("손을 잡다", "손을 잡다 그리고", ["손을 잡다"]),
        ("東京", "東京都は東京です。", ["東京", "東京"]),
        ("東京都", "東京 都です。", ["東京 都"]),
        ("食べる", "ご飯を食べる。", ["食べる"]),
        ("タワー", "東京タワー", ["タワー"]),
        ("图书馆", "我在图书馆。", ["图书馆"]),
        ("สวัสดี", "สวัสดีครับ", ["สวัสดี"]),
        ("ก", "กำ", []),
        ("AI", "AI를 쓴다", ["AI"]),
        ("كتاب", "الكتاب كتاب كتابي", ["الكتاب", "كتاب"]),
        ("كتاب", "كِتَابٌ", ["كِتَابٌ"]),
        ("שלום", "שלום, עולם", ["שלום"]),
        ("книга", "Книга и книги", ["Книга"]),
        ("école", "À l’école, l'École", ["école", "École"]),
        ("ΟΔΟΣ", "η οδος", ["οδος"]),
    ],
)
def test_words_of_any_script(pieces: Pieces, item: str, text: str, expected: list[str]) -> None:
    assert pieces(item, text) == expected


@pytest.mark.parametrize(
    ("item", "text", "expected"),
    [
        ("straße", "Die STRASSE, die Straße.", ["STRASSE", "Straße"]),
        ("strasse", "ßß ß Straße!", ["Straße"]),
        ("istanbul", "İİİ İstanbul and ISTANBUL.", ["İstanbul", "ISTANBUL"]),
        ("end", "İİ ßß ﬁﬁ the end.", ["end"]),
        ("find", "Go ﬁnd it.", ["ﬁnd"]),
        ("ind", "Go ﬁnd it.", []),
        ("give up", "Ｇｉｖｅ　ｕｐ, give\u00a0up, gi\u00adve up.",
         ["Ｇｉｖｅ　ｕｐ", "give\u00a0up", "gi\u00adve up"]),
        ("café", "One cafe\u0301 is a café.", ["cafe\u0301", "café"]),
        ("cafe\u0301", "One café.", ["café"]),
        ("caf", "One cafe\u0301.", []),
        ("한국", f"{NFD_KOREA} 한국", [NFD_KOREA, "한국"]),
        ('the "thing"', "The “thing” is.", ["The “thing"]),
        ("wait... what", "Wait… what?", ["Wait… what"]),
    ],
)  # fmt: skip
def test_typography_keeps_offsets(
    pieces: Pieces, item: str, text: str, expected: list[str]
) -> None:
    assert pieces(item, text) == expected
