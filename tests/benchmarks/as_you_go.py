"""Hits sent while a job runs: are they those of the result, and how soon do they come?

    python tests/benchmarks/as_you_go.py [--minutes 4] [--runs 3]

First, for each of the seven stems and seven mixes of the shared folder beside the repository: how many parts were told, whether
the hits of all parts, one after another, are those of the result in time, instrument, velocity and confidence to the last bit,
at the sensitivities 50, 0 and 100; and the same where the network is interrupted every second, with how long a hit waited
at most until it was certain. Then, for a mix of some minutes and a real daemon with its models loaded: the time from when
the job was accepted to the first hit over OSC, to the last, and to the end of the job, each run with a fresh cache.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import soundfile
from long_recording import RATE_HZ, long_recording

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "daemon"))

from backbeat.config.schema import Config, JobsConfig  # noqa: E402
from backbeat.engines.net.features import FPS  # noqa: E402
from backbeat.engines.net.parts import Parts  # noqa: E402
from backbeat.engines.net.picker import pick_hits  # noqa: E402
from backbeat.engines.net.recording import prepared  # noqa: E402
from backbeat.engines.net.state import NetState  # noqa: E402
from backbeat.engines.protocols import EngineOptions  # noqa: E402
from backbeat.engines.registry import open_hit_engine  # noqa: E402
from backbeat.monitor import Unwatched  # noqa: E402
from backbeat.osc import OscMessage, message_to_packet, packet_to_messages  # noqa: E402
from backbeat.pipeline.request import make_request  # noqa: E402
from backbeat.pipeline.run import file_to_analysis  # noqa: E402
from backbeat.pipeline.stage_context import StageContext, Tools  # noqa: E402
from backbeat.records import Hits  # noqa: E402
from backbeat.sensitivity import Sensitivity  # noqa: E402
from backbeat.service.tools import tools_from_config  # noqa: E402
from backbeat.settings import Settings  # noqa: E402

DEV = REPOSITORY.parent / "shared" / "eval" / "dev"
SENSITIVITIES = (50, 0, 100)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder))
    mixes = sorted((DEV / "mix").glob("*.flac"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mix.wav"
        soundfile.write(path, long_recording(mixes[0], args.minutes), RATE_HZ, subtype="PCM_24")
        measure(path, args.minutes, args.runs)


def compare(folder: Path) -> None:
    tools = tools_from_config(Config(jobs=JobsConfig(data_folder=folder)))
    told, in_result, equal = 0, 0, 0
    print(
        f"{'recording':<28}{'parts':>6}  "
        + "".join(f"{f'at {s}: equal/hits':>22}" for s in SENSITIVITIES)
        + f"{'every second':>22}"
    )
    for path in sorted(chain(DEV.glob("drum/*.flac"), DEV.glob("mix/*.flac"))):
        cells, parts = [], []
        for sensitivity in SENSITIVITIES:
            settings = Settings().changed({"beats": "none", "sensitivity": sensitivity})
            request = make_request(path, out_base=folder / "x", settings=settings, monitor=Unwatched())
            parts = []
            context = StageContext(
                request=request, tools=tools, monitor=Unwatched(), announce=lambda _kind, _path: None, tell=parts.append
            )
            analysis, _ = file_to_analysis(context)
            same, of = same_hits(parts, analysis.hits)
            equal, told, in_result = equal + same, told + sum(map(len, parts)), in_result + of
            cells.append(f"{same}/{of}")
        same, of, waited_s = every_second(path, tools)
        cells.append(f"{same}/{of} waited {waited_s:.2f} s")
        print(f"{path.parent.name + '/' + path.stem:<28}{len(parts):>6}  " + "".join(f"{cell:>22}" for cell in cells))
    print(f"{told} hits told, {in_result} in the results, {equal} equal ({100 * equal / in_result:.2f} %)")


def every_second(path: Path, tools: Tools) -> tuple[int, int, float]:
    """Hits that are equal, hits, and for how many seconds of the recording a hit waited at most."""
    engine = open_hit_engine("net", EngineOptions(), tools.models)
    samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    mono = prepared(np.ascontiguousarray(samples.mean(axis=1)), rate_hz)
    heard, duration_s = engine.activations(mono, Unwatched()), len(mono) / RATE_HZ
    told: list[Hits] = []
    waits_s = [0.0]
    parts = Parts(told.append, picking=engine.settings.picking, duration_s=duration_s)
    total = len(heard.instruments)
    for last in [*range(FPS, total, FPS), total]:
        before = len(told)
        so_far = replace(heard, instruments=heard.instruments[:last], velocities=heard.velocities[:last])
        parts.heard(so_far, is_all=last == total)
        waits_s += [last / FPS - float(part.time_s[0]) - 1 for part in told[before:] if len(part)]
    state = NetState.of(heard, duration_s=duration_s, picking=engine.settings.picking)
    return *same_hits(told, pick_hits(state.to_bytes(), Sensitivity())), max(waits_s)


def same_hits(parts: list[Hits], result: Hits) -> tuple[int, int]:
    """How many of the result's hits were told at their place in the order, and how many there are."""
    told = [hit for part in parts for hit in part]
    return sum(early == final for early, final in zip(told, result, strict=False)), len(result)


