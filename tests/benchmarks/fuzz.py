"""Give wrong inputs to the parts of Backbeat that take what strangers send.

    python tests/benchmarks/fuzz.py all|TARGET ... [--inputs N | --seconds S] [--seed N] [--coverage] [--keep FOLDER]

Valid inputs are changed in one to eight places (`tests/fuzzing/mutate.py`), and each part (`tests/fuzzing/targets.py`) has to
answer well-formed or with an error of ours, within 2 s of processor time and half a gigabyte more than it began with. Prints a
row for each target: inputs tried, how many were answered and refused, the slowest in milliseconds, kinds of findings. What was
found is kept in FOLDER (`fuzz-findings`), and each new kind of finding is printed. --coverage has atheris choose the inputs by
the branches that they reach, where it is installed (it is no dependency); one target at a time, for --seconds.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from random import Random

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "daemon"), str(REPOSITORY)]

from tests.fuzzing.mutate import mutate  # noqa: E402

try:
    import atheris
except ImportError:
    atheris = None

SLOW_S, HANG_S = 2.0, 10.0
MORE_MEMORY_BYTES = 512 << 20


@dataclass
class Tally:
    """What came of one target's inputs."""

    answered: int = 0
    refused: int = 0
    slowest_s: float = 0.0
    kinds: Counter[str] = field(default_factory=Counter)

    @property
    def inputs(self) -> int:
        return self.answered + self.refused + self.kinds.total()


class Hang(Exception):
    """Raised in the middle of an input that takes no end."""


def _give_up(*_: object) -> None:
    raise Hang


class Judge:
    """Runs a target with one input after the other and keeps what goes wrong."""

    def __init__(self, target, keep: Path) -> None:
        self._target = target
        self._keep = keep
        self._folder = tempfile.TemporaryDirectory(prefix="fuzz-")
        self._run = target.open(Path(self._folder.name))
        self.tally = Tally()

    def __call__(self, data: bytes) -> None:
        began_s = time.process_time()  # of the processor: others may keep the machine busy
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGPROF, _give_up)
            signal.setitimer(signal.ITIMER_PROF, HANG_S)
        try:
            self._run(data)
        except self._target.allowed:
            self.tally.refused += 1
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
            self._found(_kind(error), data, traceback.format_exc())
        else:
            self.tally.answered += 1
        finally:
            if hasattr(signal, "setitimer"):
                signal.setitimer(signal.ITIMER_PROF, 0)
        took_s = time.process_time() - began_s
        self.tally.slowest_s = max(self.tally.slowest_s, took_s)
        if took_s > SLOW_S:
            self._found("slow", data, f"{took_s:.1f} s")

    def _found(self, kind: str, data: bytes, story: str) -> None:
        self.tally.kinds[kind] += 1
        if self.tally.kinds[kind] == 1:
            self._keep.mkdir(parents=True, exist_ok=True)
            path = self._keep / f"{self._target.name}-{len(self.tally.kinds)}.bin"
            path.write_bytes(data)
            print(f"{path}: {kind}\n{story}", file=sys.stderr)

    def close(self) -> None:
        self._folder.cleanup()


def _kind(error: Exception) -> str:
    """Findings with the same type raised at the same line are one."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"


def hold_to_memory() -> None:
    """From here on an allocation of gigabytes fails; where the system can say how much there is already."""
    if not Path("/proc/self/statm").exists():
        return
    resource = import_module("resource")  # Windows has none
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MORE_MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def by_chance(target, judge: Judge, options: argparse.Namespace) -> None:
    random, seeds = Random(options.seed), target.seeds()
    for seed in seeds:
        judge(seed)
    hold_to_memory()
    end_s = time.monotonic() + options.seconds if options.seconds else None
    while time.monotonic() < end_s if end_s else judge.tally.inputs < options.inputs:
        judge(mutate(random.choice(seeds), random, target, seeds))


def by_coverage(target, judge: Judge, options: argparse.Namespace) -> None:
    """libFuzzer never returns, so the row is printed, and the process ended, by the first input that comes too late."""
    seeds = target.seeds()
    end_s = time.monotonic() + (options.seconds or 60)

    def judge_until_the_end(data: bytes) -> None:
        if time.monotonic() > end_s:
            report(target.name, judge)
            os._exit(1 if judge.tally.kinds else 0)
        judge(data)

    def mutator(data: bytes, max_size: int, seed: int) -> bytes:
        return mutate(data, Random(seed), target, seeds)[:max_size]

    with tempfile.TemporaryDirectory(prefix="corpus-") as corpus:
        for n, seed in enumerate(seeds):
            (Path(corpus) / str(n)).write_bytes(seed)
        longest = min(target.longest_bytes, 65_536)
        atheris.Setup(["fuzz", corpus, f"-max_len={longest}", "-verbosity=0"], judge_until_the_end, custom_mutator=mutator)
        atheris.Fuzz()


def report(name: str, judge: Judge) -> None:
    judge.close()
    tally = judge.tally
    row = (name, tally.inputs, tally.answered, tally.refused, round(1000 * tally.slowest_s), len(tally.kinds))
    print("|", " | ".join(map(str, row)), "|", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="+", metavar="TARGET")
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--coverage", action="store_true")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-findings"))
    options = parser.parse_args()
    if options.coverage and atheris is None:
        print("atheris is not installed, so inputs are chosen by chance.", file=sys.stderr)
        options.coverage = False
    with atheris.instrument_imports(include=["backbeat"]) if options.coverage else nullcontext():
        TARGETS = import_module("tests.fuzzing.targets").TARGETS  # noqa: N806 - the constant of that module
    logging.disable(logging.CRITICAL)
    names = list(TARGETS) if options.targets == ["all"] else options.targets
    print("| target | inputs | answered | refused | slowest, ms | findings |\n|---|---|---|---|---|---|")
    findings = 0
    for name in names:
        judge = Judge(TARGETS[name], options.keep)
        if options.coverage:
            by_coverage(TARGETS[name], judge, options)
        by_chance(TARGETS[name], judge, options)
        report(name, judge)
        findings += judge.tally.kinds.total()
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
