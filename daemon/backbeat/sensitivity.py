"""How readily strokes are found, for all instruments and for single ones: what a musician writes, and what it means.

`60` is a little more than usual for everything; `60, hihat=70, kick=40` differs for the hats and the kick. 50 is as shipped.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from backbeat.values import Instrument

LEVEL_MIN, LEVEL_MAX = 0, 100
AS_SHIPPED = 50

GROUPS: Mapping[str, tuple[Instrument, ...]] = {
    "toms": (Instrument.TOM_HIGH, Instrument.TOM_MID, Instrument.TOM_LOW),
    "hihat": (Instrument.HIHAT_CLOSED, Instrument.HIHAT_PEDAL, Instrument.HIHAT_OPEN),
    "rides": (Instrument.RIDE, Instrument.RIDE_BELL),
    "crashes": (Instrument.CRASH, Instrument.CHINA, Instrument.SPLASH),
    "cymbals": (Instrument.RIDE, Instrument.RIDE_BELL, Instrument.CRASH, Instrument.CHINA, Instrument.SPLASH),
}
"""Names for several instruments at once."""

_OTHER_NAMES = {"hat": "hihat", "hats": "hihat", "hihats": "hihat", "tom": "toms", "cymbal": "cymbals", "all": ""}
_ALL = ""
_USE = "write it like 60, or 60, hihat=70, kick=40"


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """A level 0..100 for each instrument: 0 finds only the surest strokes, 50 is as shipped, 100 finds the faintest.

    overall: for the instruments that have none of their own. own: those that differ from it, in the order of `Instrument`.
    Equal sensitivities are equal objects with equal text, however they were written.
    """

    overall: int = AS_SHIPPED
    own: tuple[tuple[Instrument, int], ...] = ()

    @classmethod
    def parse(cls, value: object) -> Sensitivity:
        """Read a level, or levels by name with commas between them; raises ValueError that says what is wrong.

        The order does not matter: an instrument's own level goes before its group's, that of a smaller group before that of
        a larger one, and all before the one without a name.
        """
        if isinstance(value, Sensitivity):
            return value
        given: dict[str, int] = {}
        for part in str(value).split(","):
            name, level = _name_and_level(part)
            if name in given:
                raise ValueError(f"{name or 'the level of all instruments'} is given twice")
            given[name] = level
        return cls._of(given)

    @classmethod
    def _of(cls, given: Mapping[str, int]) -> Sensitivity:
        levels = dict.fromkeys(Instrument, given.get(_ALL, AS_SHIPPED))
        for name in sorted(given, key=lambda name: -len(_members(name))):
            levels |= dict.fromkeys(_members(name), given[name])
        overall = given.get(_ALL, AS_SHIPPED)
        return cls(overall=overall, own=tuple((instrument, level) for instrument, level in levels.items() if level != overall))

    def level(self, instrument: Instrument) -> int:
        """The level of one instrument, 0..100."""
        return dict(self.own).get(instrument, self.overall)

    def __str__(self) -> str:
        """What `parse` reads, as short as it can be said: `60, toms=70, kick=40`."""
        own = dict(self.own)
        parts = [str(self.overall)]
        for name, members in sorted(GROUPS.items(), key=lambda group: -len(group[1])):
            levels = {own.get(instrument) for instrument in members}
            if len(levels) == 1 and None not in levels:
                parts.append(f"{name}={levels.pop()}")
                own = {instrument: level for instrument, level in own.items() if instrument not in members}
        return ", ".join([*parts, *(f"{instrument}={level}" for instrument, level in own.items())])


def _members(name: str) -> tuple[Instrument, ...]:
    if name == _ALL:
        return tuple(Instrument)
    return GROUPS.get(name) or (Instrument(name),)


def _name_and_level(part: str) -> tuple[str, int]:
    name, equals, level = part.rpartition("=")
    if not part.strip():
        raise ValueError(f"a level is missing: {_USE}")
    return (_known(name) if equals else _ALL), _level(level)


def _known(text: str) -> str:
    name = text.strip().lower().replace("-", "_").replace(" ", "_")
    name = _OTHER_NAMES.get(name, name)
    known = [*GROUPS, *Instrument]
    if name == _ALL and text.strip():
        return _ALL
    if name not in known:
        close = get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]!s}?" if close else f"there are {', '.join(known)}"
        raise ValueError(f"{text.strip()!r} is not an instrument: {hint}")
    return str(name)


def _level(text: str) -> int:
    try:
        number = float(text)
    except ValueError:
        raise ValueError(f"{text.strip()!r} is not a level from {LEVEL_MIN} to {LEVEL_MAX}: {_USE}") from None
    if not (math.isfinite(number) and LEVEL_MIN <= number <= LEVEL_MAX):
        raise ValueError(f"{text.strip()} is outside {LEVEL_MIN} to {LEVEL_MAX}")
    return round(number)
