"""`backbeat to-live`: a result as a clip in Ableton Live."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from backbeat.cli.command import Subparsers, new_command
from backbeat.cli.console import remark, say, say_json
from backbeat.cli.exit_codes import EXIT_CODE_HELP, ExitCode
from backbeat.cli.options import configured, json_option
from backbeat.cli.result_file import result_file

DESCRIPTION = """\
Put what was heard as a clip into the set that is open in Ableton Live, through AbletonOSC: each note where its stroke is in
the recording, on the pads of a Drum Rack. Tracks and slots count from 1, as on Live's screen; without them the clip goes to a
track called Backbeat Drums, which is made where there is none, and there into the slot of this recording's earlier clip or
the first free one. A clip of yours is not written over unless you say --replace. What is left out is as [live] in the config
says. The daemon need not run."""


def add_command(subparsers: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add `to-live`."""
    parser = new_command(
        subparsers, common, "to-live", "put a result as a clip into Ableton Live", description=DESCRIPTION, execute=_execute
    )
    parser.epilog = EXIT_CODE_HELP
    parser.add_argument("what", metavar="JOB|RESULT", help="a job's id, or the beginning of it, or a file NAME.drums.json")
    parser.add_argument("--track", metavar="N|NAME", help="the track, by number or name (default: live.track)")
    parser.add_argument("--slot", type=_slot, metavar="N", help="the clip slot; 0 for any (default: live.slot)")
    parser.add_argument("--fire", action=argparse.BooleanOptionalAction, default=None, help="play the clip at once")
    parser.add_argument("--replace", action="store_true", help="write over a clip of yours in the slot that you name")
    parser.add_argument("--preset", metavar="NAME", help="note map (default: live.preset)")
    json_option(parser)


def _execute(args: argparse.Namespace) -> int:
    from backbeat.config.folders import user_presets_folder  # noqa: PLC0415 - not needed for --help
    from backbeat.live.to_live import LiveTarget, to_live  # noqa: PLC0415 - brings NumPy
    from backbeat.monitor import Unwatched  # noqa: PLC0415 - not needed for --help
    from backbeat.outputs.note_map import load_note_map  # noqa: PLC0415 - not needed for --help
    from backbeat.service.live_desk import live_address  # noqa: PLC0415 - brings NumPy

    config = configured(args).config.live
    note_map = load_note_map(args.preset or config.preset, user_presets_folder())
    target = LiveTarget(
        track=config.track if args.track is None else args.track,
        slot=config.slot if args.slot is None else args.slot,
        fire=config.fire if args.fire is None else args.fire,
        replace=args.replace,
    )
    there = to_live(
        result_file(args, "for Live"), notes=note_map.notes, target=target, address=live_address(config), monitor=Unwatched()
    )
    if args.json:
        say_json(asdict(there))
        return ExitCode.OK
    say(f"{there.clip_name}: {there.note_count} notes on track {there.track} ({there.track_name}), slot {there.slot}.")
    for sentence in there.remarks:
        remark(sentence)
    return ExitCode.OK


def _slot(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not the number of a slot")
    return int(text)
