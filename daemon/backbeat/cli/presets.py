"""`backbeat presets`: the note maps, staff maps and effect chains there are, and making note maps of one's own."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from backbeat.cli.command import Subparsers, new_command
from backbeat.cli.console import remark, say, say_json, say_table
from backbeat.cli.exit_codes import ExitCode
from backbeat.cli.options import json_option
from backbeat.cli.presets_chains import CHAIN_KEYS, chain_as_json, chains, say_chain
from backbeat.cli.presets_make import add_making_actions
from backbeat.config.folders import user_presets_folder
from backbeat.errors import PresetError

DESCRIPTION = """\
A note map says which MIDI note each drum gets, for one drum plugin; a staff map where each drum stands in the notation; a
chain through which effects a difficult recording goes before it is heard (in the folder `chains` inside that of the others).
Those that came with Backbeat, and your own TOML files (`presets list` says in which folder). One of your own goes before a
shipped one of its name."""
LIST = """\
All presets. The status says how sure a note map's numbers are: verified (several sources agree, the maker's own among them, or
the standard), secondary (somebody else's list), unverified (from memory, or up to the kit: look before you trust it)."""
SHOW = """\
The note of every drum, what the plugin calls it, and whose note is played for a drum that the plugin does not have. Of a chain,
its effects and how they are set."""

_KEYS = ("name", "title", "version", "status", "whose", "source")
_NOTATION_KEYS = ("name", "title", "whose", "source", "status")
_SOURCE_LENGTH = 60


def add_command(subparsers: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add `presets list|show|new|check|import`."""
    parser = new_command(subparsers, common, "presets", "note maps for drum plugins", description=DESCRIPTION, execute=None)
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = new_command(actions, common, "list", "which presets there are", description=LIST, execute=_list)
    json_option(listing)
    showing = new_command(actions, common, "show", "the notes of a note map, a chain's effects", description=SHOW, execute=_show)
    showing.add_argument("name", metavar="NAME", help="a note map or a chain, as `presets list` calls it")
    json_option(showing)
    add_making_actions(actions, common)


def _list(args: argparse.Namespace) -> int:
    from backbeat.outputs.note_map import note_map_names  # noqa: PLC0415 - not needed for --help
    from backbeat.outputs.preset_files import notation_files  # noqa: PLC0415 - not needed for --help

    folder = user_presets_folder()
    note_maps = [_note_map(name, folder) for name in note_map_names(folder)]
    notations = [_notation(name, path, folder) for name, path in sorted(notation_files(folder).items())]
    effect_chains = chains(folder)
    if args.json:
        say_json([*note_maps, *notations, *effect_chains])
    else:
        say_table(("preset", "for", *_KEYS[2:]), [[_short(preset, key) for key in _KEYS] for preset in note_maps])
        say()
        say_table(("notation", "for", *_NOTATION_KEYS[2:]), [[_short(each, key) for key in _NOTATION_KEYS] for each in notations])
        say()
        say_table(("chain", "for", *CHAIN_KEYS[2:]), [[str(each.get(key, "")) for key in CHAIN_KEYS] for each in effect_chains])
        remark(f"Your own presets: {folder}")
    broken = any("error" in preset for preset in (*note_maps, *notations, *effect_chains))
    return ExitCode.FAILED if broken else ExitCode.OK


def _short(preset: dict[str, Any], key: str) -> str:
    """Sources are long; `presets show` has them whole."""
    text = str(preset.get(key, ""))
    if key != "source" or len(text) <= _SOURCE_LENGTH:
        return text
    return text[:_SOURCE_LENGTH].rsplit(" ", 1)[0].rstrip(",;:") + " ..."


def _note_map(name: str, folder: Path) -> dict[str, Any]:
    from backbeat.outputs.note_map import read_note_map  # noqa: PLC0415 - not needed for --help
    from backbeat.outputs.preset_files import note_map_files  # noqa: PLC0415 - not needed for --help

    path = note_map_files(folder)[name]
    known: dict[str, Any] = {"kind": "note map", "name": name, "whose": _whose(path, folder), "path": str(path)}
    try:
        note_map = read_note_map(path)
    except PresetError as error:
        return known | {"status": f"broken: `backbeat presets check {name}` says why", "error": error.message}
    return known | {
        "title": note_map.title,
        "version": note_map.version,
        "status": str(note_map.status),
        "source": note_map.source,
        "verified_by": note_map.verified_by,
        "notes": {str(instrument): note for instrument, note in note_map.notes.items()},
    }


def _notation(name: str, path: Path, folder: Path) -> dict[str, Any]:
    from backbeat.outputs.notation.staff_map import read_staff_map  # noqa: PLC0415 - not needed for --help

    known: dict[str, Any] = {"kind": "notation", "name": name, "whose": _whose(path, folder), "path": str(path)}
    try:
        staff_map = read_staff_map(path)
    except PresetError as error:
        return known | {"status": f"broken: `backbeat presets check {path.stem}` says why", "error": error.message}
    return known | {"title": staff_map.title, "source": staff_map.source, "status": ""}


def _whose(path: Path, folder: Path) -> str:
    return "yours" if path.parent == folder else "shipped"


def _show(args: argparse.Namespace) -> int:
    from backbeat.outputs.note_map import load_note_map  # noqa: PLC0415 - not needed for --help
    from backbeat.outputs.preset_files import chain_files, note_map_files  # noqa: PLC0415 - not needed for --help

    folder = user_presets_folder()
    if args.name not in note_map_files(folder) and args.name in chain_files(folder):
        chain = chain_as_json(args.name, chain_files(folder)[args.name], folder)
        say_json(chain) if args.json else say_chain(chain)
        return ExitCode.OK
    note_map = load_note_map(args.name, folder)
    path = note_map_files(folder)[args.name]
    if args.json:
        say_json(_note_map(args.name, folder) | {"pads": _pads(note_map)})
        return ExitCode.OK
    say(f"{note_map.title} ({note_map.name}), version {note_map.version}: {note_map.status}")
    say(f"Source: {note_map.source}")
    if note_map.verified_by:
        say(f"Verified by: {note_map.verified_by}")
    say(f"File: {path}")
    say()
    columns = ("drum", "note", "articulation", "from", "also")
    say_table(columns, [_pad_row(pad) for pad in _pads(note_map)])
    return ExitCode.OK


def _pads(note_map: Any) -> list[dict[str, Any]]:
    return [
        {
            "drum": str(instrument),
            "note": pad.note,
            "articulation": pad.articulation,
            "from": str(pad.borrowed_from) if pad.borrowed_from else None,
            "also": list(pad.also) if pad.borrowed_from is None else [],
        }
        for instrument, pad in note_map.pads.items()
    ]


def _pad_row(pad: dict[str, Any]) -> tuple[str, ...]:
    return pad["drum"], str(pad["note"]), pad["articulation"], pad["from"] or "", " ".join(map(str, pad["also"]))
