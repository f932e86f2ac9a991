"""Which rests of the two voices are seen: a reader wants each silence once, and none beside strokes that fill it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from backbeat.outputs.notation.bar_rhythm import Written
from backbeat.outputs.notation.drum_voices import Voice
from backbeat.outputs.notation.note_values import QUARTER


def hidden_rests(rhythms: Mapping[Voice, Sequence[Written]]) -> dict[Voice, frozenset[Written]]:
    """The rests of each voice in one bar that are there but not printed.

    Where the hands rest for a beat or more while the feet play, the feet's rests are seen instead of theirs. Elsewhere the
    feet's are hidden: the hands' rhythm shows where the beats are. But a short rest stays before a stroke that stands
    beside the hands' rhythm, which could not be counted otherwise, and so do those that a tuplet's bracket is over. Rolls in a
    voice of their own have none.
    """
    hands, feet, rolls = (rhythms.get(voice, ()) for voice in (Voice.HANDS, Voice.FEET, Voice.ROLLS))
    during = [item for item in rolls if item.sounds]
    filled = {rest for rest in _rests(hands) if any(_within(roll, rest) or _within(rest, roll) for roll in during)}
    feets = {rest for rest in _rests(hands) if rest.length >= QUARTER and any(i.sounds and _within(i, rest) for i in feet)}
    counted = {item.start for item in (*hands, *rolls) if item.sounds} | {rest.start for rest in set(_rests(hands)) - feets}
    alone = {rest for rest in _rests(feet) if any(_within(rest, other) for other in feets)}
    seen = {rest for rest in alone if not any(_within(rest, roll) for roll in during)}
    seen |= {rest for rest in _rests(feet) if rest.tuplet is not None}
    for rest, item in pairwise(feet):
        if not rest.sounds and rest.length < QUARTER and item.sounds and item.start not in counted:
            seen.add(rest)
    return {
        Voice.HANDS: frozenset(filled | feets),
        Voice.FEET: frozenset(_rests(feet)) - seen,
        Voice.ROLLS: frozenset(_rests(rolls)),
    }


def _rests(items: Sequence[Written]) -> list[Written]:
    return [item for item in items if not item.sounds]


def _within(item: Written, other: Written) -> bool:
    return other.start <= item.start < other.start + other.length
