"""A note's name, such as `HH Tight Edge` or `Rack Tom 1 Hit`, read as one of our drums."""

from __future__ import annotations

from dataclasses import dataclass

from backbeat.presets.drum_words import FAMILY_WORDS, HEIGHTS, LETTERS, NO_STROKES, ODDNESS, OTHER_PERCUSSION, words_of
from backbeat.values import Family, Instrument

USABLE_ODDNESS = 3
"""A stranger stroke than this is never written, only understood."""


@dataclass(frozen=True, kw_only=True, order=True)
class TomPlace:
    """Where a tom stands among its like; ordered from the highest to the lowest. number: 0 when it has none."""

    floor: bool
    height: int
    number: int


@dataclass(frozen=True, kw_only=True)
class DrumName:
    """What a name says.

    instrument: which drum; None for a tom, whose place depends on the others, and for what is none of our drums.
    tom: its place. oddness: 0 is the plain stroke. number: of several alike, 1 the first. doubt: what is not clear from the
    name alone, or why it is none of our drums; empty when all is clear.
    """

    instrument: Instrument | None = None
    tom: TomPlace | None = None
    oddness: int = 0
    number: int = 1
    doubt: str = ""


def read_drum_name(name: str) -> DrumName:
    """Which drum `name` means, by the words in it."""
    words = words_of(name)
    told = " ".join(words)
    if NO_STROKES.search(told):
        return DrumName(doubt="not a stroke")
    if OTHER_PERCUSSION.search(told):
        return DrumName(doubt="none of the drums that Backbeat hears")
    families = list(dict.fromkeys(FAMILY_WORDS[word] for word in words if word in FAMILY_WORDS))
    if Family.HIHAT in families and "splash" in words:
        families.remove(Family.CYMBALS)  # splashed with the foot
    if Family.TOMS in families and "snare" not in words:
        families = [family for family in families if family is not Family.SNARE]  # a tom's rim
    if not families:
        return DrumName(doubt="none of the drums that Backbeat hears")
    if len(families) > 1:
        return DrumName(doubt=f"could be {' or '.join(families)}")
    return _READERS[families[0]](words)


def _kick(words: list[str]) -> DrumName:
    return DrumName(instrument=Instrument.KICK, oddness=_oddness(words, Family.KICK), number=_number(words, letters=False))


def _snare(words: list[str]) -> DrumName:
    if "sidestick" in words:
        doubt = "a rim, taken as a side stick" if "rim" in words and "snare" not in words else ""
        return DrumName(instrument=Instrument.SIDE_STICK, number=_number(words), oddness=2 * bool(doubt), doubt=doubt)
    doubt = "" if "snare" in words else "a rim shot on the snare, or a side stick"
    return DrumName(
        instrument=Instrument.SNARE,
        oddness=_oddness(words, Family.SNARE) + bool(doubt),
        number=_number(words, letters=False),
        doubt=doubt,
    )


def _tom(words: list[str]) -> DrumName:
    number = _number(words, letters=False, absent=0)
    heights = [HEIGHTS[word] for word in words if word in HEIGHTS and (len(word) > 1 or not number)]  # `Tom 1 L`: left hand
    height = sum(heights[:2]) // len(heights[:2]) if heights else 2
    place = TomPlace(floor="floor" in words, height=height, number=number)
    return DrumName(tom=place, oddness=_oddness(words, Family.TOMS), number=number)


def _hat(words: list[str]) -> DrumName:
    oddness, number, told = _oddness(words, Family.HIHAT), _number(words), set(words)
    if "splash" in told or {"pedal", "open"} <= told:
        return DrumName(instrument=Instrument.HIHAT_OPEN, oddness=USABLE_ODDNESS + 1, doubt="splashed with the foot")
    if "pedal" in told:
        return DrumName(instrument=Instrument.HIHAT_PEDAL, oddness=oddness, number=number)
    if told & {"closed", "tight"}:
        return DrumName(instrument=Instrument.HIHAT_CLOSED, oddness=oddness, number=number)
    if told & {"half", "loose"}:
        return DrumName(instrument=Instrument.HIHAT_OPEN, oddness=oddness + 2, number=number)
    if told & {"open", "ching"}:
        return DrumName(instrument=Instrument.HIHAT_OPEN, oddness=oddness, number=-number)  # the widest
    return DrumName(
        instrument=Instrument.HIHAT_CLOSED,
        oddness=min(oddness + 2, USABLE_ODDNESS),
        number=number,
        doubt="how open is not said; taken as closed",
    )


def _cymbal(words: list[str]) -> DrumName:
    kinds = list(dict.fromkeys(word for word in words if word in _CYMBALS))
    oddness, number = _oddness(words, Family.CYMBALS), _number(words)
    if not kinds:
        return DrumName(instrument=Instrument.CRASH, oddness=2, number=number, doubt="which cymbal is not said; taken as a crash")
    if kinds == ["ride"] and {"bell", "cup"} & set(words):
        return DrumName(instrument=Instrument.RIDE_BELL, number=number)
    if kinds == ["ride"] and {"bow", "tip"} & set(words):
        oddness = 0  # where a ride is played, while a crash is played on its edge
    if kinds[0] != "ride" and "edge" in words:
        oddness = 0
    doubt = "" if len(kinds) == 1 else f"could be {' or '.join(kinds)}; taken as {kinds[0]}"
    return DrumName(
        instrument=_CYMBALS[kinds[0]], oddness=min(oddness + 2 * bool(doubt), USABLE_ODDNESS), number=number, doubt=doubt
    )


_CYMBALS = {
    "ride": Instrument.RIDE,
    "crash": Instrument.CRASH,
    "china": Instrument.CHINA,
    "splash": Instrument.SPLASH,
}
_READERS = {
    Family.KICK: _kick,
    Family.SNARE: _snare,
    Family.TOMS: _tom,
    Family.HIHAT: _hat,
    Family.CYMBALS: _cymbal,
}


def _oddness(words: list[str], family: Family) -> int:
    return min(sum(ODDNESS[family].get(word, 0) for word in set(words)), USABLE_ODDNESS)


def _number(words: list[str], *, letters: bool = True, absent: int = 1) -> int:
    numbers = [int(word) for word in words if word.isdecimal()]
    if numbers:
        return numbers[0]
    named = [LETTERS[word] for word in words if letters and word in LETTERS]
    return named[0] if named else absent
