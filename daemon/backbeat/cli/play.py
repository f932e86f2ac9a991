"""`backbeat play`: a result on a MIDI port, in time; its hits also to those whom `[[osc.send]]` names."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from typing import TYPE_CHECKING

from backbeat.cli.command import Subparsers, new_command
from backbeat.cli.console import remark
from backbeat.cli.exit_codes import EXIT_CODE_HELP, ExitCode
from backbeat.cli.options import configured, seconds_option
from backbeat.cli.result_file import result_file
from backbeat.config.schema import Config
from backbeat.errors import BackbeatError, MidiPortError
from backbeat.values import ClockSource, Instrument

if TYPE_CHECKING:
    from backbeat.jobs.job import Job
    from backbeat.outputs.live_midi import MidiPlayer
    from backbeat.outputs.playing.growing_hits import GrowingHits
    from backbeat.outputs.playing.hit_source import HitSource
    from backbeat.outputs.playing.host_clock import HostClock
    from backbeat.outputs.playing.transport import Transport
    from backbeat.records import Hit

DESCRIPTION = """\
Play the hits of a result on a MIDI port, each when its stroke is in the recording, so that a drum plugin or a module sounds
with them. Without --port and midi.port a port called Backbeat is opened, which the DAW can choose as its input while this
runs: --wait gives you the time. Ctrl-C stops at once and ends all notes. The daemon need not run. A job that the daemon still
works on is played as it is heard: from its first hits on, and it waits where more are needed.

With --clock midi (or mtc) it follows the MIDI clock (or time code) of a DAW: play, stop and locate there. The hits stay at
their place in the song: the DAW's tempo counts, and the tempo of the MIDI file is the one at which they sound as recorded."""

WAKE_S = 0.2
"""Windows hears Ctrl-C only between waits."""


