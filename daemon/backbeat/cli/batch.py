"""`backbeat batch`: all recordings of a folder, several at once; what is done stays done."""

from __future__ import annotations

import argparse
import logging
import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from backbeat.cli.batch_display import Failures, say_end, shown_batch
from backbeat.cli.command import Subparsers, new_command
from backbeat.cli.console import remark, say, say_json
from backbeat.cli.exit_codes import EXIT_CODE_HELP, ExitCode
from backbeat.cli.options import configured, count_option, job_options, json_option, said_on_command_line
from backbeat.config.schema import AUDIO_PATTERNS, Config
from backbeat.errors import AudioMissing

if TYPE_CHECKING:
    from backbeat.batch.engine_room import EngineRoom
    from backbeat.batch.intake import BatchIntake
    from backbeat.batch.place import Place
    from backbeat.batch.run_batch import Stop
    from backbeat.batch.running_daemon import RunningDaemon
    from backbeat.batch.tally import Progress
    from backbeat.jobs.store import Store

SUMMARY_ENDINGS = (".csv", ".parquet")

DESCRIPTION = """\
Transcribe all recordings of a folder, several at once: a sample library, a term's lessons. Each gets its results as with
`backbeat transcribe`, beside it or, with --out, in the same folders there.
The same command again goes on where it was, after Ctrl-C, a crash or a power cut, and does nothing twice; recordings that
have changed are done again. Failures are listed at the end, and tried again with --retry-failed."""


