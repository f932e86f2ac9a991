"""The closed sets and small values that everything else speaks in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

ANALYSIS_RATE_HZ = 44_100
"""Sample rate that every recording is brought to on reading: what htdemucs and AnNOTEator were trained on."""


class Instrument(StrEnum):
    """The drums that a hit can be on; an engine says which of them it can tell apart."""

    KICK = "kick"
    SNARE = "snare"
    SIDE_STICK = "side_stick"
    TOM_HIGH = "tom_high"
    TOM_MID = "tom_mid"
    TOM_LOW = "tom_low"
    HIHAT_CLOSED = "hihat_closed"
    HIHAT_PEDAL = "hihat_pedal"
    HIHAT_OPEN = "hihat_open"
    RIDE = "ride"
    RIDE_BELL = "ride_bell"
    CRASH = "crash"
    CHINA = "china"
    SPLASH = "splash"


class Family(StrEnum):
    """Drums that a listener takes for one another: the five classes that public drum-transcription scores count."""

    KICK = "kick"
    SNARE = "snare"
    TOMS = "toms"
    HIHAT = "hi-hat"
    CYMBALS = "cymbals"


FAMILIES: Mapping[Family, tuple[Instrument, ...]] = {
    Family.KICK: (Instrument.KICK,),
    Family.SNARE: (Instrument.SNARE, Instrument.SIDE_STICK),
    Family.TOMS: (Instrument.TOM_HIGH, Instrument.TOM_MID, Instrument.TOM_LOW),
    Family.HIHAT: (Instrument.HIHAT_CLOSED, Instrument.HIHAT_PEDAL, Instrument.HIHAT_OPEN),
    Family.CYMBALS: (Instrument.RIDE, Instrument.RIDE_BELL, Instrument.CRASH, Instrument.CHINA, Instrument.SPLASH),
}
FAMILY_OF: Mapping[Instrument, Family] = {
    instrument: family for family, instruments in FAMILIES.items() for instrument in instruments
}


class Stage(StrEnum):
    """The stages of a job, in order, as progress messages name them."""

    READ = "read"
    SEPARATE = "separate"
    BEATS = "beats"
    HITS = "hits"
    MIDI = "midi"
    NOTATION = "notation"


class OutputKind(StrEnum):
    """The files of a result. JSON is written last: it is the mark that a result is complete."""

    MIDI = "midi"
    TEMPOMAP = "tempomap"
    STEM = "stem"
    MUSICXML = "musicxml"
    PDF = "pdf"
    PNG = "png"
    SVG = "svg"
    JSON = "json"

    @property
    def suffix(self) -> str:
        """What comes after `NAME.drums`."""
        return _SUFFIXES[self]


_SUFFIXES = {
    OutputKind.MIDI: ".mid",
    OutputKind.TEMPOMAP: ".tempomap.mid",
    OutputKind.STEM: ".wav",
    OutputKind.MUSICXML: ".musicxml",
    OutputKind.PDF: ".pdf",
    OutputKind.PNG: ".png",
    OutputKind.SVG: ".svg",
    OutputKind.JSON: ".json",
}


AUDITION_SUFFIX = ".audition.wav"
"""What comes after `NAME.drums` in a rendering of a result, which is never taken for a bounce."""


class Separation(StrEnum):
    """Whether the drums are to be taken out of a mix first."""

    NONE = "none"
    DEMUCS = "demucs"
    AUTO = "auto"


class StemOrigin(StrEnum):
    """How the drum signal was obtained."""

    GIVEN = "given"
    SEPARATED = "separated"
    MIX = "mix"


class InstrumentChoice(StrEnum):
    """Which instruments are told apart: all that the engine hears, or those that it hears reliably."""

    ALL = "all"
    COMMON = "common"


class BeatChoice(StrEnum):
    """Who finds the beats; `auto` is the built-in tracker, `net`, which also steps in for one that is not installed."""

    AUTO = "auto"
    NET = "net"
    MADMOM = "madmom"
    LIBROSA = "librosa"
    NONE = "none"


class Compat(StrEnum):
    """`seed` is AnNOTEator's arithmetic as it is; `tuned` mends its hop, window and onset-picking errors."""

    SEED = "seed"
    TUNED = "tuned"


class Division(StrEnum):
    """The finest grid that strokes are put on; `auto` chooses for each beat."""

    AUTO = "auto"
    EIGHTHS = "8"
    EIGHTH_TRIPLETS = "8t"
    SIXTEENTHS = "16"
    SIXTEENTH_TRIPLETS = "16t"
    THIRTYSECONDS = "32"


class MidiLayout(StrEnum):
    """How the tracks of a MIDI file are laid out: type 1 with one drum track or one per instrument, or type 0."""

    DRUMS = "drums"
    INSTRUMENTS = "instruments"
    TYPE_0 = "type-0"


class ClockSource(StrEnum):
    """What playing keeps time with: itself, or a host that sends MIDI clock or MIDI time code."""

    INTERNAL = "internal"
    MIDI = "midi"
    MTC = "mtc"


class Paper(StrEnum):
    """The size of the PDF's pages."""

    A4 = "a4"
    LETTER = "letter"


class Picture(StrEnum):
    """The summary picture that is written beside the MIDI."""

    NONE = "none"
    PNG = "png"
    SVG = "svg"


class PdfBackend(StrEnum):
    """Who engraves the PDF; `verovio` is built in, the others are programs of their own."""

    VEROVIO = "verovio"
    LILYPOND = "lilypond"
    MUSESCORE = "musescore"
    NONE = "none"


class Device(StrEnum):
    """Where torch computes; `auto` takes CUDA, then Apple's MPS, then the CPU."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    MPS = "mps"


@dataclass(frozen=True, slots=True)
class Meter:
    """A time signature: `beats` notes of value 1/`unit` in a bar."""

    beats: int
    unit: int

    def __post_init__(self) -> None:
        if not 1 <= self.beats <= 32 or self.unit not in (1, 2, 4, 8, 16, 32):
            raise ValueError(f"{self.beats}/{self.unit} is not a meter: write it like 4/4, 3/4, 6/8 or 7/8")

    @classmethod
    def parse(cls, text: str) -> Meter:
        """Read `7/8`; raises ValueError for anything else."""
        match = re.fullmatch(r"\s*(\d{1,2})\s*/\s*(\d{1,2})\s*", text)
        if not match:
            raise ValueError(f"{text!r} is not a meter: write it like 4/4, 3/4, 6/8 or 7/8")
        return cls(int(match[1]), int(match[2]))

    @property
    def quarters(self) -> Fraction:
        """The length of a bar in quarter notes."""
        return Fraction(4 * self.beats, self.unit)

    def __str__(self) -> str:
        return f"{self.beats}/{self.unit}"


FOUR_FOUR = Meter(4, 4)
