"""The daemon of a single machine under faults, at length: what was lost, doubled or left half written. A table in Markdown.

    python tests/benchmarks/faults.py [--rounds 300] [--files 10000] [--seed 1] [--only SUITE ...]

Each suite has real daemons in temporary folders, on short loops that are transcribed by the shipped recogniser.

`moments`: SIGKILL just before every statement that changes the job store and every file that is opened, renamed or removed, in
daemon and worker, and before a job fails, is cancelled, replaced or put back. `random`: SIGKILL to daemon or worker at any time,
`--rounds` times, some of them while the restart is going on. In both all MIDI files of jobs that are done are held against those
of a daemon to which nothing happened. `disk`: no room at any of the writes, and an output folder that may not be written.
`store`: the job database damaged in several ways, and held by another program. `folders`: the watched folder goes and comes
back, the system's queue of events overflows. `crowd`: `--files` recordings at once. `idle`: a simulated week.

Where mounting is not allowed (it needs root on Linux), `disk` and a part of `folders` are left out and named. Run it at low
priority (`nice -n 19`): with 300 rounds and 10,000 files it takes an hour or two on two cores.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY)]

from tests.faults.daemon_under_fault import Account, DaemonUnderFault, account, is_whole, left_behind  # noqa: E402
from tests.faults.folders import (  # noqa: E402
    bounced_without_events,
    crowd,
    taken_away_and_brought_back,
    unmounted_and_mounted,
)
from tests.faults.full_disk import (  # noqa: E402
    CannotMount,
    no_room_at_each_write,
    no_room_for_the_store,
    output_folder_refused,
    small_disk,
)
from tests.faults.killing import (  # noqa: E402
    OTHER_ENDS,
    different_from_undisturbed,
    killed_at,
    killed_at_other_ends,
    moments_of_a_job,
    random_rounds,
)
from tests.faults.store_faults import (  # noqa: E402
    WHEN_KILLED,
    WHEN_STOPPED,
    bounced_while_held,
    damaged_between_runs,
    damaged_while_it_runs,
)

from backbeat.jobs.job import JobState  # noqa: E402


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table."""

    what: str
    rounds: int
    faults: int
    outcome: Account
    different: int = 0

    @property
    def cells(self) -> tuple[object, ...]:
        lost, doubled, half = len(self.outcome.lost), len(self.outcome.doubled), len(self.outcome.half_written)
        return (self.what, self.rounds, self.faults, self.outcome.jobs, lost, doubled, half, self.different)


def moments(folder: Path, _options: argparse.Namespace) -> Iterator[Row]:
    """SIGKILL at each moment of a job's life, one after the other."""
    found = moments_of_a_job(folder / "watched")
    daemon = DaemonUnderFault(folder / "killed")
    bounces: list[Path] = []
    killed: Counter[str] = Counter()
    try:
        daemon.start()
        daemon.stop()
        for number, moment in enumerate(found):
            killed[moment.role] += killed_at(daemon, moment, bounces, f"loop{number}", number)
            say(f"{number + 1}/{len(found)} {moment.fuse}: {account(daemon, bounces)}")
        outcome = account(daemon, bounces)
        different = len(different_from_undisturbed(daemon, bounces, folder / "calm"))
    finally:
        daemon.close()
    what = f"SIGKILL at each moment of a job ({killed['daemon']} the daemon, {killed['worker']} its worker)"
    yield Row(what=what, rounds=len(found), faults=killed.total(), outcome=outcome, different=different)
    yield from other_ends(folder / "ends")


def other_ends(folder: Path) -> Iterator[Row]:
    """SIGKILL before a job takes each of the states that are not in the life of one that just works."""
    jobs, broken = 0, []
    for state, daemon, done in killed_at_other_ends(folder, list(OTHER_ENDS)):
        jobs += len(daemon.states())
        broken += [path.name for path in left_behind(daemon)] + [path.name for path in done if not is_whole(daemon, path)]
        say(f"before it is {state}: {daemon.states()}")
    outcome = Account(jobs=jobs, lost=(), doubled=(), half_written=tuple(broken))
    rounds = len(OTHER_ENDS)
    yield Row(what=f"SIGKILL before a job is {', '.join(OTHER_ENDS)}", rounds=rounds, faults=rounds, outcome=outcome)


def at_random(folder: Path, options: argparse.Namespace) -> Iterator[Row]:
    """SIGKILL at any time."""
    daemon = DaemonUnderFault(folder / "killed")
    bounces: list[Path] = []
    killed: Counter[str] = Counter()
    try:
        for number, (who, outcome) in enumerate(random_rounds(daemon, options.rounds, options.seed, bounces)):
            killed += who
            say(f"{number + 1}/{options.rounds} {dict(killed)}: {outcome}")
        different = len(different_from_undisturbed(daemon, bounces, folder / "calm"))
    finally:
        daemon.close()
    what = f"SIGKILL at random ({killed['daemon']} the daemon, {killed['worker']} its worker)"
    yield Row(what=what, rounds=options.rounds, faults=killed.total(), outcome=account(daemon, bounces), different=different)


