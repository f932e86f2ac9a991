"""`backbeat ports`: the MIDI ports of this computer."""

from __future__ import annotations

import argparse

from backbeat.cli.command import Subparsers, new_command
from backbeat.cli.console import remark, say, say_json
from backbeat.cli.exit_codes import ExitCode
from backbeat.cli.options import json_option

DESCRIPTION = """\
The MIDI output ports that hits can be played on (midi.port in the config; /backbeat/play over OSC)."""

NO_PORTS_ADVICE = (
    "Connect a device; on Linux start JACK or PipeWire, on Windows install loopMIDI. "
    "Where the system can, the daemon opens a port of its own, Backbeat. MIDI files need no port."
)


def add_command(subparsers: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add `ports`."""
    parser = new_command(subparsers, common, "ports", "MIDI ports", description=DESCRIPTION, execute=_execute)
    json_option(parser)


def _execute(args: argparse.Namespace) -> int:
    from backbeat.outputs.midi_port import midi_port_names  # noqa: PLC0415 - loads a native library

    names = midi_port_names()
    if args.json:
        say_json(names)
        return ExitCode.OK
    for name in names:
        say(name)
    if not names:
        remark(f"There is no MIDI output port. {NO_PORTS_ADVICE}")
    return ExitCode.OK
