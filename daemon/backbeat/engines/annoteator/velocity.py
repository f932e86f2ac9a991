"""How hard each stroke was: MIDI velocity from the energy of the attack, not from the classifier's probability.

Per instrument, the level of the attack is measured in the band where that drum speaks. The level that a quarter of the
file's strokes on that drum exceed is a normal stroke and gets `NORMAL`; the others follow the curve that General MIDI
synthesisers play by (RP-003/DLS: gain in dB = 40 log10(velocity / 127)), so that 12 dB softer halves the velocity:
20 dB softer, a ghost note, is 32. Velocities are therefore relative to each drum's own playing and the file's level does
not matter. A drum that is struck once gets `NORMAL`.
"""

from __future__ import annotations

import numpy as np

from backbeat.engines.annoteator.clips import attack_levels_db
from backbeat.engines.annoteator.onsets import blocks
from backbeat.engines.annoteator.outputs import OUTPUTS, Heard
from backbeat.monitor import Monitor
from backbeat.records import FloatArray, IntArray, TimeArray
from backbeat.values import Instrument

NORMAL = 100
NORMAL_PERCENTILE = 75.0
DECIBELS_PER_DECADE = 40.0
BATCH_ONSETS = 256

BANDS_HZ = {
    Instrument.SNARE: (180.0, 2_000.0),  # below 2 kHz a hat on the same stroke says little
    Instrument.HIHAT_CLOSED: (7_000.0, 16_000.0),
    Instrument.KICK: (30.0, 120.0),
    Instrument.RIDE: (4_000.0, 16_000.0),
    Instrument.TOM_HIGH: (70.0, 500.0),
    Instrument.CRASH: (3_000.0, 16_000.0),
}


def velocities(samples: FloatArray, heard: Heard, monitor: Monitor) -> IntArray:
    """MIDI velocities 1..127, int64, shape (n, 6) as `heard.struck`; 0 where nothing is struck."""
    bands = tuple(BANDS_HZ[instrument] for instrument in OUTPUTS)
    levels_db = np.zeros(heard.struck.shape)
    for batch in blocks(len(levels_db), BATCH_ONSETS):
        monitor.check()
        levels_db[batch] = attack_levels_db(samples, heard.onset_samples[batch], bands)
    result = np.zeros(heard.struck.shape, dtype=np.int64)
    for output in range(len(OUTPUTS)):
        struck = heard.struck[:, output]
        if struck.any():
            result[struck, output] = levels_to_velocities(levels_db[struck, output])
    return result


def levels_to_velocities(levels_db: TimeArray) -> IntArray:
    """Attack levels of one drum, in decibels, shape (n,), n >= 1, to MIDI velocities 1..127, int64."""
    normal_db = np.percentile(levels_db, NORMAL_PERCENTILE)
    velocity = NORMAL * 10.0 ** ((levels_db - normal_db) / DECIBELS_PER_DECADE)
    velocities_midi: IntArray = np.clip(np.rint(velocity), 1, 127).astype(np.int64)
    return velocities_midi
