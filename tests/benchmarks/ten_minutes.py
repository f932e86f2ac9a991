"""How long a ten-minute track takes from its samples to beats, score, MIDI, notation and PDF, and in how much memory.

    python tests/benchmarks/ten_minutes.py [--part drum] [--minutes 10] [--recording FILE] [--out FOLDER]

Makes one recording of the shared ones beside the repository, one after another until it is long enough, and does it in a fresh
process with the shipped settings, PDF by Verovio. Prints for each stage its seconds, how many of them the processor worked for it
(on a machine that does other things too, the clock says little), and the most memory that the process had had by its end
(resident, as the system counts it). The engines are opened before the clock starts, as in a daemon.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "daemon"))

DEV = REPOSITORY.parent / "shared" / "eval" / "dev"
RATE_HZ = 44_100
FAST_STAGES, FAST_S, FAST_MB = ("beats", "midi"), 3.0, 300
NOTATION_S = 15.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=("drum", "mix"), default="drum")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--recording", type=Path, help="at 44.1 kHz, repeated until it is long enough; default: the shared ones")
    parser.add_argument("--out", type=Path, help="keep the results here")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        print(json.dumps(transcribe(args.child)))
        return
    with tempfile.TemporaryDirectory() as name:
        track = Path(args.out or name) / "ten_minutes.wav"
        track.parent.mkdir(parents=True, exist_ok=True)
        # Processes of their own: what makes the recording is not counted.
        made = [sys.executable, "-c", MAKE, str(track), str(args.minutes), *map(str, recordings(args))]
        subprocess.run(made, check=True)
        command = [sys.executable, __file__, "--child", str(track)]
        told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    say(json.loads(told.splitlines()[-1]), args)


MAKE = """
import sys, numpy as np, soundfile
track, minutes, *paths = sys.argv[1:]
parts = [soundfile.read(path, dtype="float32", always_2d=True)[0] for path in paths]
stereo = np.concatenate([part[:, [0, -1]] for part in parts])
soundfile.write(track, np.resize(stereo, (round(float(minutes) * 60 * 44100), 2)), 44100, subtype="PCM_24")
"""


def recordings(args: argparse.Namespace) -> list[Path]:
    paths = [args.recording] if args.recording else sorted((DEV / args.part).glob("*.flac"))
    if not paths:
        sys.exit("The shared folder with real recordings is not beside the repository: name a --recording.")
    return paths


@dataclass
class Watch:
    """A monitor that notes memory and processor time whenever a stage says how far it is, and when the files are there."""

    peak_mb: dict[str, float] = field(default_factory=dict)
    spent_s: dict[str, float] = field(default_factory=dict)
    ready_s: dict[str, float] = field(default_factory=dict)
    started_s: float = field(default_factory=time.perf_counter)
    stage: str = ""
    noted_s: float = field(default_factory=time.process_time)

    def progress(self, stage: str, fraction: float) -> None:
        self.note()
        self.stage = stage

    def note(self) -> None:
        """What was spent since the last time belongs to the stage that was at work."""
        now_s = time.process_time()
        self.spent_s[self.stage] = self.spent_s.get(self.stage, 0.0) + now_s - self.noted_s
        self.peak_mb[self.stage] = peak_mb()
        self.noted_s = now_s

    def check(self) -> None:
        pass

    def announce(self, kind: str, path: Path) -> None:
        self.ready_s[kind] = time.perf_counter() - self.started_s


def transcribe(track: Path) -> dict[str, object]:
    """In the child: do it, and tell seconds, memory and what came out."""
    from backbeat.config.schema import Config, JobsConfig  # noqa: PLC0415 - in the child only
    from backbeat.engines.protocols import EngineOptions  # noqa: PLC0415
    from backbeat.engines.registry import open_beat_engine, open_hit_engine  # noqa: PLC0415
    from backbeat.monitor import Unwatched  # noqa: PLC0415
    from backbeat.pipeline.request import make_request  # noqa: PLC0415
    from backbeat.pipeline.run import run_request  # noqa: PLC0415
    from backbeat.service.tools import tools_from_config  # noqa: PLC0415
    from backbeat.settings import Settings  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as name:
        tools = tools_from_config(Config(jobs=JobsConfig(data_folder=Path(name))))
        options = EngineOptions.from_settings(Settings())
        open_beat_engine("net", options, tools.models)
        open_hit_engine("net", options, tools.models)
        request = make_request(
            track,
            out_base=track.with_name("ten_minutes.drums"),
            settings=Settings().changed({"pdf": "verovio"}),
            monitor=Unwatched(),
        )
        opened_mb, watch = peak_mb(), Watch()
        summary = run_request(request, tools=tools, monitor=watch, announce=watch.announce)
        watch.note()
    return {
        "opened_mb": opened_mb,
        "stages_s": summary.timings_s,
        "spent_s": watch.spent_s,
        "peaks_mb": {**watch.peak_mb, "end": peak_mb()},
        "ready_s": watch.ready_s,
        "hits": summary.hits,
        "bpm": summary.bpm,
        "warnings": summary.warnings,
    }


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1_000_000


def say(told: dict, args: argparse.Namespace) -> None:
    print(f"{args.minutes:g} minutes ({args.part}), {told['hits']} hits, {told['bpm']:.1f} BPM")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}     clock  processor   memory")
    print(f"{'engines open':14}                           {told['opened_mb']:5.0f} MB")
    for stage, took_s in told["stages_s"].items():
        print(
            f"{stage:14}       {took_s:7.2f} s  {told['spent_s'].get(stage, 0):7.2f} s  {told['peaks_mb'].get(stage, 0):5.0f} MB"
        )
    print(f"{'end':14}                           {told['peaks_mb']['end']:5.0f} MB")
    print("ready after   " + ", ".join(f"{kind} {ready_s:.2f} s" for kind, ready_s in told["ready_s"].items()))
    for warning in told["warnings"]:
        print(f"note: {warning}")
    clock_s, spent_s = (sum(told[times][stage] for stage in FAST_STAGES) for times in ("stages_s", "spent_s"))
    memory_mb = told["peaks_mb"]["midi"]
    print(f"beats, score, MIDI: {clock_s:.2f} s, {spent_s:.2f} s of the processor (allowed {FAST_S:g})", end="; ")
    print(f"{memory_mb:.0f} MB (allowed {FAST_MB})")
    print(f"notation and PDF: {told['stages_s']['notation']:.2f} s, {told['spent_s']['notation']:.2f} s (allowed {NOTATION_S:g})")


if __name__ == "__main__":
    main()
