"""`backbeat worker`: takes tasks of a farm."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from backbeat.cli.command import Subparsers, new_command
from backbeat.cli.options import configured, count_option
from backbeat.farm.needs import need_farm

if TYPE_CHECKING:
    from backbeat.farm.stage import FarmQueue

DESCRIPTION = """\
Work for a farm, until stopped with Ctrl-C or SIGTERM: take tasks from the broker that the config names ([queue]).
Run it on as many computers as there are. The queues:
  heavy-compute   taking drums out of mixes, beats and hits; one task at a time, under queue.memory_mb
  default         reading recordings, writing MIDI and notation; four tasks at a time"""


def add_command(subparsers: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add `worker`."""
    parser = new_command(subparsers, common, "worker", "work for a farm of computers", description=DESCRIPTION, execute=execute)
    parser.add_argument(
        "--queues", type=_queues, default=_queues("heavy-compute,default"), metavar="NAMES", help="what to take, comma between"
    )
    parser.add_argument("--concurrency", type=count_option, metavar="N", help="tasks at a time in each queue (else as above)")


def execute(args: argparse.Namespace) -> int:
    """Run the worker; returns its exit code."""
    config = configured(args).config
    need_farm()
    from backbeat.farm.stage import CONCURRENCY  # noqa: PLC0415
    from backbeat.farm.worker_program import serve_queue, serve_queues  # noqa: PLC0415 - brings Celery
    from backbeat.metrics.serve import shared_metrics  # noqa: PLC0415
    from backbeat.service.logging import setup_logging  # noqa: PLC0415

    if hasattr(args, "verbose"):
        config = replace(config, log=replace(config.log, level="debug"))
    log_to = config.log
    setup_logging(log_to.level, json=log_to.json, file=log_to.file, max_mb=log_to.max_mb, keep=log_to.keep)
    names = args.queues
    with shared_metrics(config.metrics):
        if len(names) > 1:
            command = [sys.executable, "-m", "backbeat", *sys.argv[1:]]
            return serve_queues(command, names)  # the last --queues is the one that counts
        return serve_queue(config, names[0], args.concurrency or CONCURRENCY[names[0]])


def _queues(text: str) -> list[FarmQueue]:
    from backbeat.farm.stage import FarmQueue  # noqa: PLC0415

    try:
        return list(dict.fromkeys(FarmQueue(name.strip()) for name in text.split(",")))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: the queues are {' and '.join(FarmQueue)}") from None
