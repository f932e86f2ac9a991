"""How exactly in time `backbeat play --clock` follows a DAW whose clock is unsteady.

    python tests/benchmarks/midi_clock.py [--clock midi|mtc] [--jitter-ms 1] [--bpm 100] [--seconds 60] [--period 64] [--realtime]

One program plays the DAW: it sends each tick (or quarter frame) late or early at random, normally distributed with that standard
deviation. Another listens and notes when each note comes. Told is how far from its true place in the DAW's time it came, against
the median of all: a constant delay is not heard as unsteadiness, and a DAW can make up for it. JACK as in midi_jitter.py, whose
figures are those without a clock to follow.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "daemon"), str(REPOSITORY)]

from tests.benchmarks.midi_jitter import LISTENER, NOTE_ON, report, running_jack  # noqa: E402
from tests.jack_midi import SENDER, result_document  # noqa: E402
from tests.midi_host import START, STOP, Host, jittered  # noqa: E402
from tests.scripted_time import Script, ScriptedTime, TimedPort  # noqa: E402

from backbeat.outputs.live_midi import MidiPlayer  # noqa: E402
from backbeat.outputs.playing.hit_source import HitList  # noqa: E402
from backbeat.outputs.playing.host_clock import FOLLOWERS, HostClock, transport_for  # noqa: E402
from backbeat.records import Hit, hits_from_rows  # noqa: E402
from backbeat.values import ClockSource, Instrument  # noqa: E402

Rows = list[tuple[float, str, int]]
Notes = list[tuple[float, int, int]]

MIDI_BPM = 120.0
KICK = 36
RATE = 1
"""25 frames in a second."""

LATEST_S = 0.01
"""Added to all ticks, so that none needs to come before it is sent."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clock", choices=["midi", "mtc"], default="midi")
    parser.add_argument("--jitter-ms", type=float, default=1.0, help="standard deviation of the ticks")
    parser.add_argument("--bpm", type=float, default=100.0, help="of the DAW; the result's MIDI file is in 120")
    parser.add_argument("--seconds", type=float, default=60.0, help="of playing")
    parser.add_argument("--period", type=int, default=64, help="of JACK, in frames")
    parser.add_argument("--rate", type=int, default=48_000, help="of JACK, in Hz")
    parser.add_argument("--realtime", action="store_true", help="JACK at real-time priority, as musicians run it")
    parser.add_argument("--virtual", action="store_true", help="only in virtual time: what the filter leaves")
    args = parser.parse_args()
    rng = np.random.default_rng(1)
    host = midi_clock(args) if args.clock == "midi" else time_code(args)
    unit_s = 60 / MIDI_BPM if args.clock == "midi" else 1.0
    times_s = np.cumsum(rng.uniform(0.1, 0.2, int(args.seconds * 10)))  # anywhere between the ticks
    times_s = times_s[(times_s > 1) & (times_s < host.been[-1][1] * unit_s - 1)]
    rows = [(float(time_s), "kick", 1 + n % 127) for n, time_s in enumerate(times_s)]
    planned = [(host.time_of(time_s / unit_s), KICK, velocity) for time_s, _, velocity in rows]
    script = jittered(host.script, LATEST_S + rng.normal(0, args.jitter_ms / 1000, len(host.script)))
    print(f"{args.clock}, ticks {args.jitter_ms:g} ms unsteady; each hit against its true place in the time of the DAW")
    in_virtual_time(rows, planned, script, args.clock)
    if args.virtual:
        return
    with tempfile.TemporaryDirectory() as folder, running_jack(Path(folder), args):
        began_s, heard = listen(rows, script, args.clock, Path(folder))
    constant_s = np.median([at_s for at_s, *_ in heard]) - np.median([at_s for at_s, *_ in planned]) - began_s - LATEST_S
    print(f"all are late by about {1000 * constant_s:.1f} ms")
    report(planned, heard, args)
    print(f"load after: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def in_virtual_time(rows: Rows, planned: Notes, script: Script, clock: str) -> None:
    """What the filter leaves of the jitter, without any program or thread being late."""
    time = ScriptedTime([*script, (script[-1][0] + 0.001, STOP)])
    port = TimedPort(time)
    host = HostClock(FOLLOWERS[ClockSource(clock)](), open_input=time.open_input, clock=time)
    hits = hits_from_rows([Hit(time_s, Instrument.KICK, velocity, 1.0) for time_s, _, velocity in rows], engine="made up")
    player = MidiPlayer(open_port=lambda: port, clock=time)
    transport = transport_for(host, from_s=0, loop_end_s=None, midi_bpm=MIDI_BPM, offset_s=0)
    player.play(HitList(hits), {Instrument.KICK: KICK}, transport=transport)
    if not time.over.wait(60):
        sys.exit("playing in virtual time does not end")
    player.close()
    sent_s = [at_s for at_s, message in port.sent if message[0] == NOTE_ON]
    off_ms = 1000 * np.abs(np.array(sent_s) - LATEST_S - [at_s for at_s, *_ in planned])
    print(
        f"in virtual time, against the ideal: {np.sqrt(np.mean(off_ms**2)):.2f} ms (RMS), 99 % within "
        f"{np.percentile(off_ms, 99):.2f} ms, most {off_ms.max():.2f} ms"
    )


def midi_clock(args: argparse.Namespace) -> Host:
    host = Host()
    host.say(START)
    host.clock(int(args.seconds * args.bpm / 60 * 24), args.bpm, from_quarter=0)
    host.say(STOP)
    return host


def time_code(args: argparse.Namespace) -> Host:
    host = Host()
    host.full_frame(0, RATE)
    host.timecode(0, int(args.seconds * 100), RATE)
    return host


def listen(
    rows: list[tuple[float, str, int]], script: str, clock: str, folder: Path
) -> tuple[float, list[tuple[float, int, int]]]:
    """When the DAW began, and time, note and velocity of each note that the listener heard, in order."""
    config, result = folder / "config.toml", folder / "song.drums.json"
    config.touch()
    result.write_text(json.dumps(result_document(rows, duration_s=rows[-1][0] + 1)), "utf-8")
    command = [sys.executable, "-m", "backbeat", "play", str(result), "--config", str(config), "--preset", "general-midi"]
    with (
        subprocess.Popen([*command, "--clock", clock]) as player,
        subprocess.Popen([sys.executable, "-c", LISTENER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as listener,
    ):
        assert listener.stdout is not None
        assert listener.stdout.readline() == "listening\n"
        sent = subprocess.run(
            [sys.executable, "-c", SENDER], input=json.dumps(script), stdout=subprocess.PIPE, text=True, check=True
        )
        player.terminate()
        told, _ = listener.communicate()
    lines = [line.split() for line in told.splitlines()]
    return float(sent.stdout), [(float(row[0]), int(row[2]), int(row[3])) for row in lines if int(row[1]) == NOTE_ON]


if __name__ == "__main__":
    main()
