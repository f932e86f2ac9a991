"""The roles in a band without a drummer: a table of programs, registers, rhythms and touch for `songs`.

Programs are those of General MIDI 1, counted from 0. None is percussive (112..119) or an effect (120..127): what they play would
be drums without a label. Shares favour what hides hats and cymbals or is taken for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

NOISE_PERIODS_S = 0.06
"""Notes closer together than this are one stroke of the hand."""


class Voicing(StrEnum):
    """What sounds at one stroke."""

    BASS = "bass"
    POWER = "power"
    CHORD = "chord"
    STRUM = "strum"
    ARPEGGIO = "arpeggio"
    LINE = "line"


class Rhythm(StrEnum):
    """When strokes come."""

    HELD = "held"
    BEATS = "beats"
    EIGHTHS = "eighths"
    SIXTEENTHS = "sixteenths"
    OFFBEATS = "offbeats"
    BACKBEATS = "backbeats"
    GALLOP = "gallop"
    RIFF = "riff"
    SPARSE = "sparse"


class Noise(StrEnum):
    """What a player adds to the notes: the pick on the strings, the breath before a tone, the consonants of words."""

    NONE = "none"
    PICK = "pick"
    BREATH = "breath"
    CONSONANT = "consonant"


@dataclass(frozen=True, kw_only=True)
class Role:
    """low, high: where the register's centre is drawn from (MIDI); gate: share of each stroke's time that sounds.

    driven: how often it goes through an amplifier, 0..1; ghosts: damped strokes between; share: weight when a band is drawn.
    """

    share: float
    programs: tuple[int, ...]
    voicing: Voicing
    low: int
    high: int
    rhythms: tuple[Rhythm, ...]
    gate: tuple[float, float]
    noise: Noise = Noise.NONE
    driven: float = 0.0
    ghosts: bool = False


_PLUCKED_BASSES = (32, 33, 33, 33, 34, 34, 34, 35)
_HORNS = (56, 57, 59, 61, 61, 61, 62, 63)
_WINDS = (64, 65, 65, 66, 66, 67, 68, 71, 72, 73, 73, 75, 77, 22)
_BOWED = (40, 42, 44, 48, 48, 49, 50, 51)
_MALLETS = (8, 9, 10, 11, 11, 12, 12, 13, 14, 15, 46, 104, 105, 106, 107, 108)

# fmt: off
ROLES = (  # a table: a row is one to three lines
    # Basses
    Role(
        share=3, programs=_PLUCKED_BASSES, voicing=Voicing.BASS, low=30, high=40, gate=(0.5, 1), noise=Noise.PICK, driven=0.1,
        rhythms=(Rhythm.BEATS, Rhythm.EIGHTHS, Rhythm.EIGHTHS, Rhythm.RIFF, Rhythm.RIFF, Rhythm.RIFF, Rhythm.HELD, Rhythm.GALLOP),
    ),
    Role(
        share=0.8, programs=(36, 37), voicing=Voicing.BASS, low=32, high=44, gate=(0.2, 0.8), noise=Noise.PICK,
        rhythms=(Rhythm.RIFF, Rhythm.RIFF, Rhythm.SIXTEENTHS, Rhythm.EIGHTHS),
    ),
    Role(
        share=0.8, programs=(38, 39, 38, 39, 87), voicing=Voicing.BASS, low=28, high=42, gate=(0.3, 1), driven=0.1,
        rhythms=(Rhythm.EIGHTHS, Rhythm.OFFBEATS, Rhythm.SIXTEENTHS, Rhythm.RIFF, Rhythm.HELD),
    ),
    # Guitars that cover everything: sampled with distortion, and clean ones through our own amplifier
    Role(
        share=2, programs=(29, 30, 30), voicing=Voicing.POWER, low=40, high=52, gate=(0.3, 1.05), noise=Noise.PICK, driven=0.25,
        rhythms=(Rhythm.HELD, Rhythm.EIGHTHS, Rhythm.EIGHTHS, Rhythm.RIFF, Rhythm.GALLOP, Rhythm.SIXTEENTHS, Rhythm.BEATS),
    ),
    Role(
        share=2.2, programs=(27, 27, 26, 25, 28), voicing=Voicing.POWER, low=40, high=54,
        gate=(0.15, 1.05), noise=Noise.PICK, driven=1,
        rhythms=(Rhythm.HELD, Rhythm.EIGHTHS, Rhythm.EIGHTHS, Rhythm.RIFF, Rhythm.RIFF, Rhythm.GALLOP, Rhythm.SIXTEENTHS),
    ),
    Role(
        share=1, programs=(27, 25, 26), voicing=Voicing.STRUM, low=45, high=58,
        gate=(0.5, 1.05), noise=Noise.PICK, driven=1, ghosts=True,
        rhythms=(Rhythm.EIGHTHS, Rhythm.RIFF, Rhythm.RIFF, Rhythm.HELD, Rhythm.BEATS),
    ),
    # Strummed, funk and picked guitars: taken for hats
    Role(
        share=2.2, programs=(25, 25, 25, 24, 27), voicing=Voicing.STRUM, low=43, high=57,
        gate=(0.4, 1.1), noise=Noise.PICK, ghosts=True,
        rhythms=(Rhythm.EIGHTHS, Rhythm.EIGHTHS, Rhythm.SIXTEENTHS, Rhythm.RIFF, Rhythm.RIFF, Rhythm.BEATS),
    ),
    Role(
        share=1.2, programs=(27, 27, 28, 26), voicing=Voicing.STRUM, low=52, high=66,
        gate=(0.1, 0.5), noise=Noise.PICK, driven=0.1, ghosts=True,
        rhythms=(Rhythm.SIXTEENTHS, Rhythm.RIFF, Rhythm.RIFF, Rhythm.OFFBEATS, Rhythm.BACKBEATS),
    ),
    Role(
        share=1.3, programs=(24, 25, 25, 26, 27, 27), voicing=Voicing.ARPEGGIO, low=46, high=62, gate=(0.8, 3), noise=Noise.PICK,
        rhythms=(Rhythm.EIGHTHS, Rhythm.EIGHTHS, Rhythm.SIXTEENTHS, Rhythm.RIFF),
    ),
    Role(
        share=0.6, programs=(28, 28, 27, 31), voicing=Voicing.LINE, low=45, high=60,
        gate=(0.1, 0.6), noise=Noise.PICK, driven=0.3,
        rhythms=(Rhythm.EIGHTHS, Rhythm.SIXTEENTHS, Rhythm.RIFF),
    ),
    Role(
        share=1, programs=(29, 30, 27, 26), voicing=Voicing.LINE, low=58, high=76, gate=(0.7, 1.1), noise=Noise.PICK, driven=0.6,
        rhythms=(Rhythm.RIFF, Rhythm.RIFF, Rhythm.SIXTEENTHS, Rhythm.BEATS, Rhythm.SPARSE),
    ),
    # Keys
    Role(
        share=2, programs=(0, 0, 1, 1, 2, 3, 4, 4, 5, 5, 6, 7, 7), voicing=Voicing.CHORD, low=50, high=66,
        gate=(0.15, 1.1), driven=0.06,
        rhythms=(Rhythm.BEATS, Rhythm.EIGHTHS, Rhythm.RIFF, Rhythm.RIFF, Rhythm.OFFBEATS, Rhythm.HELD, Rhythm.BACKBEATS),
    ),
    Role(
        share=0.9, programs=(0, 1, 2, 4, 5, 6), voicing=Voicing.ARPEGGIO, low=50, high=70, gate=(0.5, 2),
        rhythms=(Rhythm.EIGHTHS, Rhythm.SIXTEENTHS, Rhythm.RIFF),
    ),
    Role(
        share=1, programs=(16, 17, 18, 18, 19, 20, 21), voicing=Voicing.CHORD, low=50, high=66, gate=(0.3, 1), driven=0.25,
        rhythms=(Rhythm.HELD, Rhythm.HELD, Rhythm.RIFF, Rhythm.OFFBEATS),
    ),
    # Orchestra and horns
    Role(
        share=1.1, programs=_BOWED, voicing=Voicing.CHORD, low=52, high=70, gate=(0.9, 1),
        rhythms=(Rhythm.HELD, Rhythm.HELD, Rhythm.BEATS),
    ),
    Role(
        share=0.5, programs=(40, 41, 45, 45, 48, 48), voicing=Voicing.ARPEGGIO, low=55, high=74, gate=(0.2, 0.7),
        rhythms=(Rhythm.EIGHTHS, Rhythm.SIXTEENTHS, Rhythm.RIFF),
    ),
    Role(
        share=1, programs=_HORNS, voicing=Voicing.CHORD, low=54, high=68, gate=(0.2, 0.8), noise=Noise.BREATH,
        rhythms=(Rhythm.SPARSE, Rhythm.SPARSE, Rhythm.RIFF, Rhythm.BACKBEATS),
    ),
    Role(
        share=1.1, programs=_WINDS, voicing=Voicing.LINE, low=58, high=76, gate=(0.6, 1), noise=Noise.BREATH,
        rhythms=(Rhythm.RIFF, Rhythm.RIFF, Rhythm.EIGHTHS, Rhythm.SPARSE, Rhythm.BEATS),
    ),
    # Voices
    Role(
        share=2.2, programs=(53, 53, 54, 85, 52, 91), voicing=Voicing.LINE, low=55, high=74, gate=(0.6, 1), noise=Noise.CONSONANT,
        rhythms=(Rhythm.RIFF, Rhythm.RIFF, Rhythm.EIGHTHS, Rhythm.BEATS, Rhythm.SPARSE),
    ),
    Role(share=0.6, programs=(52, 52, 53, 54, 91), voicing=Voicing.CHORD, low=54, high=68, gate=(0.9, 1), rhythms=(Rhythm.HELD,)),
    # Synthesisers
    Role(
        share=0.9, programs=(80, 81, 81, 82, 83, 84, 86, 87), voicing=Voicing.LINE, low=60, high=82, gate=(0.3, 1), driven=0.15,
        rhythms=(Rhythm.RIFF, Rhythm.RIFF, Rhythm.EIGHTHS, Rhythm.SIXTEENTHS, Rhythm.SPARSE),
    ),
    Role(
        share=0.8, programs=(81, 90, 62, 80, 38, 98), voicing=Voicing.ARPEGGIO, low=52, high=74, gate=(0.2, 0.8), driven=0.15,
        rhythms=(Rhythm.SIXTEENTHS, Rhythm.SIXTEENTHS, Rhythm.EIGHTHS, Rhythm.RIFF),
    ),
    Role(
        share=0.9, programs=(88, 89, 90, 92, 93, 94, 95, 50, 51), voicing=Voicing.CHORD, low=50, high=66, gate=(0.95, 1),
        rhythms=(Rhythm.HELD, Rhythm.HELD, Rhythm.EIGHTHS),
    ),
    # Plucked and struck metal and wood: bright attacks with a pitch
    Role(
        share=1, programs=_MALLETS, voicing=Voicing.ARPEGGIO, low=60, high=79, gate=(0.5, 2),
        rhythms=(Rhythm.EIGHTHS, Rhythm.SIXTEENTHS, Rhythm.RIFF, Rhythm.SPARSE),
    ),
)
# fmt: on
