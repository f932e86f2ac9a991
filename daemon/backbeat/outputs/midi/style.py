"""How a musician wants the MIDI files of one job written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backbeat.values import Instrument, MidiLayout
from backbeat.velocity_curve import VelocityCurve


@dataclass(frozen=True, kw_only=True)
class MidiStyle:
    """What both MIDI files have in common.

    notes: the note of every instrument, as a note map has them.
    source: the recording's file name, which a text event and a marker state.
    quantize: 0..100, how far strokes are pulled from their true time (0) to where they sound on the grid (100).
    lead_in: whole empty bars, >= 0, before the recording's first sample, which is else tick 0.
    """

    notes: Mapping[Instrument, int]
    source: str
    quantize: int = 0
    velocity_curve: VelocityCurve = VelocityCurve()
    layout: MidiLayout = MidiLayout.DRUMS
    lead_in: int = 0
