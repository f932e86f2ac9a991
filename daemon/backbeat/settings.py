"""What a musician can choose for one job, under one name on the command line, in config and over OSC."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

from backbeat.did_you_mean import did_you_mean
from backbeat.sensitivity import Sensitivity
from backbeat.values import (
    BeatChoice,
    Compat,
    Device,
    Division,
    InstrumentChoice,
    Meter,
    MidiLayout,
    Paper,
    PdfBackend,
    Picture,
    Separation,
)
from backbeat.velocity_curve import VelocityCurve

BPM_MIN, BPM_MAX = 20.0, 400.0
SECONDS_MAX = 36_000.0


WRITTEN_AS_TEXT = (Meter, Sensitivity, VelocityCurve)
"""Small values that have a text of their own, which their parsers read back."""


def _bpm(value: object) -> float | None:
    if value in (None, "", "auto"):
        return None
    try:
        bpm = float(str(value))
    except ValueError:
        raise ValueError(f"{value!r} is not a number of beats per minute") from None
    if not BPM_MIN <= bpm <= BPM_MAX:
        raise ValueError(f"{value} BPM is outside {BPM_MIN:g} to {BPM_MAX:g}")
    return bpm


def _seconds(value: object) -> float | None:
    if value in (None, "", "auto"):
        return None
    try:
        seconds = float(str(value))
    except ValueError:
        raise ValueError(f"{value!r} is not a number of seconds") from None
    if not 0 <= seconds <= SECONDS_MAX:
        raise ValueError(f"{value} s is outside 0 to {SECONDS_MAX:g}")
    return seconds


def _meter(value: object) -> Meter | None:
    return None if value in (None, "", "auto") else Meter.parse(str(value))


def _whole(unit: str, highest: int) -> Any:
    """A parser of whole numbers from 0; `unit` may stand behind them."""

    def parse(value: object) -> int:
        text = str(value).strip().removesuffix(unit).strip()
        try:
            number = int(text)
        except ValueError:
            raise ValueError(f"{value!r} is not a whole number") from None
        if not 0 <= number <= highest:
            raise ValueError(f"{value} is outside 0 to {highest}")
        return number

    return parse


def _flag(value: object) -> bool:
    text = str(value).strip().lower()
    if text in ("1", "true", "yes", "on"):
        return True
    if text in ("0", "false", "no", "off"):
        return False
    raise ValueError(f"{value!r} is neither true nor false")


def _word(value: object) -> str:
    text = str(value).strip()
    if not text:
        raise ValueError("it is empty")
    return text


def _choice(kind: type[StrEnum]) -> Any:
    def parse(value: object) -> StrEnum:
        text = str(value).strip().lower()
        try:
            return kind(text)
        except ValueError:
            raise ValueError(f"{text!r} is not one of {', '.join(kind)}") from None

    return parse


def _option(default: Any, parse: Any, help_text: str) -> Any:
    return field(default=default, metadata={"parse": parse, "help": help_text})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one job. Each field's metadata holds its parser and its help text."""

    engine: str = _option("net", _word, "which recogniser hears the hits")
    separation: Separation = _option(
        Separation.AUTO, _choice(Separation), "take the drums out of a mix first: none, demucs or auto"
    )
    chain: str = _option("none", _word, "effects that a difficult recording goes through first: none, or the name of a chain")
    sensitivity: Sensitivity = _option(
        Sensitivity(),
        Sensitivity.parse,
        "how readily strokes are found, 0 to 100: 60, or 60, hihat=70, kick=40; 50 is as shipped",
    )
    instruments: InstrumentChoice = _option(
        InstrumentChoice.ALL,
        _choice(InstrumentChoice),
        "which instruments are told apart: all, or common (bells are rides, chinas and splashes are crashes ...)",
    )
    beats: BeatChoice = _option(BeatChoice.AUTO, _choice(BeatChoice), "who finds the beats: auto, net, madmom, librosa or none")
    bpm: float | None = _option(None, _bpm, "the recording's tempo, where you know it")
    host_bpm: float | None = _option(None, _bpm, "the tempo of the DAW project that the MIDI goes into")
    meter: Meter | None = _option(None, _meter, "the meter, such as 4/4 or 7/8, where you know it")
    first_downbeat: float | None = _option(
        None, _seconds, "where a bar begins, in seconds from the start of the file, where you know it"
    )
    preset: str = _option("general-midi", _word, "note map of the MIDI file")
    quantize: int = _option(0, _whole("%", 100), "how far hits are pulled to the grid in the MIDI file, in percent")
    grid: Division = _option(
        Division.AUTO, _choice(Division), "the finest grid of notation and quantising: auto, 8, 8t, 16, 16t or 32 (t: triplets)"
    )
    flam_ms: int = _option(
        45, _whole("ms", 100), "two strokes on one drum that are closer than this, in milliseconds, are a flam; 0: never"
    )
    velocity_curve: VelocityCurve = _option(
        VelocityCurve(), VelocityCurve.parse, "velocities in the MIDI file: linear, soft, hard, an exponent, 40-120 or fixed 100"
    )
    midi_layout: MidiLayout = _option(
        MidiLayout.DRUMS, _choice(MidiLayout), "tracks of the MIDI file: drums (one), instruments (one each) or type-0"
    )
    lead_in: int = _option(0, _whole("bars", 8), "empty bars before the recording's start in the MIDI file")
    notation: str = _option("standard", _word, "staff map of the notation")
    repeat_bars: bool = _option(False, _flag, "write a repeat sign for a bar that is the same as the one before")
    compat: Compat = _option(Compat.TUNED, _choice(Compat), "annoteator only: seed or tuned arithmetic")
    pdf: PdfBackend = _option(
        PdfBackend.VEROVIO, _choice(PdfBackend), "who engraves the PDF: verovio (built in), lilypond, musescore or none"
    )
    paper: Paper = _option(Paper.A4, _choice(Paper), "the PDF's page size: a4 or letter")
    picture: Picture = _option(Picture.NONE, _choice(Picture), "also draw the hits beside the MIDI: none, png or svg")
    separator_model: str = _option("htdemucs", _word, "demucs model")
    device: Device = _option(Device.AUTO, _choice(Device), "where demucs computes: auto, cpu, cuda or mps")
    keep_stem: bool = _option(False, _flag, "also write the drum stem as NAME.drums.wav")

    def changed(self, values: Mapping[str, object]) -> Settings:
        """A copy with `values` (raw: strings, numbers) parsed into it; raises ValueError that lists every mistake."""
        parsed, mistakes = parse_options(values)
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return replace(self, **parsed)

    def to_json(self) -> str:
        """One line of JSON with sorted keys: what is stored with a job and hashed into its identity."""
        values = {k: str(v) if isinstance(v, WRITTEN_AS_TEXT) else v for k, v in asdict_flat(self).items()}
        return json.dumps(values, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Settings:
        """The inverse of `to_json`; what an earlier or later version stored and this one does not know is as by default."""
        parsed, _unknown = parse_options(json.loads(text))
        return cls(**parsed)


def asdict_flat(settings: Settings) -> dict[str, Any]:
    """Field names to values, one level deep."""
    return {f.name: getattr(settings, f.name) for f in fields(settings)}


OPTIONS: dict[str, Any] = {f.name: f.metadata for f in fields(Settings)}
"""Name to {"parse": ..., "help": ...}: the table that CLI, config and OSC walk over."""


HEARING_SETTINGS = ("engine", "chain", "separation", "beats", "bpm", "meter", "first_downbeat", "compat", "separator_model")
"""The settings that change what is heard; the others only change what is chosen of it and how it is written down."""

CHOOSING_SETTINGS = ("sensitivity", "instruments")
"""The settings that choose from what was heard: they can be changed without hearing anything again."""


def parse_options(values: Mapping[str, object]) -> tuple[dict[str, Any], list[str]]:
    """Parse raw values by the table; returns what could be parsed, and one sentence for each mistake."""
    parsed: dict[str, Any] = {}
    mistakes: list[str] = []
    for name, value in values.items():
        key = name.replace("-", "_")
        if key not in OPTIONS:
            mistakes.append(f"unknown setting {name!r}{did_you_mean(key, OPTIONS)}")
            continue
        try:
            parsed[key] = OPTIONS[key]["parse"](value)
        except (ValueError, TypeError) as error:
            mistakes.append(f"{name}: {error}")
    return parsed, mistakes