def add_command(subparsers: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add `play`."""
    parser = new_command(subparsers, common, "play", "play a result on a MIDI port", description=DESCRIPTION, execute=_execute)
    parser.epilog = EXIT_CODE_HELP
    parser.add_argument("what", metavar="JOB|RESULT", help="a job's id, or the beginning of it, or a file NAME.drums.json")
    parser.add_argument("--from", dest="start_s", type=seconds_option, default=0.0, metavar="S", help="begin there, in seconds")
    parser.add_argument("--loop", action="store_true", help="from there to the end of the recording, again and again")
    parser.add_argument("--preset", metavar="NAME", help="note map (default: transcribe.preset)")
    parser.add_argument("--port", metavar="NAME", help="MIDI port, or part of its name (default: midi.port)")
    parser.add_argument(
        "--clock", choices=list(ClockSource), metavar="C", help="internal, midi or mtc: what it follows (default: midi.clock)"
    )
    parser.add_argument("--clock-port", metavar="NAME", help="MIDI input at which the clock comes (default: midi.clock_port)")
    parser.add_argument(
        "--offset", type=seconds_option, metavar="S", help="where in the DAW's time the recording begins (midi.clock_offset_s)"
    )
    parser.add_argument("--wait", action="store_true", help="open the port, and play when you press Enter")


def _execute(args: argparse.Namespace) -> int:
    from backbeat.cli.play_running import hits_of_running, unfinished_job  # noqa: PLC0415 - brings NumPy
    from backbeat.config.folders import user_presets_folder  # noqa: PLC0415 - not needed for --help
    from backbeat.outputs.note_map import load_note_map  # noqa: PLC0415 - not needed for --help
    from backbeat.outputs.playing.hit_source import HitList  # noqa: PLC0415 - brings NumPy
    from backbeat.outputs.read_result import read_result  # noqa: PLC0415 - brings NumPy

    config = configured(args).config
    notes = load_note_map(args.preset or config.transcribe.preset, user_presets_folder()).notes
    if job := unfinished_job(args):
        with hits_of_running(job, config.osc, lambda: list(read_result(result_file(args, "to play")).hits)) as hits:
            return _perform(args, config, hits, notes, _transport_as_heard(args, config, hits, job))
    result = read_result(result_file(args, "to play"))
    if not any(hit.time_s >= args.start_s for hit in result.hits):
        remark("There is nothing to play from there on.")
        return ExitCode.OK
    end_s = result.duration_s if args.loop else None
    return _perform(
        args, config, HitList(result.hits), notes, _transport(args, config, midi_bpm=result.midi_bpm, loop_end_s=end_s)
    )


def _perform(
    args: argparse.Namespace,
    config: Config,
    source: HitSource,
    notes: Mapping[Instrument, int],
    opened_transport: AbstractContextManager[Transport],
) -> int:
    """Play until it is over."""
    from backbeat.outputs.playing.growing_hits import GrowingHits  # noqa: PLC0415 - brings NumPy
    from backbeat.service.signals import stop_signals  # noqa: PLC0415 - not needed for --help

    failures: list[BackbeatError] = []
    over = threading.Event()

    def on_end(error: BackbeatError | None) -> None:
        failures.extend([error] if error else [])
        over.set()

    with (
        stop_signals(_interrupt),
        _osc_rows(config) as on_hit,
        opened_transport as transport,
        closing(_player(args.port, config)) as player,
    ):
        if args.wait:
            remark("Press Enter to play.")
            sys.stdin.readline()
        if isinstance(source, GrowingHits):
            source.when_lost(player.stop)
        player.play(source, notes, transport=transport, on_hit=on_hit, on_end=on_end)
        while not over.wait(WAKE_S):
            pass
    if failures:
        raise failures[0]
    return ExitCode.OK


def _player(port_name: str | None, config: Config) -> MidiPlayer:
    """With its port open. Where there is none, a silent one, if OSC goes out; raises MidiPortError otherwise."""
    from backbeat.outputs.live_midi import MidiPlayer  # noqa: PLC0415 - loads a native library

    player = MidiPlayer(port_name or config.midi.port, virtual=config.midi.virtual)
    try:
        player.open()
    except MidiPortError as error:
        if not config.osc.send:
            raise
        remark(f"{error.in_words} The hits are sent over OSC only.")
        return MidiPlayer(silent=True)
    return player


@contextmanager
def _transport(args: argparse.Namespace, config: Config, *, midi_bpm: float, loop_end_s: float | None) -> Iterator[Transport]:
    """What drives the playing; the port at which a clock is heard is open meanwhile."""
    from backbeat.outputs.playing.host_clock import transport_for  # noqa: PLC0415 - loads a native library

    with _host_clock(args, config) as host:
        transport = transport_for(
            host, from_s=args.start_s, loop_end_s=loop_end_s, midi_bpm=midi_bpm, offset_s=_offset_s(args, config)
        )
        _say_who_leads(host)
        yield transport


@contextmanager
def _transport_as_heard(args: argparse.Namespace, config: Config, hits: GrowingHits, job: Job) -> Iterator[Transport]:
    """The same for a job that still runs."""
    from backbeat.outputs.playing.as_heard import transport_as_heard  # noqa: PLC0415 - loads a native library

    with _host_clock(args, config) as host:
        transport = transport_as_heard(
            hits,
            host,
            from_s=args.start_s,
            loop=args.loop,
            midi_bpm=job.settings.host_bpm,
            offset_s=_offset_s(args, config),
        )
        remark(f"Job {job.id} ({job.path.name}) is {job.state}: it is played as it is heard.")
        _say_who_leads(host)
        yield transport


@contextmanager
def _host_clock(args: argparse.Namespace, config: Config) -> Iterator[HostClock | None]:
    from backbeat.outputs.playing.host_clock import host_clock_for  # noqa: PLC0415 - loads a native library

    host = host_clock_for(ClockSource(args.clock or config.midi.clock), args.clock_port or config.midi.clock_port)
    with closing(host) if host else nullcontext():
        yield host


def _offset_s(args: argparse.Namespace, config: Config) -> float:
    offset_s: float = config.midi.clock_offset_s if args.offset is None else args.offset
    return offset_s


def _say_who_leads(host: HostClock | None) -> None:
    if host:
        remark("Press play in your DAW, which sends its clock. Ctrl-C ends it.")


@contextmanager
def _osc_rows(config: Config) -> Iterator[Callable[[Hit, int], None]]:
    """What sends a hit to those whom the rows name."""
    from backbeat.outputs.hits_to_rows import hit_to_messages  # noqa: PLC0415 - brings NumPy
    from backbeat.outputs.osc_sender import OscSender  # noqa: PLC0415 - not needed for --help
    from backbeat.outputs.outgoing_socket import OutgoingSocket  # noqa: PLC0415 - not needed for --help

    with closing(OutgoingSocket()) as outgoing:
        sender = OscSender(outgoing)

        def send(hit: Hit, note: int) -> None:
            for peer, message in hit_to_messages(config.osc.send, "", hit, note):
                sender.send(message, peer)

        yield send


def _interrupt(_signal: str) -> None:
    """A closed terminal and a polite kill end the notes as Ctrl-C does."""
    raise KeyboardInterrupt
