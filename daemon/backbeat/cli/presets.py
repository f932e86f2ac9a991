"""`backbeat presets`: the note maps."""

from __future__ import annotations

import argparse
from typing import Any

from backbeat.cli.command import Subparsers, new_command
from backbeat.cli.console import say_json, say_table
from backbeat.cli.exit_codes import ExitCode
from backbeat.cli.options import json_option
from backbeat.config.folders import user_presets_folder
from backbeat.errors import PresetError

DESCRIPTION = """\
The note maps there are, with how sure their numbers are: the shipped ones, and your own TOML files in the folder
`presets` beside your config file (`backbeat config path`). A map of your own goes before a shipped one of its name."""


def add_command(subparsers: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add `presets list`."""
    parser = new_command(subparsers, common, "presets", "note maps for drum plugins", description=DESCRIPTION, execute=None)
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = new_command(actions, common, "list", "which note maps there are", description=DESCRIPTION, execute=_list)
    json_option(listing)


def _list(args: argparse.Namespace) -> int:
    from backbeat.outputs.note_map import note_map_names  # noqa: PLC0415 - not needed for --help

    presets = [_described(name) for name in note_map_names(user_presets_folder())]
    if args.json:
        say_json(presets)
    else:
        say_table(("preset", "for", "status"), [(p["name"], p.get("title", ""), p["status"]) for p in presets])
    return ExitCode.FAILED if any("error" in preset for preset in presets) else ExitCode.OK


def _described(name: str) -> dict[str, Any]:
    from backbeat.outputs.note_map import load_note_map  # noqa: PLC0415 - not needed for --help

    try:
        note_map = load_note_map(name, user_presets_folder())
    except PresetError as error:
        return {"name": name, "status": f"broken: {error.message}", "error": error.message}
    return {
        "name": name,
        "title": note_map.title,
        "version": note_map.version,
        "status": str(note_map.status),
        "source": note_map.source,
        "notes": {str(instrument): note for instrument, note in note_map.notes.items()},
    }
