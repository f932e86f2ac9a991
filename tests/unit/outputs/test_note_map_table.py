"""What is wrong with a note map is told all at once, in words that say what to write."""

from __future__ import annotations

from typing import Any

import pytest

from backbeat.outputs.note_map_table import NoteRow, doubts_in, mistakes_in, read_rows
from backbeat.values import Instrument as Drum

TEXTS = {"name": "mine", "title": "Mine", "version": "1", "source": "me", "status": "verified"}
ENOUGH = {"kick": 36, "snare": 38, "hihat_closed": 42, "tom_high": 50, "ride": 51}


def mistakes(**notes: Any) -> list[str]:
    return mistakes_in({**TEXTS, "notes": ENOUGH | notes}, "mine")


def test_a_few_plain_notes_are_a_note_map() -> None:
    assert mistakes() == []


def test_rows_are_read_in_both_forms() -> None:
    rows = read_rows(
        {
            "notes": {
                "snare": 38,
                "kick": {"note": 36, "articulation": "Hit", "also": [35, 34]},
                "china": {"fallback": ["splash", "ride"]},
            }
        }
    )
    assert list(rows) == [Drum.KICK, Drum.SNARE, Drum.CHINA], "in our order, whatever the file's is"
    assert rows[Drum.KICK] == NoteRow(note=36, articulation="Hit", also=(35, 34))
    assert rows[Drum.SNARE] == NoteRow(note=38)
    assert rows[Drum.CHINA] == NoteRow(fallback=(Drum.SPLASH, Drum.RIDE))


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("kick", 128, "kick = 128 is not a MIDI note (0 to 127)"),
        ("kick", -1, "kick = -1 is not a MIDI note (0 to 127)"),
        ("kick", "C1", "kick = 'C1' is not a MIDI note (0 to 127)"),
        ("kick", True, "kick = True is not a MIDI note (0 to 127)"),
        ("kick", 36.0, "kick = 36.0 is not a MIDI note (0 to 127)"),
        ("kick", {"note": 200}, "kick = 200 is not a MIDI note (0 to 127)"),
        ("kick", {"note": 36, "articulate": "Hit"}, "kick: 'articulate' is not known, did you mean 'articulation'?"),
        ("kick", {}, "kick needs either a note or a fallback"),
        ("kick", {"note": 36, "fallback": ["snare"]}, "kick needs either a note or a fallback"),
        ("kick", {"note": 36, "articulation": 3}, "kick: 'articulation' must be a text"),
        ("kick", {"note": 36, "also": 35}, "kick: 'also' must be a list of notes"),
        ("kick", {"note": 36, "also": [35, 200]}, "kick: 200 in 'also' is not a MIDI note (0 to 127)"),
        ("china", {"fallback": "crash"}, "china: 'fallback' must be a list of instruments"),
        ("china", {"fallback": []}, "china: 'fallback' must be a list of instruments"),
        ("china", {"fallback": ["crahs"]}, "china: 'crahs' in 'fallback' is not an instrument, did you mean 'crash'?"),
        ("china", {"fallback": ["china"]}, "china falls back to itself"),
        ("hihat_close", 42, "'hihat_close' is not an instrument, did you mean 'hihat_closed'?"),
        ("xyzzy", 42, "'xyzzy' is not an instrument"),
    ],
)
def test_each_wrong_row_is_told_once_in_plain_words(key: str, value: object, told: str) -> None:
    assert mistakes(**{key: value}) == [told]


def test_a_circle_is_told_once_with_its_way() -> None:
    circle = {"china": {"fallback": ["splash"]}, "splash": {"fallback": ["china"]}}
    (told,) = mistakes(**circle)
    assert told == "the fallbacks china -> splash -> china go in a circle, and none of them has a note"


def test_a_circle_that_leads_out_is_none() -> None:
    assert mistakes(china={"fallback": ["splash", "ride"]}, splash={"fallback": ["china", "crash"]}) == []


def test_a_map_that_leaves_drums_silent_says_which() -> None:
    told = mistakes_in({**TEXTS, "notes": {"ride": 51}}, "mine")
    assert "kick has no note, and neither has any drum that could stand in for it" in told
    assert not [text for text in told if text.startswith(("crash", "hihat"))], "cymbals and hats end on the ride"


def test_a_misspelt_setting_gets_a_suggestion() -> None:
    assert mistakes_in({**TEXTS, "verfied_by": "me", "notes": ENOUGH}, "mine") == [
        "'verfied_by' is not known, did you mean 'verified_by'?"
    ]


def test_one_note_for_two_drums_is_a_doubt_and_sharing_by_fallback_is_none() -> None:
    assert doubts_in(read_rows({"notes": ENOUGH})) == []
    assert doubts_in(read_rows({"notes": ENOUGH | {"hihat_open": 38}})) == ["note 38 is both snare and hihat_open"]
    assert doubts_in(read_rows({"notes": ENOUGH | {"kick": {"note": 36, "also": [42]}}})) == [
        "note 42 is both kick and hihat_closed"
    ]
    assert doubts_in(read_rows({"notes": ENOUGH | {"kick": {"note": 36, "also": [36, 35, 35]}}})) == [], "of one drum they may be"


def test_another_kind_of_drum_standing_in_is_a_doubt() -> None:
    rows = read_rows({"notes": {"kick": 36, "snare": 38, "hihat_closed": 42, "ride": 51}})
    assert "tom_low has no note, and a different kind of drum, snare, is played for it" in doubts_in(rows)
