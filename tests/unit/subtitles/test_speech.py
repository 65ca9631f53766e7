import pytest

from lexicue.model import Cue
from lexicue.subtitles import read_text


def cues(*texts: str) -> tuple[Cue, ...]:
    blocks = (
        f"{number}\n00:00:{number:02},000 --> 00:00:{number + 1:02},000\n{text}\n"
        for number, text in enumerate(texts, start=1)
    )
    return read_text("\n".join(blocks)).cues


def text_of(text: str) -> str:
    return cues(text)[0].text


def turns_of(*texts: str) -> list[tuple[str | None, bool, str]]:
    return [(cue.speaker, cue.starts_turn, cue.text) for cue in cues(*texts)]


@pytest.mark.parametrize(
    "sound",
    [
        "[door creaks]",
        "[Music]",
        "[ __ ]",
        "[applause and\ncheering]",
        "[a [nested] one]",
        "【음악】",
        "(LAUGHS)",
        "(laughs)",
        "(Laughs softly)",
        "(SPEAKING FRENCH)",
        "(computer playing\nelectronic melody)",
        "(deep rumbling)",
        "(door opens and closes)",
        "(twig snaps)",
        "(man on radio)",
        "(in French)",
        "(old man #2)",
        "(whispering)",
        "(...)",
        "(웃음)",
        "（笑）",
        "*sighs*",
        "♪",
        "♪♪♪",
        "♪ Happy birthday to you ♪",
        "♫ one line\nand another ♫",
        "♪ not closed",
        "Happy birthday to you ♪",
        "# Happy birthday to you #",
        "# Happy birthday\n# To you",
        "#Happy birthday!#",
        "- [laughs]\n- (GASPS)",
        "[laughs].",
        "---",
        "",
    ],
)
def test_a_cue_of_sounds_keeps_its_place_and_times_without_text(sound: str) -> None:
    before, silent, after = cues("One.", sound, "Two.")
    assert (before.text, silent.text, after.text) == ("One.", "", "Two.")
    assert (silent.index, silent.start_ms, silent.end_ms) == (1, 2000, 3000)


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("(LAUGHS) Hello", "Hello"),
        ("Well (laughs), I don't know.", "Well, I don't know."),
        ("Hello [laughs].", "Hello."),
        ("I (sighs) don't\n[door slams]\nknow.", "I don't know."),
        ("(sigh) (gasp) well", "well"),
        ("♪ la la ♪ Hello ♪ la", "Hello"),
        ("♪ la la\nHow are you?\n♪ la la", "How are you?"),
        ("(quietly) Yes.", "Yes."),
    ],
)
def test_sounds_go_and_the_speech_around_them_stays(shown: str, said: str) -> None:
    assert text_of(shown) == said


@pytest.mark.parametrize(
    "speech",
    [
        "(that is, the author)",
        "I met him (that is, the author) once.",
        "We use FAIR data (findable and accessible).",
        "The space agency (NASA) says so.",
        "I like games (playing cards) a lot.",
        "It was (which is music to my ears) done.",
        "She came (with her two brothers) at noon.",
        "안녕하세요 (반갑습니다)",
        "#1 fan of #MeToo",
        "It is *really* good.",
        "well-known, e-mail - and so on -",
        "--And then he left...",
        "...pulp?",
        "...",
        "-5 degrees, 3 - 2 = 1",
        "“Hello,” he said; ‘quite’.",
        "It's 7:35, see http://example.com/a: there",
        "[unclosed bracket",
        "Captions by themselves are not enough.",
        "translated by Google and others",
        "Go to www.example.com today.",
        "어서 오세요, 반갑습니다.",
        "こんにちは。元気ですか？",
        "สวัสดีครับ ยินดีที่ได้รู้จัก",
        "مرحبا بكم في بيتنا",
        "क्षत्रिय में जोड़‍ना",
    ],
)
def test_speech_stays_verbatim(speech: str) -> None:
    assert turns_of("One,", speech)[1] == (None, False, speech)


@pytest.mark.parametrize(
    "speech",
    [
        "Note: this is important",
        "So: what now?",
        "Warning: it's hot",
        "WARNING: IT'S HOT",
        "Number one: Be kind",
        "Step 2: Stir",
        "Remember: Never again",
        "I said: Go",
        "the answer: Yes",
        "Biology: the study of life",
        "What he means is this: Go",
        "10:30 is late",
    ],
)
def test_a_colon_alone_makes_no_speaker(speech: str) -> None:
    assert turns_of("Well.", speech)[1] == (None, False, speech)


def test_a_heading_within_a_sentence_is_speech() -> None:
    assert turns_of("and then we use", "Creative Commons: It is free.")[1] == (
        None,
        False,
        "Creative Commons: It is free.",
    )