def disks(folder: Path, _options: argparse.Namespace) -> Iterator[Row]:
    """No room, and no permission."""
    daemon = DaemonUnderFault(folder)
    with ExitStack() as stack:
        out, data = (stack.enter_context(small_disk(place, size_kib=4096)) for place in (daemon.out, daemon.data))
        stack.callback(daemon.close)
        daemon.start()
        bounces = no_room_at_each_write(daemon, out)
        faults = len(bounces) - 1  # at the last there was room
        yield Row(what="disk full at each output", rounds=len(bounces), faults=faults, outcome=account(daemon, bounces))
        bounces += no_room_for_the_store(daemon, data)
        yield Row(what="disk full under the job store", rounds=1, faults=1, outcome=account(daemon, bounces))
        out.read_only(True)
        bounces.append(output_folder_refused(daemon, "locked", "does not allow it", mend=lambda: out.read_only(False)))
        yield Row(what="output folder read-only", rounds=1, faults=1, outcome=account(daemon, bounces))


def stores(folder: Path, _options: argparse.Namespace) -> Iterator[Row]:
    """The job store damaged in each way, twice, while it lies there and while it is used, and held."""
    daemon = DaemonUnderFault(folder)
    bounces: list[Path] = []
    damages = 2 * (*WHEN_STOPPED, *WHEN_KILLED)
    try:
        daemon.start()
        for damage in damages:
            damaged_between_runs(daemon, damage, bounces)
            say(f"{damage.__name__}: {account(daemon, bounces)}")
        damaged_while_it_runs(daemon, bounces)
        faults = len(damages) + 1
        what = "job store damaged, emptied or deleted, its journal cut, overwritten or deleted"
        yield Row(what=what, rounds=faults, faults=faults, outcome=account(daemon, bounces))
        bounces.append(bounced_while_held(daemon))
        yield Row(what="job store held by another program", rounds=1, faults=1, outcome=account(daemon, bounces))
    finally:
        daemon.close()


def watched(folder: Path, _options: argparse.Namespace) -> Iterator[Row]:
    """The watched folder goes and comes back, and events are lost."""
    daemon = DaemonUnderFault(folder / "renamed")
    try:
        daemon.start()
        bounces = taken_away_and_brought_back(daemon)
        yield Row(what="watched folder renamed and back", rounds=1, faults=1, outcome=account(daemon, bounces))
        bounces += bounced_without_events(daemon)
        yield Row(what="the system's queue of events overflows", rounds=1, faults=1, outcome=account(daemon, bounces))
    finally:
        daemon.close()
    daemon = DaemonUnderFault(folder / "mounted")
    try:
        bounces = unmounted_and_mounted(daemon, folder / "drive")
        yield Row(what="watched folder unmounted and mounted", rounds=1, faults=1, outcome=account(daemon, bounces))
    finally:
        daemon.close()


def at_once(folder: Path, options: argparse.Namespace) -> Iterator[Row]:
    """Many small files."""
    daemon = DaemonUnderFault(folder)
    try:
        daemon.start()
        report = crowd(daemon, options.files, see_through=min(options.done, options.files), within_s=4 * 3600)
        say(str(report))
        done = [Path(path) for path, state in daemon.states() if state == JobState.DONE]
        outcome = account(daemon, done)
    finally:
        daemon.close()
    what = f"{options.files} files at once ({report.accepted} accepted, {report.done} seen through)"
    yield Row(what=what, rounds=1, faults=1, outcome=outcome)


def week(_folder: Path, _options: argparse.Namespace) -> Iterator[Row]:
    """Nothing happens; only told, as there is no job to lose."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.idle"], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=True
    )
    say(done.stdout)
    yield from ()


SUITES: dict[str, Callable[[Path, argparse.Namespace], Iterator[Row]]] = {
    "moments": moments,
    "random": at_random,
    "disk": disks,
    "store": stores,
    "folders": watched,
    "crowd": at_once,
    "idle": week,
}


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--done", type=int, default=10_000, help="of the --files, how many are waited for")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=list(SUITES), default=list(SUITES))
    options = parser.parse_args()
    print("| fault | rounds | faults | jobs | lost | doubled | half written | MIDI that differs |")
    print("|---|---|---|---|---|---|---|---|")
    for name in options.only:
        with tempfile.TemporaryDirectory(prefix=f"backbeat-{name}-") as folder:
            try:
                for row in SUITES[name](Path(folder), options):
                    print("| " + " | ".join(map(str, row.cells)) + " |", flush=True)
            except CannotMount as error:
                say(f"{name}: {error}")


if __name__ == "__main__":
    main()
