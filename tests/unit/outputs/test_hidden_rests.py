from __future__ import annotations

from fractions import Fraction

import pytest

from backbeat.outputs.notation.bar_rhythm import Onset, bar_rhythm
from backbeat.outputs.notation.drum_voices import Voice
from backbeat.outputs.notation.hidden_rests import hidden_rests
from backbeat.values import FOUR_FOUR


def seen(hands: str, feet: str, rolls: str = "") -> str:
    """The rests that are seen, by voice: places and values. Strokes are at places such as `0 3/2`, rolls such as `1~2`."""
    rhythms = {}
    for voice, places in ((Voice.HANDS, hands), (Voice.FEET, feet), (Voice.ROLLS, rolls)):
        onsets = [place.partition("~") for place in places.split()]
        rhythms[voice] = bar_rhythm(
            tuple(Onset(Fraction(at), Fraction(lasts or 0)) for at, _, lasts in onsets), FOUR_FOUR, Fraction(4)
        )
    if not rolls:
        del rhythms[Voice.ROLLS]
    hidden = hidden_rests(rhythms)
    rests = {voice: [item for item in rhythm if not item.sounds] for voice, rhythm in rhythms.items()}
    shown = {voice: [f"{rest.start}:{rest.value}" for rest in rests[voice] if rest not in hidden[voice]] for voice in rests}
    return "; ".join(" ".join([voice, *places]) for voice, places in shown.items())


@pytest.mark.parametrize(
    ("hands", "feet", "expected"),
    [
        ("0 1 2 3", "", "hands; feet"),
        ("", "", "hands 0:4; feet"),
        ("0 1/2 1 3/2 2 5/2 3 7/2", "0 5/2", "hands; feet"),
        ("0 1 2 3", "0 5/2", "hands; feet 2:1/2"),
        ("0 1 2 3", "0 1/2 2", "hands; feet"),
        ("0 1/2 1 3/2 2 5/2 3 7/2", "0 11/4", "hands; feet 5/2:1/4"),
        ("1 3", "0 2", "hands; feet"),
        ("", "0 2", "hands; feet 1:1 3:1"),
        ("0 1", "0 1 2", "hands; feet 3:1"),
        ("0", "0", "hands 1:1 2:2; feet"),
        ("1/2 1 2 3", "0", "hands 0:1/2; feet"),
        ("0 1/3 2/3 1 2 3", "2/3 2", "hands; feet 0:1"),
    ],
)
def test_each_silence_is_seen_once_and_none_where_the_other_voice_plays(hands: str, feet: str, expected: str) -> None:
    assert seen(hands, feet) == expected


def test_a_roll_in_its_own_voice_hides_the_hands_rests_under_it_and_has_none() -> None:
    assert seen("0 1/2 1", "0", "1~3") == "hands; feet; rolls"


def test_the_feets_rests_are_not_seen_while_a_roll_sounds() -> None:
    assert seen("", "2", "0~2") == "hands; feet 3:1; rolls"
