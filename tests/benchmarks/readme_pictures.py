"""The pages in the README: rhythms of our own, played by FluidSynth and transcribed from the sound.

    python tests/benchmarks/readme_pictures.py [--keep FOLDER]

Each goes the whole way that a bounce goes (`backbeat transcribe`, PDF by Verovio) and is written as
`tests/reports/pages/NAME.png`. Needs Debian's fluidsynth, fluid-soundfont-gm and poppler-utils. Look at the difference before
you keep it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import mido
import numpy as np
import soundfile
from PIL import Image, ImageChops

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "daemon"), str(REPOSITORY / "tests")]

from backbeat.outputs.note_map import load_note_map  # noqa: E402
from backbeat.values import Instrument, Meter  # noqa: E402
from fluidsynth_player import RATE_HZ, played_by_fluidsynth  # noqa: E402

PAGES = REPOSITORY / "tests" / "reports" / "pages"
DPI = 130
MARGIN_PIXELS = 20
FLAM_S = 0.032
LEAD_IN_S = 0.05
DRUMS = {
    "k": Instrument.KICK,
    "s": Instrument.SNARE,
    "h": Instrument.HIHAT_CLOSED,
    "o": Instrument.HIHAT_OPEN,
    "r": Instrument.RIDE,
    "c": Instrument.CRASH,
    "t": Instrument.TOM_HIGH,
    "m": Instrument.TOM_MID,
    "l": Instrument.TOM_LOW,
}
VELOCITIES = {"x": 88, ">": 118, "g": 34, "f": 105, "-": 0}
Bar = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Piece:
    """bars: rows of steps by drum; x a stroke, > a loud one, g a ghost note, f a flam. bpm: quarter notes per minute.

    swing: ratio of eighths. settings: what its player tells Backbeat.
    """

    name: str
    title: str
    bars: Sequence[Bar]
    bpm: float
    meter: Meter = Meter(4, 4)
    swing: float = 1.0
    settings: tuple[str, ...] = ()


_ROCK_CRASH = {"k": "x-------x-x-----", "s": "---->------->---", "c": ">---------------", "h": "--x-x-x-x-x-x-x-"}
_ROCK = {"k": "x-------x-x-----", "s": "---->------->---", "h": "x-x-x-x-x-x-x-x-"}
_ROCK_OPEN = {"k": "x-----x-x-x-----", "s": "---->--g-g-->--g", "h": "x-x-x-x-x-x-x---", "o": "--------------x-"}
_ROCK_FUNK = {"k": "x--x--x---x-----", "s": "---->--g-g-->--g", "h": "xxxxxxxxxxxxxxxx"}
_ROCK_FILL = {
    "k": "x-----x-----------------",
    "s": "------>-----xxxxxx------",
    "h": "x--x--x--x--------------",
    "t": "------------------xxx---",
    "l": "---------------------xxx",
}
_SHUFFLE = {"k": "x---x-x-", "s": "-->--->-", "h": "xxxxxxxx"}
_SHUFFLE_GHOSTS = {"k": "x---x---", "s": "-g>--g>g", "h": "x-x-x-x-"}
_SHUFFLE_FLAMS = {"k": "x---x-x-", "s": "--f---f-", "h": "xxxxxxxx"}
_SHUFFLE_CRASH = {"k": "x---x-x-", "s": "-->--->-", "c": ">-------", "h": "-xxxxxxx"}
_SHUFFLE_FILL = {"k": "x-----------", "h": "x-----------", "s": "---f--xxx---", "t": "---------xx-", "l": "-----------x"}
_SEVEN = {"k": "x---x--", "s": "-->---x", "h": "xxxxxxx"}
_SEVEN_B = {"k": "x-----x-x-----", "s": "---->-------x-", "h": "x-x-x-x-x-x-x-"}
_SEVEN_CRASH = {"k": "x---x--", "s": "-->---x", "c": ">------", "h": "-xxxxxx"}
_SEVEN_OPEN = {"k": "x---x--", "s": "-->---x", "h": "xxxxxx-", "o": "------x"}
_SEVEN_FILL = {"k": "x-------------", "s": "x-x-xxxx------", "t": "--------xx----", "m": "----------xx--", "l": "------------xx"}

PIECES = (
    Piece(
        name="rock",
        title="Rock with open hats and a triplet fill",
        bars=(_ROCK_CRASH, _ROCK_OPEN, _ROCK, _ROCK_OPEN, _ROCK_FUNK, _ROCK_FUNK, _ROCK_OPEN, _ROCK_FILL),
        bpm=96,
    ),
    Piece(
        name="shuffle",
        title="Shuffle with ghost notes and flams",
        bars=(
            _SHUFFLE_CRASH,
            _SHUFFLE,
            _SHUFFLE_GHOSTS,
            _SHUFFLE_FLAMS,
            _SHUFFLE,
            _SHUFFLE_GHOSTS,
            _SHUFFLE_FLAMS,
            _SHUFFLE_FILL,
        ),
        bpm=116,
        swing=2.0,
    ),
    Piece(
        name="seven",
        title="Seven eight with a fill",
        bars=(_SEVEN_CRASH, _SEVEN, _SEVEN_B, _SEVEN_OPEN, _SEVEN, _SEVEN_B, _SEVEN, _SEVEN_FILL),
        bpm=132,
        meter=Meter(7, 8),
        settings=("meter=7/8", f"first_downbeat={LEAD_IN_S}"),
    ),
)


def strokes_of(piece: Piece, seed: int = 1) -> list[tuple[float, int, int]]:
    """Time in seconds, MIDI note and velocity of each stroke, 4 ms loose."""
    random = np.random.default_rng(seed)
    notes = load_note_map("general-midi").notes
    strokes = []
    for index, bar in enumerate(piece.bars):
        for letter, row in bar.items():
            for step, mark in enumerate(row):
                if not (velocity := VELOCITIES[mark]):
                    continue
                at = index * piece.meter.quarters + _swung(piece.meter.quarters * step / len(row), piece.swing)
                time_s = LEAD_IN_S + float(at) * 60 / piece.bpm + float(random.normal(0, 0.004))
                strokes.append((time_s, notes[DRUMS[letter]], velocity + int(random.integers(-5, 6))))
                if mark == "f":
                    strokes.append((time_s - FLAM_S, notes[DRUMS[letter]], 45))
    return sorted(strokes)


def _swung(position: Fraction, ratio: float) -> Fraction:
    eighth = Fraction(1, 2)
    if position % 1 != eighth:
        return position
    return position - eighth + Fraction(ratio / (1 + ratio)).limit_denominator(1000)


def play(piece: Piece, folder: Path) -> Path:
    """The piece as FluidSynth plays it, a WAV named as its page will be called."""
    track, tick = mido.MidiTrack(), 0
    for time_s, note, velocity in strokes_of(piece):
        now = round(time_s * 960)  # 480 ticks to a quarter note at 120
        track.append(mido.Message("note_on", channel=9, note=note, velocity=velocity, time=now - tick))
        tick = now
    track.append(mido.MetaMessage("end_of_track", time=960))
    midi = folder / f"{piece.name}.mid"
    mido.MidiFile(type=0, tracks=[track]).save(midi)
    wav = folder / f"{piece.title}.wav"
    end_s = LEAD_IN_S + float(piece.meter.quarters) * len(piece.bars) * 60 / piece.bpm
    samples = played_by_fluidsynth("fluidsynth", midi, folder / "fluidsynth.wav")[: round(end_s * RATE_HZ)]
    soundfile.write(wav, samples / max(np.abs(samples).max(), 1e-9) * 0.8, RATE_HZ)
    return wav


def picture(wav: Path, name: str, settings: Sequence[str], folder: Path) -> Path:
    """Transcribe and keep the first page, without the white below the last line."""
    command = [sys.executable, "-m", "backbeat", "transcribe", str(wav), "--out", str(folder)]
    for setting in ("pdf=verovio", *settings):
        command += ["--set", f"transcribe.{setting}"]
    subprocess.run(command, check=True, timeout=120, cwd=REPOSITORY / "daemon")
    pdf = folder / f"{wav.stem}.drums.pdf"
    subprocess.run(["pdftoppm", "-r", str(DPI), "-png", "-singlefile", str(pdf), str(folder / name)], check=True, timeout=60)
    page = Image.open(folder / f"{name}.png").convert("L")
    ink = ImageChops.invert(page).getbbox()
    assert ink
    left, top, right, bottom = ink
    cut = page.crop((left - MARGIN_PIXELS, top - MARGIN_PIXELS, right + MARGIN_PIXELS, bottom + MARGIN_PIXELS))
    target = PAGES / f"{name}.png"
    cut.quantize(16).save(target, optimize=True)
    return target


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--keep", type=Path, help="where the recordings and all files go")
    keep = parser.parse_args().keep
    PAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for piece in PIECES:
            print(picture(play(piece, folder), piece.name, piece.settings, folder))


if __name__ == "__main__":
    main()
