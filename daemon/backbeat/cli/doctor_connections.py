"""What `doctor` finds of OSC and MIDI."""

from __future__ import annotations

import socket
import sys
from collections.abc import Sequence

from backbeat.cli.finding import Finding, Verdict
from backbeat.cli.osc_client import DaemonSilent, OscClient
from backbeat.cli.ports import NO_PORTS_ADVICE
from backbeat.config.schema import Config
from backbeat.values import ClockSource


def osc_findings(config: Config) -> list[Finding]:
    """Whether a daemon answers on the OSC port, or else whether the port is free."""
    osc = config.osc
    name = f"{osc.host}, port {osc.port}"
    if not osc.enabled:
        advice = "Set osc.enabled = true to let scripts and DAWs reach the daemon."
        return [Finding(area="osc", name=name, verdict=Verdict.OFF, detail="switched off", advice=advice)]
    try:
        with OscClient(osc) as client:
            version = client.ping()
    except DaemonSilent:
        return [_free_or_taken(config, name)]
    return [Finding(area="osc", name=name, verdict=Verdict.OK, detail=f"the daemon answers (Backbeat {version})")]


def _free_or_taken(config: Config, name: str) -> Finding:
    try:
        address = socket.getaddrinfo(config.osc.host, config.osc.port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(address[0], socket.SOCK_DGRAM) as probe:
            probe.bind(address[4])
    except OSError as error:
        detail = f"cannot be used: {error.strerror or error}, and no Backbeat answers there"
        advice = "Close the program that uses it, or set another osc.port."
        return Finding(area="osc", name=name, verdict=Verdict.WARNING, detail=detail, advice=advice)
    return Finding(
        area="osc", name=name, verdict=Verdict.OK, detail="free; no daemon is running", advice="Start it with: backbeat run"
    )


def port_findings(config: Config) -> list[Finding]:
    """The MIDI outputs, and the inputs where the clock of a DAW is followed; whether the configured ones are among them."""
    from backbeat.outputs.midi_port import Direction, midi_port_names  # noqa: PLC0415 - loads a native library

    findings = [_ports_finding("ports", midi_port_names(), config.midi.port)]
    if config.midi.clock is not ClockSource.INTERNAL:
        findings.append(_clock_finding(midi_port_names(Direction.INPUT), config.midi.clock_port))
    return findings


def _ports_finding(name: str, ports: Sequence[str], wanted: str | None) -> Finding:
    from backbeat.outputs.midi_port import best_port  # noqa: PLC0415 - loads a native library

    if wanted and best_port(ports, wanted) is None:
        detail = f"{wanted!r} is not there"
        advice = f"There is: {', '.join(ports)}." if ports else NO_PORTS_ADVICE
        return Finding(area="midi", name=name, verdict=Verdict.WARNING, detail=detail, advice=advice)
    if not ports:
        return Finding(area="midi", name=name, verdict=Verdict.OFF, detail="none", advice=NO_PORTS_ADVICE)
    return Finding(area="midi", name=name, verdict=Verdict.OK, detail=", ".join(ports))


def _clock_finding(ports: Sequence[str], wanted: str | None) -> Finding:
    """Without a configured port, playing opens one of its own, which only Windows does not have."""
    if wanted:
        return _ports_finding("clock", ports, wanted)
    if sys.platform == "win32":
        detail, advice = "no port is named", "Install loopMIDI, make a port in it, and set midi.clock_port to its name."
        return Finding(area="midi", name="clock", verdict=Verdict.WARNING, detail=detail, advice=advice)
    return Finding(area="midi", name="clock", verdict=Verdict.OK, detail="comes at a port of our own, Backbeat")
