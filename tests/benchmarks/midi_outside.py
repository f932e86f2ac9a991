"""Our MIDI files in programs that are not ours: how far strokes and bar lines are from where they were played.

    python tests/benchmarks/midi_outside.py            # all that is installed
    python tests/benchmarks/midi_outside.py --only fluidsynth

A made-up drummer plays ten minutes without a click (the tempo sways by 6 % and wanders), in 4/4 and with 7/8, 3/4 and 6/8 in
between; FluidSynth plays both MIDI files, MuseScore and Ardour import them. Then the same with what Backbeat hears in the
shared recordings beside the checkout, and in the made-up drummer's ten minutes as FluidSynth plays them. Programs (Debian):
fluidsynth fluid-soundfont-gm musescore3 ardour xvfb jackd2.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import mido
import numpy as np
import soundfile

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "daemon"), str(REPOSITORY)]

from tests.ardour_importer import imported_by_ardour  # noqa: E402
from tests.ardour_program import PROGRAMS  # noqa: E402
from tests.drifting_drummer import CHANGING, Drummer, drummer  # noqa: E402
from tests.fluidsynth_player import RATE_HZ, FloatArray, beginnings_s, nearest_errors_s, played_by_fluidsynth  # noqa: E402
from tests.musescore_importer import imported_by_musescore  # noqa: E402

from backbeat.outputs.midi.style import MidiStyle  # noqa: E402
from backbeat.outputs.note_map import load_note_map  # noqa: E402
from backbeat.outputs.score_to_midi import score_to_midi, score_to_tempomap_midi  # noqa: E402
from backbeat.pipeline.hits_to_score import hits_to_score  # noqa: E402
from backbeat.records import Score  # noqa: E402
from backbeat.values import FOUR_FOUR  # noqa: E402

RECORDINGS = REPOSITORY.parent / "shared" / "eval" / "dev" / "drum"
STYLE = MidiStyle(notes=load_note_map("general-midi").notes, source="drummer.wav")
HOST_BPM = 97.3
SIDE_STICK = 37
TEN_MINUTES_S = 600.0


def performances() -> dict[str, Drummer]:
    return {
        "4/4": drummer(duration_s=TEN_MINUTES_S, start_s=0.37),
        "changing meters": drummer(duration_s=TEN_MINUTES_S, start_s=0.37, meters=CHANGING),
    }


def scored(played: Drummer) -> Score:
    return hits_to_score(played.hits, played.grid, title="drummer", duration_s=played.duration_s)


def files(score: Score, quantize: int = 0) -> dict[str, bytes]:
    style = replace(STYLE, quantize=quantize)
    return {
        f"one tempo ({HOST_BPM:g})": score_to_midi(score, style, tempo_bpm=HOST_BPM, meter=FOUR_FOUR),
        "tempo map": score_to_tempomap_midi(score, style),
    }


def summary(errors_s: FloatArray) -> str:
    """Distances from where something was played; their drift is the last minute's median less the first's (a tenth each)."""
    missing = int(np.isnan(errors_s).sum())
    there_ms = errors_s[~np.isnan(errors_s)] * 1000
    tenth = max(len(there_ms) // 10, 1)
    drift_ms = np.median(there_ms[-tenth:]) - np.median(there_ms[:tenth])
    spread_ms = np.abs(there_ms - np.median(there_ms))
    return (
        f"{len(errors_s):5} wanted, {missing} missing; median {np.median(there_ms):+.2f} ms, around it 95 % within "
        f"{np.percentile(spread_ms, 95):.2f} ms, all within {spread_ms.max():.2f} ms; drift {drift_ms:+.2f} ms"
    )


def fluidsynth(folder: Path) -> None:
    for name, played in performances().items():
        for kind, data in files(scored(played)).items():
            (folder / "in.mid").write_bytes(data)
            found_s = beginnings_s(played_by_fluidsynth("fluidsynth", folder / "in.mid", folder / "out.wav"))
            print(f"FluidSynth, {name}, {kind}: {summary(nearest_errors_s(np.unique(played.hits.time_s), found_s))}", flush=True)


def musescore(folder: Path) -> None:
    for name, played in performances().items():
        score = scored(played)
        for quantize in (100, 0):
            (folder / "in.mid").write_bytes(files(score, quantize)["tempo map"])
            found = imported_by_musescore("musescore3", folder / "in.mid", folder)
            early = len(found.bars) - len(score.bars)  # bars of silence before the first downbeat
            bars = [(bar.meter, bar.length) for bar in found.bars[early:]]
            wanted = {(note.bar + early, note.position, STYLE.notes[note.instrument]) for note in score.notes}
            same_bars = sum(a == (str(b.meter), b.length) for a, b in zip(bars, score.bars, strict=True))
            print(
                f"MuseScore, {name}, tempo map, {quantize} % quantised: {same_bars} of {len(score.bars)} bars with their meter, "
                f"{len(wanted & set(found.notes))} of {len(score.notes)} notes on their places, {len(found.notes)} notes in all",
                flush=True,
            )


def ardour(folder: Path) -> None:
    for name, played in performances().items():
        for kind, data in files(scored(played)).items():
            home = folder / f"ardour{len(list(folder.iterdir()))}"
            home.mkdir()
            (folder / "in.mid").write_bytes(data)
            found = imported_by_ardour(folder / "in.mid", home)
            strokes = np.array([time_s for time_s, *_ in found.notes])
            print(f"Ardour, {name}, {kind}, strokes: {summary(strokes - np.sort(played.hits.time_s))}", flush=True)
            if kind == "tempo map":
                bars_s = np.array([time_s for time_s, _ in found.bars[1 : len(played.bars_s) + 1]])
                print(f"Ardour, {name}, {kind}, bar lines: {summary(bars_s - played.bars_s)}", flush=True)


def transcribed(recordings: Sequence[Path], out: Path) -> None:
    command = [sys.executable, "-m", "backbeat", "transcribe", "--pdf", "none", "--separation", "none", "--out", str(out)]
    subprocess.run([*command, *map(str, recordings)], check=True, capture_output=True)


def heard_s(result: Path) -> FloatArray:
    return np.unique([hit["time"] for hit in json.loads(result.read_text())["hits"]])


def on_a_side_stick(midi: Path, copy: Path) -> None:
    """Every stroke on one short loud sound: an onset finder as simple as ours misses soft strokes under cymbals."""
    file = mido.MidiFile(midi, charset="utf-8")
    for message in (message for track in file.tracks for message in track if message.type == "note_on"):
        message.note, message.velocity = SIDE_STICK, 110
    file.save(copy)


def recordings(folder: Path) -> None:
    """What FluidSynth plays against what Backbeat heard; strokes closer than 40 ms (flams) count once."""
    transcribed(sorted(RECORDINGS.glob("*.flac")), folder)
    for suffix in (".mid", ".tempomap.mid"):
        errors_s = []
        for result in sorted(folder.glob("*.drums.json")):
            on_a_side_stick(result.with_suffix(suffix), folder / "stick.mid")
            found_s = beginnings_s(played_by_fluidsynth("fluidsynth", folder / "stick.mid", folder / "out.wav"))
            wanted_s = heard_s(result)
            errors_s.append(nearest_errors_s(wanted_s[np.diff(wanted_s, prepend=-1.0) > 0.04], found_s))
        print(f"FluidSynth, {len(errors_s)} recordings, *.drums{suffix}: {summary(np.concatenate(errors_s))}", flush=True)


def bar_lines_s(midi: Path) -> FloatArray:
    """Where the bars of a file begin, by mido's own arithmetic."""
    file = mido.MidiFile(file=io.BytesIO(midi.read_bytes()))
    changes = [(0, 500_000)]
    meters: list[tuple[int, int]] = []
    at = 0
    for message in file.tracks[0]:
        at += message.time
        if message.type == "set_tempo":
            changes.append((at, message.tempo))
        elif message.type == "time_signature":
            meters.append((at, file.ticks_per_beat * 4 * message.numerator // message.denominator))
    ends = [tick for tick, _ in meters[1:]] + [at + 1]
    ticks = [tick for (first, length), end in zip(meters, ends, strict=True) for tick in range(first, end, length)]
    spans_s = [mido.tick2second(b[0] - a[0], file.ticks_per_beat, a[1]) for a, b in pairwise(changes)]
    starts_s = np.concatenate([[0.0], np.cumsum(spans_s)])
    rows = np.searchsorted([tick for tick, _ in changes], ticks, side="right") - 1
    return np.array(
        [
            starts_s[row] + mido.tick2second(tick - changes[row][0], file.ticks_per_beat, changes[row][1])
            for tick, row in zip(ticks, rows, strict=True)
        ]
    )


def whole_path(folder: Path) -> None:
    """FluidSynth is the drummer, Backbeat listens, and the bar lines of its tempo map are compared with the drummer's."""
    played = performances()["4/4"]
    (folder / "in.mid").write_bytes(files(scored(played))[f"one tempo ({HOST_BPM:g})"])
    samples = played_by_fluidsynth("fluidsynth", folder / "in.mid", folder / "out.wav")
    soundfile.write(folder / "drummer.wav", samples, RATE_HZ, subtype="PCM_16")
    transcribed([folder / "drummer.wav"], folder)
    strokes = nearest_errors_s(np.unique(played.hits.time_s), heard_s(folder / "drummer.drums.json"))
    print(f"Backbeat hears FluidSynth, strokes: {summary(strokes)}", flush=True)
    lines_s = bar_lines_s(folder / "drummer.drums.tempomap.mid")
    print(
        f"Backbeat hears FluidSynth, bar lines of the tempo map: {summary(nearest_errors_s(played.bars_s, lines_s, 0.1))}",
        flush=True,
    )


PARTS: dict[str, tuple[Callable[[Path], None], tuple[str, ...]]] = {
    "fluidsynth": (fluidsynth, ("fluidsynth",)),
    "musescore": (musescore, ("musescore3",)),
    "ardour": (ardour, PROGRAMS),
    "recordings": (recordings, ("fluidsynth",)),
    "whole-path": (whole_path, ("fluidsynth",)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=PARTS, help="one part")
    only = parser.parse_args().only
    for name, (part, programs) in PARTS.items():
        missing = [program for program in programs if not shutil.which(program)]
        if missing:
            print(f"{name}: left out, {', '.join(missing)} is not installed")
        elif only in (None, name):
            with tempfile.TemporaryDirectory(prefix="backbeat-") as folder:
                part(Path(folder))


if __name__ == "__main__":
    main()
