"""`backbeat farm`: looks at a farm of workers, and at what it has given up."""

from __future__ import annotations

import argparse
import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backbeat.cli.command import Subparsers, new_command
from backbeat.cli.console import say, say_json
from backbeat.cli.exit_codes import ExitCode
from backbeat.cli.options import configured, json_option
from backbeat.config.schema import Config
from backbeat.errors import FarmUnreachable, StoreError
from backbeat.farm.needs import need_farm
from backbeat.jobs.store import Store

if TYPE_CHECKING:
    from backbeat.farm.ledger import Ledger

DESCRIPTION = """\
Look at the farm that [queue] in the config names.
  backbeat farm status   what is in it, and who works on it
  backbeat farm dead     recordings that it has given up: every worker that took them ended in the middle, or Backbeat
                         made a mistake. --retry has those of this computer done again, and its daemon begins them."""


def add_command(subparsers: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add `farm`."""
    parser = new_command(subparsers, common, "farm", "look at a farm of workers", description=DESCRIPTION, execute=None)
    inner = parser.add_subparsers(title="what to do", metavar="COMMAND", required=True)
    status = new_command(inner, common, "status", "what is in it", description="What is in the farm.", execute=_status)
    json_option(status)
    dead = new_command(inner, common, "dead", "what it has given up", description="What the farm has given up.", execute=_dead)
    dead.add_argument("--retry", action="store_true", help="have those of this computer done again")
    json_option(dead)


def _status(args: argparse.Namespace) -> int:
    ledger = _ledger(configured(args).config)
    runs = ledger.runs()
    if args.json:
        say_json(runs)
        return ExitCode.OK
    for run in runs:
        say(f"{run['stage']:<9} {run['worker'] or 'waits':<24} {_name(run['request'])}")
    working = sum(bool(run["token"]) for run in runs)
    say(f"{len(runs)} recording(s) in the farm, {working} being worked on.")
    return ExitCode.OK


def _dead(args: argparse.Namespace) -> int:
    config = configured(args).config
    ledger = _ledger(config)
    entries = {run: json.loads(text) for run, text in ledger.dead().items()}
    if args.json:
        say_json(entries)
        return ExitCode.OK
    for entry in entries.values():
        when = datetime.fromtimestamp(entry["at"]).astimezone().strftime("%Y-%m-%d %H:%M:%S")
        say(f"{when}  {entry['stage']:<9} {_name(entry['request'])}: {json.loads(entry['line'])['message']}")
    say(f"{len(entries)} recording(s) given up." if entries else "The farm has given up nothing.")
    if args.retry:
        again = [run for run, entry in entries.items() if _retry(config, entry)]
        for run in again:
            ledger.bury(run)
        say(f"{len(again)} of them tried again.")
    return ExitCode.OK


def _retry(config: Config, entry: dict[str, Any]) -> bool:
    """Queue the job again that this computer's daemon has for it; False where there is none."""
    from backbeat.farm.host_name import farm_name  # noqa: PLC0415

    jobs = dict(zip(entry["ears"][::2], entry["ears"][1::2], strict=True))
    job_id = jobs.get(farm_name(config.queue))
    if job_id is None or not config.jobs.database.exists():
        return False
    with Store(config.jobs.database) as store:
        try:
            store.retry(job_id)
        except StoreError:  # it is gone, or was asked for again already
            return False
    return True


def _ledger(config: Config) -> Ledger:
    need_farm()
    from backbeat.farm.app import state_url, without_password  # noqa: PLC0415 - brings Celery
    from backbeat.farm.ledger import LedgerUnreachable  # noqa: PLC0415
    from backbeat.farm.start import make_ledger  # noqa: PLC0415

    ledger = make_ledger(config.queue)
    try:
        ledger.ping()
    except LedgerUnreachable as error:
        address = without_password(state_url(config.queue))
        raise FarmUnreachable(f"Redis at {address} does not answer: {str(error).rstrip('.')}.") from error
    return ledger


def _name(request: str) -> str:
    return Path(json.loads(request)["path"]).name
