"""The fourteen instruments that the network `net` tells apart, in the order of its outputs."""

from __future__ import annotations

from backbeat.values import Instrument

INSTRUMENTS: tuple[Instrument, ...] = tuple(Instrument)
"""Column k of every target, logit and activation array is `INSTRUMENTS[k]`."""

COLUMN: dict[Instrument, int] = {instrument: column for column, instrument in enumerate(INSTRUMENTS)}
"""The column of each instrument."""

FAMILIES: dict[str, tuple[Instrument, ...]] = {
    "kick": (Instrument.KICK,),
    "snare": (Instrument.SNARE, Instrument.SIDE_STICK),
    "toms": (Instrument.TOM_HIGH, Instrument.TOM_MID, Instrument.TOM_LOW),
    "hihat": (Instrument.HIHAT_CLOSED, Instrument.HIHAT_PEDAL, Instrument.HIHAT_OPEN),
    "cymbals": (Instrument.RIDE, Instrument.RIDE_BELL, Instrument.CRASH, Instrument.CHINA, Instrument.SPLASH),
}
"""The five classes that public drum-transcription scores count, as instruments of ours."""
