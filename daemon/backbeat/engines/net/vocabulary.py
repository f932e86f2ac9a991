"""The fourteen instruments that the network `net` tells apart, in the order of its outputs."""

from __future__ import annotations

from backbeat import values
from backbeat.values import Instrument

INSTRUMENTS: tuple[Instrument, ...] = tuple(Instrument)
"""Column k of every target, logit and activation array is `INSTRUMENTS[k]`."""

COLUMN: dict[Instrument, int] = {instrument: column for column, instrument in enumerate(INSTRUMENTS)}
"""The column of each instrument."""

FAMILIES: dict[str, tuple[Instrument, ...]] = {family.name.lower(): members for family, members in values.FAMILIES.items()}
"""The families, by the names that they have in the weights' settings and in references."""