@pytest.mark.parametrize(
    ("shown", "speaker", "said"),
    [
        ("MARTA: Hello.", "MARTA", "Hello."),
        ("- MARTA: Hello.", "MARTA", "Hello."),
        (">> MARTA: Hello.", "MARTA", "Hello."),
        ("MARTA (on phone): Hello.", "MARTA", "Hello."),
        ("MARTA [whispering]: Hello.", "MARTA", "Hello."),
        ("(on phone) MARTA: Hello.", "MARTA", "Hello."),
        ("[Marta]: Hello.", "Marta", "Hello."),
        ("MAN #2: Hello.", "MAN #2", "Hello."),
        ("MAN ON RADIO: Hello.", "MAN ON RADIO", "Hello."),
        ("TOM & JERRY: Hello.", "TOM & JERRY", "Hello."),
        ("MAN:\nHow did we end up here?", "MAN", "How did we end up here?"),
        ("SPEAKER: hello", "SPEAKER", "hello"),
        ("Speaker 1: hello", "Speaker 1", "hello"),
        ("Dr. Smith: hello", "Dr. Smith", "hello"),
        ("Emma Anne Harris: I'm Emma.", "Emma Anne Harris", "I'm Emma."),
        ("Jean-Luc O'Neil: Yes.", "Jean-Luc O'Neil", "Yes."),
        ("Ludwig van Beethoven: Ja.", "Ludwig van Beethoven", "Ja."),
        ("J. R. Ewing: Yes.", "J. R. Ewing", "Yes."),
        ("Élodie: Oui.", "Élodie", "Oui."),
        ("<b>MARTA:</b> <i>Hello.</i>", "MARTA", "Hello."),
    ],
)
def test_labels_name_the_speaker(shown: str, speaker: str, said: str) -> None:
    assert turns_of("Well.", shown)[1] == (speaker, True, said)


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("- Are you hurt?\n- No.", "Are you hurt?\nNo."),
        ("-Are you hurt?\n-No.", "Are you hurt?\nNo."),
        ("– Bonjour.\n— Salut.", "Bonjour.\nSalut."),
        ("- Are you hurt? - No.", "Are you hurt?\nNo."),
        ("- are you\nhurt?\n- no", "are you hurt?\nno"),
        (">> Hi there. >> Hello.", "Hi there.\nHello."),
        (">>> Good evening.", "Good evening."),
        ("&gt;&gt; Good evening.", "Good evening."),
        ("- [laughs]\n- What?", "What?"),
        ("- 안녕.\n- 그래.", "안녕.\n그래."),
        ("-“Yes.”\n-'Tis so.", "“Yes.”\n'Tis so."),
    ],
)
def test_marks_begin_turns(shown: str, said: str) -> None:
    assert turns_of("Well.", shown)[1] == (None, True, said)


def test_a_second_speaker_in_the_cue_begins_a_line() -> None:
    assert turns_of("Why?\n- Now!", "MARTA: Hi\nJOHN: Hello") == [
        (None, False, "Why?\nNow!"),
        ("MARTA", True, "Hi\nHello"),
    ]


def test_a_dash_that_goes_on_with_a_sentence_begins_no_turn() -> None:
    assert text_of("the old\n- and new - way") == "the old - and new - way"


def test_a_turn_lasts_until_somebody_else_speaks() -> None:
    assert turns_of(
        "MARTA: I went", "to town.", "MARTA: And back.", "- Really?", "MARTA: Yes.", "JO: No."
    ) == [
        ("MARTA", True, "I went"),
        (None, False, "to town."),
        ("MARTA", False, "And back."),
        (None, True, "Really?"),
        ("MARTA", True, "Yes."),
        ("JO", True, "No."),
    ]


def test_a_name_alone_announces_the_next_cue() -> None:
    assert turns_of("Well.", "MARTA:", "[sighs]", "Hello,", "you.") == [
        (None, False, "Well."),
        (None, False, ""),
        (None, False, ""),
        ("MARTA", True, "Hello,"),
        (None, False, "you."),
    ]


def test_a_label_that_comes_again_needs_no_full_stop_before_it() -> None:
    assert turns_of("so today we", "Jane Doe: look at this", "Jane Doe: or that") == [
        (None, False, "so today we"),
        ("Jane Doe", True, "look at this"),
        ("Jane Doe", False, "or that"),
    ]


@pytest.mark.parametrize(
    "credit",
    [
        "Subtitles by John Smith",
        "Subtitles by\nJohn Smith",
        "English subtitles by explosiveskull",
        "-- Synced & corrected by MrSubs --\nwww.addic7ed.com",
        "<i>Captioned by Media Access Group</i>",
        "Transcribed by https://otter.ai",
        "Transcribed by Celestials",
        "TRANSLATED BY: JANE",
        "Downloaded from www.example.com",
        "www.opensubtitles.org",
        "Best watched using OpenSubtitles.org",
        "Support us and become VIP member",
        "Advertise your product or brand here",
        "Subtitles by the Amara.org community",
    ],
)
def test_credits_and_advertisements_are_not_speech(credit: str) -> None:
    assert [cue.text for cue in cues("One.", credit, "Two.")] == ["One.", "", "Two."]
