"""`backbeat presets new|check|import`: note maps of one's own."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backbeat.cli.command import Subparsers, new_command
from backbeat.cli.console import remark, say, say_json, say_table
from backbeat.cli.exit_codes import ExitCode
from backbeat.cli.options import json_option
from backbeat.config.folders import user_presets_folder
from backbeat.errors import PresetError

if TYPE_CHECKING:
    from backbeat.outputs.note_map import NoteMap
    from backbeat.presets.names_to_rows import ImportedRows, Understood
    from backbeat.presets.note_names import NoteNameList

NEW = """\
Copy a note map into your presets folder, with comments that say what can be changed, and print where it is. A file that is
there is left alone unless you say --overwrite."""
CHECK = """\
Tell every mistake in note maps: unknown drums, notes out of range, fallbacks that end nowhere. With one, a map cannot be used.
What can be meant so but seldom is (two drums on one note) is told as a doubt. Ends with 1 when there is a mistake. Staff maps
(notation-NAME) and effect chains are checked too."""
IMPORT = """\
Make a note map from a file with note names: REAPER's text files (36 Kick), as drum plugins come with them, or a MIDNAM. Each
name is matched by its words; the report says how it was understood, and whose note is played for a drum that is missing."""


def add_making_actions(actions: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add `new`, `check` and `import` to `presets`."""
    new = new_command(actions, common, "new", "copy a note map, to edit it", description=NEW, execute=_new)
    new.add_argument("name", metavar="NAME", help="what yours is called, such as my-kit")
    new.add_argument("--from", dest="other", default="general-midi", metavar="OTHER", help="what to start from (general-midi)")
    new.add_argument("--title", metavar="TEXT", help="its title, for people")
    _writing_options(new)

    check = new_command(actions, common, "check", "find mistakes in note maps", description=CHECK, execute=_check)
    check.add_argument("maps", nargs="+", metavar="FILE|NAME", help="a TOML file, or a name as `presets list` has it")
    json_option(check)

    importing = new_command(actions, common, "import", "make a note map from note names", description=IMPORT, execute=_import)
    importing.add_argument("file", type=Path, metavar="FILE", help="lines such as 36 Kick, or a MIDNAM")
    importing.add_argument("--name", metavar="NAME", help="what yours is called (else made from the file's name)")
    importing.add_argument(
        "--list", dest="list_name", metavar="LIST", help="which list of a MIDNAM (else the one with most drums)"
    )
    _writing_options(importing)
    json_option(importing)


def _writing_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--overwrite", action="store_true", help="replace a note map of yours with that name")
    group.add_argument("--print", dest="only_print", action="store_true", help="print it instead of writing it")


def _new(args: argparse.Namespace) -> int:
    from backbeat.outputs.note_map import load_note_map  # noqa: PLC0415 - not needed for --help
    from backbeat.presets.user_preset import copy_of  # noqa: PLC0415

    other = load_note_map(args.other, user_presets_folder())
    mine = copy_of(other, args.name, title=args.title)
    path = _written(args, mine, comment=f"{mine.title}: my own note map, begun as a copy of {other.name}.")
    if path is not None:
        say(str(path))
        remark(f"Edit it, then: backbeat presets check {mine.name}; use it with --preset {mine.name}.")
    return ExitCode.OK


def _written(args: argparse.Namespace, note_map: NoteMap, *, comment: str) -> Path | None:
    """Where it is now; None when it was only printed."""
    from backbeat.outputs.note_map import note_map_names  # noqa: PLC0415 - not needed for --help
    from backbeat.presets.note_map_to_toml import note_map_to_toml  # noqa: PLC0415
    from backbeat.presets.user_preset import write_preset  # noqa: PLC0415

    text = note_map_to_toml(note_map, comment=comment)
    if args.only_print:
        say(text.rstrip())
        return None
    path = write_preset(user_presets_folder(), note_map.name, text, overwrite=args.overwrite)
    if note_map.name in note_map_names():
        remark(f"Yours now goes before the {note_map.name!r} that came with Backbeat.")
    return path


def _check(args: argparse.Namespace) -> int:
    results = []
    for given in args.maps:
        path = _path_of(given)
        mistakes, doubts = _checked(path)
        results.append({"map": given, "path": str(path), "mistakes": mistakes, "doubts": doubts})
    if args.json:
        say_json(results)
    else:
        for result in results:
            _say_check(result)
    return ExitCode.FAILED if any(result["mistakes"] for result in results) else ExitCode.OK


def _say_check(result: dict[str, Any]) -> None:
    if not result["mistakes"]:
        say(f"{result['path']}: can be used")
    for kind in ("mistakes", "doubts"):
        for text in result[kind]:
            say(f"{result['path']}: {kind.removesuffix('s')}: {text}")


