"""Which drum stands in for one that a drum plugin does not have."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from backbeat.values import Instrument

Chains = Mapping[Instrument, tuple[Instrument, ...]]
"""For an instrument without a note of its own: who is asked for theirs, in this order."""


_KICK, _SNARE, _SIDE_STICK = Instrument.KICK, Instrument.SNARE, Instrument.SIDE_STICK
_HIGH, _MID, _LOW = Instrument.TOM_HIGH, Instrument.TOM_MID, Instrument.TOM_LOW
_CLOSED, _PEDAL, _OPEN = Instrument.HIHAT_CLOSED, Instrument.HIHAT_PEDAL, Instrument.HIHAT_OPEN
_RIDE, _BELL = Instrument.RIDE, Instrument.RIDE_BELL
_CRASH, _CHINA, _SPLASH = Instrument.CRASH, Instrument.CHINA, Instrument.SPLASH

USUAL_CHAINS: Chains = {
    _KICK: (_LOW, _SNARE),
    _SNARE: (_SIDE_STICK, _HIGH, _KICK),
    _SIDE_STICK: (_SNARE,),
    _HIGH: (_MID, _LOW, _SNARE),
    _MID: (_HIGH, _LOW, _SNARE),
    _LOW: (_MID, _HIGH, _SNARE),
    _CLOSED: (_PEDAL, _OPEN, _RIDE, _BELL, _CRASH, _SIDE_STICK),
    _PEDAL: (_CLOSED, _OPEN, _RIDE, _BELL, _CRASH, _SIDE_STICK),
    _OPEN: (_CLOSED, _PEDAL, _CRASH, _RIDE, _BELL, _SIDE_STICK),
    _RIDE: (_BELL, _CRASH, _CHINA, _SPLASH, _CLOSED),
    _BELL: (_RIDE, _CRASH, _CHINA, _SPLASH, _CLOSED),
    _CRASH: (_CHINA, _SPLASH, _RIDE, _BELL, _OPEN),
    _CHINA: (_CRASH, _SPLASH, _RIDE, _BELL, _OPEN),
    _SPLASH: (_CRASH, _CHINA, _RIDE, _BELL, _OPEN),
}
"""The nearest sound first, all of the family before another one: a stroke that sounds wrong is better than one that is lost.
A map with a kick, a snare or a tom serves everybody; one of cymbals alone has nothing for the drums."""


def stand_in(instrument: Instrument, with_note: Collection[Instrument], chains: Chains) -> Instrument | None:
    """Whose note `instrument` gets: its own where it has one, else the nearest by its chain; None when nobody has one.

    chains: those that differ from `USUAL_CHAINS`. First the whole chain is asked, then the chains of those in it, and so on.
    """
    waiting, asked = [instrument], {instrument}
    for candidate in waiting:  # grows while it is walked: breadth first
        if candidate in with_note:
            return candidate
        further = [each for each in chains.get(candidate, USUAL_CHAINS[candidate]) if each not in asked]
        waiting += further
        asked.update(further)
    return None


def circle(start: Instrument, chains: Chains) -> tuple[Instrument, ...]:
    """The way from `start` back to itself along `chains`, with it at both ends; empty when there is none."""
    ways: list[tuple[Instrument, ...]] = [(start,)]
    seen = {start}
    for way in ways:
        for each in chains.get(way[-1], ()):
            if each == start:
                return (*way, start)
            if each not in seen:
                seen.add(each)
                ways.append((*way, each))
    return ()
