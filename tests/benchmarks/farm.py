"""What a farm does under load and when things go wrong, with a real Redis, real daemons and real workers on this computer.

    python tests/benchmarks/farm.py [--scale 1.0] [--workers 2] [--cut-s 60] [--only NAME ...]

Prints a table: jobs, how long, and the proof that every job was done exactly once. Needs `redis-server`. With the scale 1.0 there
are over 500 jobs in all.
"""

from __future__ import annotations

import argparse
import signal
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import numpy as np

import audio_files
from backbeat.config.load import load_config
from backbeat.farm.records import RunRecords
from backbeat.farm.stage import FarmStage
from backbeat.farm.stage_work import do_stage
from backbeat.farm.storage import FolderStorage
from backbeat.jobs.job import JobState
from backbeat.monitor import Unwatched
from backbeat.pipeline.request import make_request
from backbeat.pipeline.stage_context import StageContext
from backbeat.service.tools import tools_from_config
from backbeat.settings import Settings
from farm_field import Farm, Program, Proof, farm, kill_in_stage, wait_for

STAGES = ("ingest", "separate", "hear", "export")
LONG_S = 1800.0


@dataclass(frozen=True)
class Row:
    name: str
    proof: Proof
    took_s: float
    note: str = ""

    def __str__(self) -> str:
        proof = self.proof
        done = " + ".join(map(str, proof.done))
        verdict = "yes" if proof.holds else "NO"
        return (
            f"| {self.name} | {proof.wanted} | {done} | {proof.results} | {proof.exports} | {proof.doubled} "
            f"| {proof.temps + proof.records + proof.runs} | {self.took_s:.0f} s | {verdict} | {self.note} |"
        )


HEAD = """\
| scenario | recordings | done | results | written | doubled | left over | took | exactly once | |
|---|---:|---:|---:|---:|---:|---:|---:|---|---|"""


def start_workers(field: Farm, count: int) -> dict[str, Program]:
    """`count` computers, each with a program for either queue. They are ready when this returns."""
    workers = {f"heavy{n}": field.worker(f"heavy{n}", "--queues", "heavy-compute") for n in range(count)}
    workers |= {f"light{n}": field.worker(f"light{n}", "--queues", "default", "--concurrency", "1") for n in range(count)}
    field.daemon()
    field.bounce(2, first=9000)  # everything is loaded
    field.wait_until_done(2, within_s=LONG_S)
    return workers


def throughput(folder: Path, jobs: int, workers: int, _cut_s: float) -> list[Row]:
    """The same number of jobs by one computer and by several, one after the other in the same run."""
    rows, rates = [], []
    for count in (1, workers):
        with farm(folder / f"throughput{count}") as field:
            start_workers(field, count)
            began = time.monotonic()
            field.bounce(jobs, seconds=8.0)
            field.wait_until_done(jobs + 2, within_s=LONG_S)
            took_s = time.monotonic() - began
            rates.append(jobs / took_s)
            ratio = "" if len(rates) == 1 else f", {rates[1] / rates[0]:.2f} times one"
            rows.append(Row(f"{count} worker(s)", field.proof(jobs + 2), took_s, f"{rates[-1] * 60:.0f} jobs a minute{ratio}"))
            stage_times(field)
    return rows


def kills(folder: Path, jobs: int, workers: int, _cut_s: float) -> list[Row]:
    """In each stage a worker, with all its processes, gets SIGKILL while it holds a task of that stage."""
    rows = []
    for stage in STAGES:
        with farm(folder / f"kill-{stage}") as field:
            programs = start_workers(field, workers)
            began = time.monotonic()
            field.bounce(jobs, seconds=8.0)
            victims = []
            for _ in range(2):
                victims.append(kill_in_stage(field, stage, programs))
                programs[victims[-1]].start()
            field.wait_until_done(jobs + 2, within_s=LONG_S)
            heard = next(program.said("has died") for program in field.programs if program.log.name == "one.log")
            note = f"{len(victims)} killed, {heard} found out by their heartbeat"
            rows.append(Row(f"SIGKILL in {stage}", field.proof(jobs + 2), time.monotonic() - began, note))
    return rows