def _checked(path: Path) -> tuple[list[str], list[str]]:
    """Mistakes and doubts; what is no TOML at all is a mistake, so that the other files are checked all the same."""
    from backbeat.host.chain import is_chain, read_chain  # noqa: PLC0415
    from backbeat.outputs.notation.staff_map import read_staff_map  # noqa: PLC0415
    from backbeat.outputs.note_map import check_note_map  # noqa: PLC0415 - not needed for --help
    from backbeat.outputs.preset_files import NOTATION_PREFIX  # noqa: PLC0415 - not needed for --help

    try:
        if path.name.startswith(NOTATION_PREFIX):
            read_staff_map(path)
        elif is_chain(path):
            read_chain(path)
        else:
            return check_note_map(path)
    except PresetError as error:
        return [error.message.rstrip(".")], []
    return [], []


def _path_of(given: str) -> Path:
    from backbeat.outputs.note_map import load_note_map  # noqa: PLC0415
    from backbeat.outputs.preset_files import NOTATION_PREFIX, chain_files, notation_files, note_map_files  # noqa: PLC0415

    path = Path(given).expanduser()
    if path.suffix == ".toml" or path.is_file():
        return path
    folder = user_presets_folder()
    notations = {f"{NOTATION_PREFIX}{name}": path for name, path in notation_files(folder).items()}
    if given not in (files := chain_files(folder) | note_map_files(folder) | notations):
        load_note_map(given, folder)  # says which there are
    return files[given]


def _import(args: argparse.Namespace) -> int:
    from backbeat.outputs.note_map import NoteMap  # noqa: PLC0415 - not needed for --help
    from backbeat.outputs.note_map_table import MapStatus  # noqa: PLC0415
    from backbeat.presets.names_to_rows import names_to_rows  # noqa: PLC0415
    from backbeat.presets.note_names import read_note_names  # noqa: PLC0415
    from backbeat.presets.user_preset import check_name, preset_name  # noqa: PLC0415

    lists = read_note_names(args.file)
    names = _chosen_list(lists, args.list_name)
    imported = names_to_rows(names)
    name = check_name(args.name or preset_name(args.file.stem) or "imported")
    note_map = NoteMap(
        name=name,
        title=names.title or args.file.stem,
        version="as in the file",
        source=f"imported from {args.file.name}" + (f", list {names.title!r}" if names.title else ""),
        verified_by="",
        status=MapStatus.UNVERIFIED,
        rows=imported.rows,
    )
    path = _written(
        args, note_map, comment=f"{note_map.title}: imported from {args.file.name}, matched by the words of its names."
    )
    others = [each.title for each in lists if each is not names]
    summary = _import_summary(names, imported, others)
    if path is None:
        remark("\n".join(summary))
    elif args.json:
        say_json(_import_as_json(path, names, imported, others))
    else:
        say_table(("note", "name", "drum", "use", "remark"), [_import_row(each) for each in imported.names])
        say("\n".join(["", *summary, str(path)]))
    return ExitCode.OK


def _chosen_list(lists: tuple[NoteNameList, ...], wanted: str | None) -> NoteNameList:
    from backbeat.presets.names_to_rows import best_list  # noqa: PLC0415 - not needed for --help

    if wanted is None:
        return best_list(lists)
    for each in lists:
        if each.title == wanted:
            return each
    raise PresetError(
        f"There is no list {wanted!r} in the file.",
        advice=f"Its lists: {', '.join(each.title or '(no name)' for each in lists)}.",
    )


def _import_summary(names: NoteNameList, imported: ImportedRows, others: list[str]) -> list[str]:
    matched = sum(each.instrument is not None for each in imported.names)
    doubtful = sum(each.instrument is not None and bool(each.doubt) for each in imported.names)
    return [
        f"{matched} of {len(imported.names)} names are drums that Backbeat hears; {doubtful} of them in doubt.",
        *(
            f"{instrument} is not among them: {other} ({imported.rows[other].note}) is played for it."
            for instrument, other in imported.missing.items()
        ),
        *(f"Left out, not a note with a name: {line}" for line in names.unread),
        *(
            [f"The file has other lists too, for --list: {', '.join(title or '(no name)' for title in others)}."]
            if others
            else []
        ),
    ]


def _import_row(each: Understood) -> tuple[str, ...]:
    use = "" if each.instrument is None else "written" if each.written else "understood"
    return str(each.note), each.name, str(each.instrument or ""), use, each.doubt


def _import_as_json(path: Path, names: NoteNameList, imported: ImportedRows, others: list[str]) -> dict[str, Any]:
    return {
        "path": str(path),
        "list": names.title,
        "other_lists": others,
        "names": [
            {
                "note": each.note,
                "name": each.name,
                "instrument": each.instrument and str(each.instrument),
                "written": each.written,
                "doubt": each.doubt,
            }
            for each in imported.names
        ],
        "missing": {str(instrument): str(other) for instrument, other in imported.missing.items()},
        "unread": list(names.unread),
    }