def add_command(subparsers: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add `batch`."""
    parser = new_command(
        subparsers, common, "batch", "transcribe all recordings of a folder", description=DESCRIPTION, execute=_execute
    )
    parser.epilog = EXIT_CODE_HELP
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--out", type=Path, metavar="DIR", help="put the results there (default: beside each recording)")
    parser.add_argument("--recursive", action="store_true", help="also the folders inside it")
    parser.add_argument("--pattern", action="append", metavar="GLOB", help="only files of such names: '*.wav'; may be repeated")
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--jobs", type=count_option, metavar="N", help="how many at once (default: as cores and memory allow)")
    who.add_argument("--daemon", action="store_true", help="have the running daemon do them, after whatever else it is asked")
    parser.add_argument("--summary", type=_summary_file, metavar="FILE", help="write all results as a table: .csv or .parquet")
    parser.add_argument("--retry-failed", action="store_true", help="also try again what failed before")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    json_option(parser, "print a line of JSON for each recording that ends, and for how it goes")
    job_options(parser)


def _execute(args: argparse.Namespace) -> int:
    config = configured(args).config
    if not hasattr(args, "verbose"):  # what fails is listed at the end
        for name in (None, "backbeat"):
            logging.getLogger(name).setLevel(logging.ERROR)
    _check_maps(config)
    command = _Command(args=args, config=config, place=_place(args))
    return command.dry_run() if args.dry_run else command.run()


@dataclass(frozen=True, kw_only=True)
class _Command:
    """What was typed, with the configuration and the places that it means."""

    args: argparse.Namespace
    config: Config
    place: Place

    @property
    def database(self) -> Path:
        from backbeat.batch.place import STORE_NAME  # noqa: PLC0415 - not needed for --help

        jobs = self.config.jobs
        return jobs.database if self.args.daemon else self.place.own_folder(jobs.data_folder) / STORE_NAME

    def run(self) -> int:
        """Do the batch, as far as one is let."""
        from backbeat.batch.run_batch import Stop  # noqa: PLC0415 - not needed for --help
        from backbeat.batch.summary import check_summary  # noqa: PLC0415
        from backbeat.jobs.store import Store  # noqa: PLC0415
        from backbeat.service.signals import stop_signals  # noqa: PLC0415
        from backbeat.service.single_instance import SingleInstance  # noqa: PLC0415

        if self.args.summary:
            check_summary(self.args.summary)
        stop = Stop()
        with ExitStack() as stack:
            stack.enter_context(stop_signals(lambda _name: stop.ask()))
            if not self.args.daemon:
                stack.enter_context(SingleInstance(self.database.parent))
            doers = self._doers()
            store = stack.enter_context(Store(self.database))
            intake = self._intake(store, stop)
            progress = self._work(store, intake, doers, stop)
            failures = self._conclude(intake, there_are_failures=progress.failed + progress.failed_before > 0)
        say_end(progress, failures, was_stopped=stop.is_asked, as_json=self.args.json)
        if stop.is_asked:
            return ExitCode.INTERRUPTED
        return ExitCode.FAILED if failures.count else ExitCode.OK

    def dry_run(self) -> int:
        """Decide as `run` does, on a copy of the store that is thrown away; no recording is read and nothing begun."""
        from backbeat.batch.place import copy_of_store  # noqa: PLC0415 - not needed for --help
        from backbeat.batch.run_batch import Stop  # noqa: PLC0415
        from backbeat.jobs.store import Store  # noqa: PLC0415

        counts = {"to do": 0, "done": 0, "failed": 0}
        with TemporaryDirectory() as scratch, Store(copy_of_store(self.database, Path(scratch))) as store:
            intake = self._intake(store, Stop(), read=lambda _path, _monitor: "")
            for path in self.place.recordings(remark):
                if (taken := intake.take(path)) is None:
                    continue
                state = "to do" if taken.is_waiting else "failed" if taken.job and taken.job.error_code else "done"
                counts[state] += 1
                if self.args.json:
                    say_json({"event": "plan", "path": str(path), "state": state, "out_base": str(taken.out_base)})
                else:
                    say(f"{state:6}  {path}  ->  {taken.out_base}.*")
        remark(f"{sum(counts.values())} recordings: {', '.join(f'{count} {state}' for state, count in counts.items())}.")
        return ExitCode.OK

    def _doers(self) -> EngineRoom | RunningDaemon:
        from backbeat.batch.engine_room import EngineRoom  # noqa: PLC0415 - brings the daemon's parts
        from backbeat.batch.how_many import default_processes  # noqa: PLC0415
        from backbeat.batch.running_daemon import RunningDaemon  # noqa: PLC0415

        if self.args.daemon:
            return RunningDaemon(self.config.jobs.data_folder)
        if self.config.queue.is_farm:
            remark("This computer does them alone. With --daemon the farm does.")
        processes = self.args.jobs or default_processes(self.config.transcribe)
        return EngineRoom(self.config, self.database, processes=processes)

    def _intake(self, store: Store, stop: Stop, **how: Any) -> BatchIntake:
        from backbeat.batch.intake import BatchIntake  # noqa: PLC0415 - not needed for --help

        return BatchIntake(
            store,
            folder=self.place.folder,
            out=self.place.out,
            settings=self.config.transcribe,
            said=said_on_command_line(self.args),
            retry_failed=self.args.retry_failed,
            monitor=stop,
            **how,
        )

    def _work(self, store: Store, intake: BatchIntake, doers: EngineRoom | RunningDaemon, stop: Stop) -> Progress:
        from backbeat.batch.run_batch import Batch  # noqa: PLC0415 - not needed for --help

        total = sum(1 for _ in self.place.recordings(remark))
        with doers, shown_batch(total, as_json=self.args.json) as watcher:
            batch = Batch(store=store, intake=intake, doers=doers, total=total, watcher=watcher, stop=stop)
            progress = batch.run(self.place.recordings(_unheard))
            if stop.is_asked and not self.args.daemon:
                watcher.remark("Ending what is being done ...")
        return progress

    def _conclude(self, intake: BatchIntake, *, there_are_failures: bool) -> Failures:
        """Go through all recordings once more: write the summary, and find what failed."""
        from backbeat.batch.row import row_of  # noqa: PLC0415 - not needed for --help
        from backbeat.batch.summary import write_summary  # noqa: PLC0415

        failures = Failures()
        if not self.args.summary and not there_are_failures:
            return failures
        taken = (intake.look(path) for path in self.place.recordings(_unheard))
        rows = (failures.see(row_of(recording)) for recording in taken if recording is not None)
        if self.args.summary:
            write_summary(self.args.summary, rows)
        else:
            for _ in rows:
                pass
        return failures


def _place(args: argparse.Namespace) -> Place:
    from backbeat.batch.place import Place  # noqa: PLC0415 - not needed for --help
    from backbeat.cli.transcribe import make_folder  # noqa: PLC0415

    folder = _whole(args.folder)
    if not folder.is_dir():
        raise AudioMissing(f"{folder} is not a folder.", advice="For single recordings: backbeat transcribe FILE")
    out = None if args.out is None else _whole(args.out) if args.dry_run else make_folder(args.out)
    return Place(folder=folder, out=out, patterns=tuple(args.pattern or AUDIO_PATTERNS), recursive=args.recursive)


def _check_maps(config: Config) -> None:
    """A slip in the name of a note map, a staff map or a chain is told once, not for each recording."""
    from backbeat.config.folders import user_presets_folder  # noqa: PLC0415 - not needed for --help
    from backbeat.host.chain import load_chain  # noqa: PLC0415
    from backbeat.outputs.notation.staff_map import load_staff_map  # noqa: PLC0415
    from backbeat.outputs.note_map import load_note_map  # noqa: PLC0415

    load_note_map(config.transcribe.preset, user_presets_folder())
    load_staff_map(config.transcribe.notation, user_presets_folder())
    load_chain(config.transcribe.chain, user_presets_folder())


def _whole(path: Path) -> Path:
    return Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 - without following links


def _unheard(_trouble: str) -> None:
    """It was told while the recordings were counted."""


def _summary_file(text: str) -> Path:
    path = Path(text).expanduser()
    if path.suffix.lower() not in SUMMARY_ENDINGS:
        raise argparse.ArgumentTypeError(f"{text!r} ends neither in .csv nor in .parquet")
    return _whole(path)
