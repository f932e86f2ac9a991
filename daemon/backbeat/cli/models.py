"""`backbeat models`: the files that the recognisers and demucs have learned."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from backbeat.cli.command import Subparsers, new_command
from backbeat.cli.console import explain, remark, say, say_json, say_table
from backbeat.cli.exit_codes import ExitCode
from backbeat.cli.options import configured, json_option
from backbeat.cli.progress import byte_progress
from backbeat.engines.registry import ENGINES
from backbeat.errors import BackbeatError

if TYPE_CHECKING:
    from backbeat.models.resolver import ModelStatus, ModelStore

FETCH = """\
Download a model once, check it, and keep it: jobs themselves touch no network. Without a name, fetch what the
installed engines need. Where the AnNOTEator model comes from can be changed with models.uri in the config, or MODEL_URI."""


def add_command(subparsers: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add `models list|fetch|verify`."""
    parser = new_command(subparsers, common, "models", "list, fetch or verify models", description=__doc__ or "", execute=None)
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = new_command(
        actions, common, "list", "the models there are, and what is here", description="The models there are.", execute=_list
    )
    fetch = new_command(actions, common, "fetch", "download a model", description=FETCH, execute=_fetch)
    fetch.add_argument("name", nargs="?", metavar="NAME")
    verify = new_command(
        actions, common, "verify", "check the files against their checksums", description="Check the files.", execute=_verify
    )
    verify.add_argument("name", nargs="?", metavar="NAME", help="only this one")
    for action in (listing, fetch, verify):
        json_option(action)


def status_json(status: ModelStatus) -> dict[str, Any]:
    """One entry, for scripts."""
    return {
        "name": status.name,
        "version": status.version,
        "licence": status.licence,
        "source": status.source,
        "state": str(status.state),
        "path": None if status.path is None else str(status.path),
        "credit": status.credit,
        "detail": status.detail,
    }


def _store(args: argparse.Namespace) -> ModelStore:
    config = configured(args).config
    from backbeat.service.tools import model_store  # noqa: PLC0415 - brings NumPy and more

    return model_store(config.models)


def _list(args: argparse.Namespace) -> int:
    entries = _store(args).entries()
    if args.json:
        say_json([status_json(entry) for entry in entries])
    else:
        rows = [(e.name, e.version, str(e.state), e.licence, str(e.path or e.source)) for e in entries]
        say_table(("model", "version", "state", "licence", "where"), rows)
    return ExitCode.OK


def _fetch(args: argparse.Namespace) -> int:
    store = _store(args)
    failed = False
    for name in [args.name] if args.name else _needed():
        try:
            with byte_progress(name) as progress:
                path = store.fetch(name, progress)
        except BackbeatError as error:
            failed = True
            explain(error, verbose=hasattr(args, "verbose"))
            continue
        if args.json:
            say_json({"name": name, "path": str(path)})
        else:
            say(f"{name}: {path}")
    return ExitCode.FAILED if failed else ExitCode.OK


def _verify(args: argparse.Namespace) -> int:
    store = _store(args)
    here = [entry.name for entry in store.entries() if entry.path is not None]
    failed = False
    for name in [args.name] if args.name else here:
        try:
            status = store.verify(name)
        except BackbeatError as error:
            failed = True
            explain(error, verbose=hasattr(args, "verbose"))
            continue
        if args.json:
            say_json(status_json(status))
        else:
            say(f"{status.name}: {status.state}")
    if not here and not args.name:
        remark("No model is here yet. Fetch them with: backbeat models fetch")
    return ExitCode.FAILED if failed else ExitCode.OK


def _needed() -> list[str]:
    """The models of the engines that are installed."""
    return [model for info in ENGINES if not info.missing_packages for model in info.models]
