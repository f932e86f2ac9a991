"""What `doctor` finds of OSC and MIDI."""

from __future__ import annotations

import socket

from backbeat.cli.finding import Finding, Verdict
from backbeat.cli.osc_client import DaemonSilent, OscClient
from backbeat.cli.ports import NO_PORTS_ADVICE
from backbeat.config.schema import Config


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
    """The MIDI outputs, and whether the configured one is among them."""
    from backbeat.outputs.midi_port import best_port, midi_port_names  # noqa: PLC0415 - loads a native library

    names, wanted = midi_port_names(), config.midi.port
    if wanted and best_port(names, wanted) is None:
        detail = f"{wanted!r} is not there"
        advice = f"There is: {', '.join(names)}." if names else NO_PORTS_ADVICE
        return [Finding(area="midi", name="ports", verdict=Verdict.WARNING, detail=detail, advice=advice)]
    if not names:
        return [Finding(area="midi", name="ports", verdict=Verdict.OFF, detail="none", advice=NO_PORTS_ADVICE)]
    return [Finding(area="midi", name="ports", verdict=Verdict.OK, detail=", ".join(names))]
