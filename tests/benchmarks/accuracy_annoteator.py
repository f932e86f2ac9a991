"""F-measure and speed of the engine `annoteator` on the seven real recordings, in both modes.

    python tests/benchmarks/accuracy_annoteator.py [--compat seed|tuned] [--fine]

Runs the engine by itself on the drum stems in `../shared/eval/dev/drum` and scores its MIDI with `../shared/eval/score.py`.
The seed's figure depends on the tempo that is given: here librosa's with a start of 120 BPM, as upstream was scored.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import librosa
import mido
import soundfile

from backbeat.engines.annoteator.engine import AnnoteatorEngine, open_engine
from backbeat.engines.protocols import EngineOptions
from backbeat.monitor import Unwatched
from backbeat.pipeline.stem_to_hits import stem_to_hits
from backbeat.records import BeatGrid, DrumStem, Hits
from backbeat.training.evaluation.recordings import NO_BEATS
from backbeat.values import Compat, Instrument, StemOrigin

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
START_BPM = 120
TICKS_PER_S = 960  # 480 ticks per quarter at 120 BPM
NOTES = {
    Instrument.KICK: 36,
    Instrument.SNARE: 38,
    Instrument.HIHAT_CLOSED: 42,
    Instrument.TOM_HIGH: 50,
    Instrument.RIDE: 51,
    Instrument.CRASH: 49,
}


class SharedModels:
    """Model files from the shared folder."""

    def path(self, name: str) -> Path:
        return SHARED / "models" / name / "complete_network.h5"

    def folder(self, name: str) -> Path:
        return SHARED / "models" / name


def read_stem(path: Path) -> DrumStem:
    samples, rate_hz = soundfile.read(path, dtype="float32")
    return DrumStem(samples=samples, sample_rate_hz=rate_hz, origin=StemOrigin.GIVEN, reason="benchmark")


def tempo_grid(stem: DrumStem) -> BeatGrid:
    """A grid that knows nothing but a tempo."""
    tempo_bpm = float(librosa.feature.tempo(y=stem.samples, sr=stem.sample_rate_hz, start_bpm=START_BPM)[0])
    return replace(NO_BEATS, tempo_bpm=tempo_bpm)


def write_midi(hits: Hits, path: Path) -> None:
    track = mido.MidiTrack()
    now = 0
    for hit in hits:
        tick = round(hit.time_s * TICKS_PER_S)
        track.append(mido.Message("note_on", channel=9, note=NOTES[hit.instrument], velocity=hit.velocity, time=tick - now))
        now = tick
    mido.MidiFile(ticks_per_beat=480, tracks=[track]).save(path)


def run(engine: AnnoteatorEngine, folder: Path) -> dict[str, float]:
    """Write a MIDI file for each recording; returns what was measured besides."""
    seconds = audio_s = 0.0
    for recording in sorted((SHARED / "eval/dev/drum").glob("*.flac")):
        stem = read_stem(recording)
        grid = tempo_grid(stem)
        start_s = time.perf_counter()
        hits = stem_to_hits(stem, grid, engine, Unwatched())
        seconds += time.perf_counter() - start_s
        audio_s += stem.duration_s
        write_midi(hits, folder / f"{recording.stem}.mid")
    return {"audio_s": round(audio_s, 1), "seconds_of_audio_per_second": round(audio_s / seconds, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compat", choices=list(Compat), type=Compat)
    parser.add_argument("--fine", action="store_true", help="score fourteen instruments instead of five classes")
    arguments = parser.parse_args()
    for compat in [arguments.compat] if arguments.compat else list(Compat):
        engine = open_engine(EngineOptions(compat=compat), SharedModels())
        with tempfile.TemporaryDirectory() as folder:
            measured = run(engine, Path(folder))
            command = [sys.executable, SHARED / "eval/score.py", SHARED / "eval/dev/ref", folder]
            if arguments.fine:
                command[2] = SHARED / "eval/dev/ref_subclass"
                command.append("--fine")
            answer = subprocess.run(command, check=True, capture_output=True, text=True)
        sys.stdout.write(json.dumps({"compat": compat, **measured, **json.loads(answer.stdout)}, indent=1) + "\n")


if __name__ == "__main__":
    main()
