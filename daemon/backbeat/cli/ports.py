"""`backbeat ports`: the MIDI ports of this computer."""

from __future__ import annotations

import argparse

from backbeat.cli.command import Subparsers, new_command
from backbeat.cli.console import remark, say, say_json
from backbeat.cli.exit_codes import ExitCode
from backbeat.cli.options import json_option

DESCRIPTION = """\
The MIDI output ports that hits can be played on (midi.port in the config; /backbeat/play over OSC), and the input ports at
which the clock of a DAW can be followed (midi.clock_port)."""

NO_PORTS_ADVICE = (
    "Connect a device; on Linux start JACK or PipeWire, on Windows install loopMIDI. "
    "Where the system can, the daemon opens a port of its own, Backbeat. MIDI files need no port."
)


def add_command(subparsers: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add `ports`."""
    parser = new_command(subparsers, common, "ports", "MIDI ports", description=DESCRIPTION, execute=_execute)
    json_option(parser)


def _execute(args: argparse.Namespace) -> int:
    from backbeat.outputs.midi_port import Direction, midi_port_names  # noqa: PLC0415 - loads a native library

    ports = [(direction.name.lower(), name) for direction in Direction for name in midi_port_names(direction)]
    if args.json:
        say_json([{"direction": direction, "name": name} for direction, name in ports])
        return ExitCode.OK
    for direction, name in ports:
        say(f"{direction:<6}  {name}")
    if not ports:
        remark(f"There are no MIDI ports. {NO_PORTS_ADVICE}")
    return ExitCode.OK
