"""`backbeat batch` over a library of short loops, killed in the middle: `python tests/benchmarks/batch_library.py [--count 500]`.

Prints counts before and after the kill, how often each recording was done, the throughput of one and two workers on the same
recordings, and memory as the system counts it. Takes its time: about a second for each loop on a laptop's two cores.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from statistics import median

from make_loops import make_loops

ODD = 4
"""Files that `make_loops` adds: one that is a recording, three that cannot be done."""


class Run:
    """One `backbeat batch`, watched from outside."""

    def __init__(self, folder: Path, library: Path, out: Path, *more: str) -> None:
        self.out = out
        self.began_s = time.monotonic()
        command = [sys.executable, "-m", "backbeat", "batch", str(library), "--recursive", "--out", str(out), "--pdf", "none"]
        config = ["--set", f"jobs.data_folder={folder / 'data'}", "--set", "jobs.nice=false"]
        self._said = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - a pipe that nobody reads would hold it up
        self.process = subprocess.Popen(
            [*command, *config, "--json", *more], stdout=self._said, stderr=subprocess.DEVNULL, start_new_session=True
        )
        self.peaks_kb: dict[int, int] = {}
        self.pss_kb = 0
        self._cpu_s: dict[int, float] = {}
        self._watch = threading.Thread(target=self._measure, daemon=True)
        self._watch.start()

    def finished(self) -> int:
        return sum(1 for _ in self.out.rglob("*.drums.json"))

    def end(self) -> dict:
        """Wait, and give its last line."""
        self.process.wait()
        self._watch.join()
        self._said.seek(0)
        return json.loads(self._said.read().splitlines()[-1]) | {"exit_code": self.process.returncode}

    def kill(self) -> None:
        """As a power cut, but for the disk: the process alone; its workers notice by themselves."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def _measure(self) -> None:
        """The highest resident set of each process (VmHWM), and of all together their shares (PSS) at the worst moment."""
        while self.process.poll() is None:
            pids = [self.process.pid, *_children(self.process.pid)]
            for pid in pids:
                self._cpu_s[pid] = max(self._cpu_s.get(pid, 0.0), _cpu_s(pid))
                self.peaks_kb[pid] = max(self.peaks_kb.get(pid, 0), _kilobytes(f"/proc/{pid}/status", "VmHWM:"))
            self.pss_kb = max(self.pss_kb, sum(_kilobytes(f"/proc/{pid}/smaps_rollup", "Pss:") for pid in pids))
            time.sleep(1.0)

    @property
    def cpu_s(self) -> float:
        """Of all its processes, to within the last second of each."""
        return sum(self._cpu_s.values())

    @property
    def memory(self) -> str:
        own = self.peaks_kb.pop(self.process.pid, 0)
        workers = ", ".join(f"{kb / 1024:.0f}" for kb in sorted(self.peaks_kb.values()))
        return f"itself {own / 1024:.0f} MiB, workers {workers} MiB at most; all together (PSS) {self.pss_kb / 1024:.0f} MiB"


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]
    except OSError:
        return []


def _cpu_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _kilobytes(file: str, name: str) -> int:
    try:
        return next(int(line.split()[1]) for line in Path(file).read_text().splitlines() if line.startswith(name))
    except (OSError, StopIteration):
        return 0


def times_done(folder: Path) -> Counter[int]:
    """How often a recording was done: times to number of recordings, over all stores in the data folder."""
    found: Counter[int] = Counter()
    for database in (folder / "data" / "batches").glob("*/jobs.sqlite"):
        with closing(sqlite3.connect(database)) as store:
            rows = store.execute("select job, sum(state = 'done') from history group by job")
            found.update(times for _, times in rows)
    return found


def killed_in_the_middle(folder: Path, library: Path, count: int) -> None:
    good = count + 1
    run = Run(folder, library, folder / "out", "--jobs", "2")
    while run.finished() < good // 2:
        time.sleep(0.2)
    run.kill()
    before = {path: path.stat().st_mtime_ns for path in (folder / "out").rglob("*.drums.json")}
    print(f"killed (SIGKILL) with {len(before)} of {good} results there")
    again = Run(folder, library, folder / "out", "--jobs", "2", "--summary", str(folder / "summary.parquet"))
    end = again.end()
    after = {path: path.stat().st_mtime_ns for path in (folder / "out").rglob("*.drums.json")}
    rewritten = sum(after[path] != time_ns for path, time_ns in before.items())
    print(f"the same command again: {end['done_before']} done before, {end['done']} done, {end['failed']} failed")
    print(f"results {len(after)} of {good}; results of before the kill written again: {rewritten}")
    print(f"recordings by how often they were done: {dict(times_done(folder))}")
    print(f"left over: {[str(path) for path in (folder / 'out').rglob('.*.part')]}")
    print(f"memory: {again.memory}")
    third = Run(folder, library, folder / "out", "--jobs", "2")
    end = third.end()
    counts = ", ".join(f"{end[name]} {name.replace('_', ' ')}" for name in ("done", "done_before", "failed_before"))
    print(f"a third time: {counts}, {end['elapsed_s']} s")


def one_and_two(folder: Path, library: Path, rounds: int) -> None:
    """In turns, because other programs use the computer too; without the time that loading the models takes."""
    rates: dict[int, list[float]] = {1: [], 2: []}
    cpu_s: dict[int, list[float]] = {1: [], 2: []}
    for turn in range(rounds):
        for workers in (1, 2):
            place = folder / f"{workers} of turn {turn}"
            run = Run(place, library, place / "out", "--jobs", str(workers))
            end = run.end()
            rates[workers].append(steady_rate(place))
            cpu_s[workers].append(run.cpu_s / end["done"])
    for workers, found in rates.items():
        each_s = median(cpu_s[workers])
        print(f"{workers} worker(s): {median(found):.2f} files/s, {each_s:.2f} s of CPU a file (medians of {rounds})")
    print(f"two are {median(rates[2]) / median(rates[1]):.2f} times one")


def steady_rate(folder: Path) -> float:
    """Recordings a second from the end of the first to the end of the last."""
    (database,) = (folder / "data" / "batches").glob("*/jobs.sqlite")
    with closing(sqlite3.connect(database)) as store:
        count, first, last = store.execute("select count(*), min(at), max(at) from history where state = 'done'").fetchone()
    return (count - 1) / (last - first)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--compare", type=int, default=100, help="recordings for the comparison of one and two workers")
    parser.add_argument("--rounds", type=int, default=3, help="turns of that comparison")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        make_loops(folder / "library", options.count)
        killed_in_the_middle(folder, folder / "library", options.count)
        make_loops(folder / "few", options.compare)
        one_and_two(folder, folder / "few", options.rounds)


if __name__ == "__main__":
    main()