def measure(path: Path, minutes: float, runs: int) -> None:
    print(f"\n{minutes:g} minutes of a mix, net for beats and hits, no PDF; seconds since the job was accepted")
    print(f"others' load on the machine before: {os.getloadavg()[0]:.1f}")
    found = [one_job(path) for _ in range(runs)]
    for name, column in zip(("first hit", "last hit", "done"), zip(*found, strict=True), strict=True):
        print(f"  {name:<10} median {statistics.median(column):.2f}   " + " ".join(f"{value:.2f}" for value in column))


def one_job(path: Path) -> tuple[float, float, float]:
    """Seconds from accepted to the first hit, the last, and done, with a daemon of its own."""
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        port = free_port()
        config = Path(folder) / "config.toml"
        config.write_text(
            f'extra_roots = ["{folder}"]\n[transcribe]\npdf = "none"\n[osc]\nport = {port}\nas_you_go = true\n'
            f'[jobs]\ndata_folder = "{folder}/data"\nnice = false\n[log]\nfile = "{folder}/log"\n',
            "utf-8",
        )
        client.connect(("127.0.0.1", port))
        daemon = subprocess.Popen(
            [sys.executable, "-m", "backbeat", "run", "--config", str(config)],
            env={**os.environ, "PYTHONPATH": str(REPOSITORY / "daemon")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_for_daemon(client, Path(folder) / "log")
            fresh = Path(folder) / "mix.wav"  # where no earlier result lies beside it
            shutil.copy(path, fresh)
            return times_s(client, fresh)
        finally:
            daemon.terminate()
            daemon.wait(30)


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_daemon(client: socket.socket, log: Path) -> None:
    """Until it answers and its models are loaded."""
    client.settimeout(0.5)
    for _ in range(600):
        try:
            client.send(message_to_packet(OscMessage(address="/backbeat/ping")))
            client.recv(65536)
        except OSError:
            time.sleep(0.2)
            continue
        if "the recogniser is loaded" in log.read_text("utf-8"):
            return
        time.sleep(0.2)
    sys.exit("the daemon does not answer")


def times_s(client: socket.socket, path: Path) -> tuple[float, float, float]:
    client.settimeout(300)
    client.send(message_to_packet(OscMessage(address="/backbeat/transcribe", arguments=(str(path),), types="s")))
    accepted_s, hits_s = 0.0, []
    while True:
        for message in packet_to_messages(client.recv(65536)):
            now_s = time.perf_counter()
            match message.address:
                case "/backbeat/accepted":
                    accepted_s = now_s
                case "/backbeat/hit":
                    hits_s.append(now_s - accepted_s)
                case "/backbeat/done":
                    return hits_s[0], hits_s[-1], now_s - accepted_s
                case "/backbeat/failed" | "/backbeat/error":
                    sys.exit(str(message.arguments))


if __name__ == "__main__":
    main()
