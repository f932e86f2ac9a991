"""`backbeat demo`: makes a drum loop, transcribes it, and says how much of it was heard."""

from __future__ import annotations

import argparse
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from backbeat.cli.command import Subparsers, new_command
from backbeat.cli.console import say, say_json
from backbeat.cli.exit_codes import ExitCode
from backbeat.cli.options import configured, job_options, json_option
from backbeat.cli.progress import shown_progress
from backbeat.cli.transcribe import Batch, make_folder, summary_json
from backbeat.values import FAMILIES, FAMILY_OF, OutputKind

DESCRIPTION = """\
Make a short drum loop (synthesised, eight bars at 108 BPM), transcribe it, and compare what was heard with what was
played. The loop and its results are put into the folder backbeat-demo; drag them into your DAW."""

TOLERANCE_S = 0.05
"""A hit counts as found when it was heard this close to its time: the usual window of drum transcription (MIREX)."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """played, heard, found: family to number of hits."""

    played: Counter[str]
    heard: Counter[str]
    found: Counter[str]


def add_command(subparsers: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add `demo`."""
    parser = new_command(
        subparsers, common, "demo", "make a drum loop and transcribe it", description=DESCRIPTION, execute=_execute
    )
    parser.add_argument("--out", type=Path, default=Path("backbeat-demo"), metavar="DIR", help="default: backbeat-demo")
    json_option(parser)
    job_options(parser)


def _execute(args: argparse.Namespace) -> int:
    config = configured(args).config
    from backbeat.outputs.read_result import read_result  # noqa: PLC0415 - not needed for --help

    folder = make_folder(args.out)
    recording = _write_loop(folder)
    with shown_progress(recording.name, quiet=args.json) as monitor:
        path, summary = Batch.of(config, out_dir=folder).do(str(recording), monitor)
    result = read_result(summary.outputs[OutputKind.JSON])
    comparison = compare([(hit.time_s, FAMILY_OF[hit.instrument]) for hit in result.hits])
    if args.json:
        families = {
            family: {"played": comparison.played[family], "heard": comparison.heard[family], "found": comparison.found[family]}
            for family in FAMILIES
        }
        say_json(summary_json(path, summary) | {"families": families})
    else:
        _say(recording, summary.outputs, summary.bpm, comparison)
        for warning in summary.warnings:
            say(f"note: {warning}")
    return ExitCode.OK


def compare(heard: Sequence[tuple[float, str]]) -> Comparison:
    """Set hits (time in seconds, family) against the loop's own; each counts once, the nearest in time first."""
    from backbeat.demo_loop import demo_strokes  # noqa: PLC0415 - brings NumPy

    played = [(stroke.time_s, FAMILY_OF[stroke.instrument]) for stroke in demo_strokes()]
    pairs = sorted(
        (abs(there - here), n, m)
        for n, (there, family) in enumerate(played)
        for m, (here, other) in enumerate(heard)
        if family == other and abs(there - here) <= TOLERANCE_S
    )
    used_played: set[int] = set()
    used_heard: set[int] = set()
    found: Counter[str] = Counter()
    for _, n, m in pairs:
        if n not in used_played and m not in used_heard:
            used_played.add(n)
            used_heard.add(m)
            found[played[n][1]] += 1
    return Comparison(played=Counter(f for _, f in played), heard=Counter(f for _, f in heard), found=found)


def _write_loop(folder: Path) -> Path:
    import soundfile  # noqa: PLC0415 - brings NumPy

    from backbeat.demo_loop import TEMPO_BPM, demo_audio  # noqa: PLC0415
    from backbeat.outputs.write_atomic import write_atomic  # noqa: PLC0415

    samples, rate_hz = demo_audio()
    wav = io.BytesIO()
    soundfile.write(wav, samples, rate_hz, format="WAV", subtype="PCM_16")
    path = folder / f"loop_{TEMPO_BPM:.0f}bpm.wav"
    write_atomic(path, wav.getvalue())
    return path


def _say(recording: Path, outputs: dict[OutputKind, Path], bpm: float, comparison: Comparison) -> None:
    from backbeat.demo_loop import TEMPO_BPM  # noqa: PLC0415 - brings NumPy

    say(f"The loop          {recording}")
    for kind, path in outputs.items():
        say(f"{_TITLES[kind]:17} {path}")
    say()
    say(f"Tempo             {bpm:.1f} BPM heard, {TEMPO_BPM:g} played")
    say("Hits              played  heard  found")
    for family in FAMILIES:
        played, heard, found = (counts[family] for counts in (comparison.played, comparison.heard, comparison.found))
        say(f"  {family:15} {played:6} {heard:6} {found:6}")
    totals = (comparison.played.total(), comparison.heard.total(), comparison.found.total())
    say(f"  {'all':15} {totals[0]:6} {totals[1]:6} {totals[2]:6}")
    say(f"{totals[2]} of the {totals[0]} hits of the loop were found.")


_TITLES = {
    OutputKind.MIDI: "MIDI",
    OutputKind.TEMPOMAP: "MIDI, tempo map",
    OutputKind.STEM: "Drum stem",
    OutputKind.MUSICXML: "Notation",
    OutputKind.PDF: "PDF",
    OutputKind.PNG: "Picture",
    OutputKind.SVG: "Picture",
    OutputKind.JSON: "Everything",
}
