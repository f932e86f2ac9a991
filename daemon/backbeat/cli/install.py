"""`backbeat install`: puts the files for REAPER, Live, MuseScore or Ardour where that program looks for them."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from backbeat.cli.command import Subparsers, new_command
from backbeat.cli.console import remark, say, say_json
from backbeat.cli.exit_codes import EXIT_CODE_HELP, ExitCode
from backbeat.cli.options import json_option
from backbeat.install.carry_out import install, remove
from backbeat.install.contents import backbeat_command, contents
from backbeat.install.places import Program, UserFolders, places, user_folders
from backbeat.install.plan import Action, Step, plan_install, plan_removal
from backbeat.resources import integrations_folder

DESCRIPTION = """\
Put Backbeat's files where REAPER, Ableton Live, MuseScore or Ardour looks for them. A second run brings them up to date. A file
that was changed since is kept, and named; --force replaces it, after putting a copy beside it."""

IN_WORDS = {
    Action.NEW: "new",
    Action.UPDATE: "updated",
    Action.SAME: "up to date",
    Action.KEEP: "kept: it was changed since, or is not ours",
    Action.REPLACE: "replaced, after a copy",
    Action.REMOVE: "removed",
}

NEXT: Mapping[Program, str] = {
    Program.REAPER: "In REAPER: Actions > Show action list > New action > Load ReaScript, and select the five Backbeat_*.lua in\n"
    "Scripts/Backbeat/Drums. Then give Backbeat_Transcribe selected items a key.",
    Program.LIVE: "In Live's browser: User Library > Presets > MIDI Effects > Max MIDI Effect > Backbeat; drag Backbeat onto a\n"
    "MIDI track. It needs Max for Live.",
    Program.MUSESCORE: "In MuseScore 4: Home > Plugins > Backbeat > Enable; in MuseScore 3: Plugins > Plugin Manager, tick\n"
    "Backbeat. Then Plugins > Backbeat opens results. The drumset for your own drum parts is Backbeat.drm (Edit Drumset > Load).",
    Program.ARDOUR: "In Ardour, started anew: Edit > Lua Scripts > Script Manager > Action Scripts, an empty row, Add/Set,\n"
    "Backbeat: Transcribe Drums. Then select an audio region and run it from Edit > Lua Scripts.",
}


def add_command(subparsers: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add `install`."""
    parser = new_command(
        subparsers,
        common,
        "install",
        "put Backbeat into REAPER, Live, MuseScore or Ardour",
        description=DESCRIPTION,
        execute=_execute,
    )
    parser.epilog = EXIT_CODE_HELP
    parser.add_argument("program", choices=[str(program) for program in Program])
    parser.add_argument(
        "--to",
        type=Path,
        metavar="FOLDER",
        help="the program's own folder, for a portable install: REAPER's resource folder, Live's User Library, the folder that "
        "holds MuseScore's Plugins, or Ardour's configuration folder",
    )
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    parser.add_argument("--force", action="store_true", help="replace changed files too, after copying them")
    parser.add_argument("--remove", action="store_true", help="take away what was installed and is unchanged")
    json_option(parser)


def _execute(args: argparse.Namespace) -> int:
    return run_install(args, user_folders(), backbeat_command())


def run_install(args: argparse.Namespace, user: UserFolders, command: Path) -> int:
    """Do what was asked, in the folders of `user`. Raises InstallError and OutputError."""
    program = Program(args.program)
    to = args.to.expanduser().absolute() if args.to else None
    wanted = contents(program, integrations_folder(), command)
    done: list[Step] = []
    copies: list[Path] = []
    for folder in places(program, user, to):
        steps = plan_removal(folder) if args.remove else plan_install(folder, wanted, force=args.force)
        done += steps
        if args.dry_run:
            continue
        if args.remove:
            remove(folder, steps)
        else:
            copies += install(folder, steps, wanted)
    _say(args, program, done, copies)
    return ExitCode.OK


def _say(args: argparse.Namespace, program: Program, steps: list[Step], copies: list[Path]) -> None:
    if args.json:
        told = [{"action": str(step.action), "path": str(step.path)} for step in steps]
        say_json({"dry_run": args.dry_run, "files": told, "copies": [str(copy) for copy in copies]})
        return
    for step in steps:
        say(f"{step.path}: {would_be(step.action) if args.dry_run else IN_WORDS[step.action]}")
    for copy in copies:
        remark(f"Your changed file is now {copy}.")
    if any(step.action is Action.KEEP for step in steps) and not args.remove:
        remark("Changed files were kept as they are; --force replaces them, after a copy.")
    if args.remove:
        count = sum(step.action is Action.REMOVE for step in steps)
        remark(f"{count} file(s) would be removed; this was a dry run." if args.dry_run else f"{count} file(s) removed.")
    else:
        remark(f"Nothing was written: this was a dry run.\n{NEXT[program]}" if args.dry_run else NEXT[program])


def would_be(action: Action) -> str:
    """What a dry run says of it."""
    return IN_WORDS[action] if action in (Action.SAME, Action.KEEP) else f"would be {IN_WORDS[action]}"