def restart(folder: Path, jobs: int, workers: int, _cut_s: float) -> list[Row]:
    """Redis ends in the middle of it all and is started again: once asked to, once by SIGKILL."""
    rows = []
    for name, number in (("SIGTERM", signal.SIGTERM), ("SIGKILL", signal.SIGKILL)):
        with farm(folder / f"redis-{name}") as field:
            start_workers(field, workers)
            began = time.monotonic()
            field.bounce(jobs, seconds=8.0)
            field.wait_until_done(2 + jobs // 4, within_s=LONG_S)
            field.redis.stop(number)
            time.sleep(2)
            field.redis.start()
            field.wait_until_done(jobs + 2, within_s=LONG_S)
            rows.append(Row(f"Redis restarted ({name})", field.proof(jobs + 2), time.monotonic() - began))
    return rows


def cut(folder: Path, jobs: int, workers: int, cut_s: float) -> list[Row]:
    """The broker is away for a while; recordings arrive meanwhile and wait in the daemon's list."""
    with farm(folder / "cut") as field:
        start_workers(field, workers)
        began = time.monotonic()
        half = jobs // 2
        field.bounce(half, seconds=8.0)
        field.wait_until_done(2 + half // 4, within_s=LONG_S)
        field.redis.stop()
        away = time.monotonic()
        field.bounce(jobs - half, first=half, seconds=8.0)
        wait_for("new recordings wait", lambda: field.states()[JobState.QUEUED] >= jobs - half, within_s=LONG_S)
        time.sleep(max(cut_s - (time.monotonic() - away), 0))
        waiting = field.states()
        field.redis.start()
        field.wait_until_done(jobs + 2, within_s=LONG_S)
        note = f"{waiting[JobState.QUEUED]} waited, {waiting[JobState.RUNNING]} were in the farm"
        return [Row(f"broker away for {cut_s:.0f} s", field.proof(jobs + 2), time.monotonic() - began, note)]


def twice(folder: Path, jobs: int, workers: int, _cut_s: float) -> list[Row]:
    """Two daemons watch the same folder: each recording is asked for twice."""
    with farm(folder / "twice") as field:
        start_workers(field, workers)
        field.daemon("two")
        began = time.monotonic()
        field.bounce(jobs, seconds=8.0)
        field.wait_until_done(jobs + 2, within_s=LONG_S, names=("one", "two"))
        return [Row("two daemons, same files", field.proof(jobs + 2, ("one", "two")), time.monotonic() - began)]


def stage_times(field: Farm) -> None:
    """Median seconds of each stage, as the ledger has them."""
    took: dict[str, list[float]] = defaultdict(list)
    for row in field.ledger.history():
        took[row["stage"]].append(float(row["took_s"]))
    print("  " + ", ".join(f"{stage} {statistics.median(took[stage]):.2f} s" for stage in STAGES if took[stage]), flush=True)


def stage_costs(minutes: float, **options: str) -> dict[str, float]:
    """CPU seconds of each task for an hour of audio, records written and read as in a farm; measured on `minutes` of drums."""
    with tempfile.TemporaryDirectory(prefix="backbeat-farm-") as folder:
        recording = Path(folder) / "drums.wav"
        bar = audio_files.drum_loop(bars=4)
        repeats = round(minutes * 60 * bar.sample_rate_hz / len(bar.samples))
        audio_files.write_sound(recording, np.tile(bar.samples, repeats), subtype="PCM_16")
        overrides = {"jobs.data_folder": folder, "limits.max_minutes": "240"}
        tools = tools_from_config(load_config(environ={}, overrides=overrides).config)
        settings = Settings().changed(options)
        request = make_request(recording, out_base=Path(folder) / "drums", settings=settings, monitor=Unwatched())
        context = StageContext(request=request, tools=tools, monitor=Unwatched(), announce=lambda _kind, _path: None)
        records = RunRecords(FolderStorage(Path(folder) / "storage"), "run")
        costs = {}
        for stage in FarmStage:
            began = time.process_time()
            do_stage(stage, context, records)
            costs[stage.value] = (time.process_time() - began) * 60 / minutes
        size_mb = sum(path.stat().st_size for path in (Path(folder) / "storage").rglob("*")) / 1e6
        costs["records, MB"] = size_mb * 60 / minutes
        return costs


SCENARIOS: dict[str, tuple[int, Callable[[Path, int, int, float], list[Row]]]] = {
    "throughput": (60, throughput),
    "kills": (40, kills),
    "restart": (50, restart),
    "cut": (60, cut),
    "twice": (80, twice),
}
"""Jobs at scale 1.0, in each part of the scenario."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cut-s", type=float, default=60.0)
    parser.add_argument("--costs", type=float, metavar="MINUTES", help="only the CPU seconds of each task, on so much audio")
    parser.add_argument("--setting", action="append", default=[], metavar="NAME=VALUE", help="for --costs: pdf=none, say")
    parser.add_argument("--only", nargs="+", choices=SCENARIOS, default=list(SCENARIOS))
    options = parser.parse_args()
    if options.costs:
        settings = dict(setting.split("=", 1) for setting in options.setting)
        stage_costs(0.2, **settings)  # loads what is loaded once
        costs = stage_costs(options.costs, **settings)
        print("\n".join(f"| {name} | {cost:.0f} |" for name, cost in costs.items()))
        return
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="backbeat-farm-") as folder:
        for name in options.only:
            jobs, scenario = SCENARIOS[name]
            for row in scenario(Path(folder), max(round(jobs * options.scale), 4), options.workers, options.cut_s):
                rows.append(row)
                print(row, flush=True)
    print(HEAD, *rows, sep="\n")
    print(f"\n{sum(row.proof.wanted for row in rows)} recordings in all")
    sys.exit(0 if all(row.proof.holds for row in rows) else 1)


if __name__ == "__main__":
    main()
