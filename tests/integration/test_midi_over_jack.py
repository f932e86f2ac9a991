"""Live MIDI through the real rtmidi, heard by another program: a JACK server without a sound card carries it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import takewhile
from pathlib import Path

import pytest
import rtmidi
from tests.jack_midi import LISTENER, PATIENCE_S, eventually, notes_heard, result_document, running_jack

from backbeat.errors import MidiPortError
from backbeat.outputs.live_midi import MidiPlayer
from backbeat.outputs.midi_port import midi_port_names, open_midi_port
from backbeat.outputs.playing.hit_source import HitList
from backbeat.records import Hit, hits_from_rows
from backbeat.values import Instrument

NOTES = {Instrument.KICK: 36, Instrument.SNARE: 38}


@pytest.fixture
def jack(need_program: Callable[..., str], tmp_path: Path) -> Iterator[None]:
    with running_jack(need_program, tmp_path):
        yield


@pytest.mark.usefixtures("jack")
def test_another_program_hears_the_hits_in_time_through_our_own_port(tmp_path: Path) -> None:
    player = MidiPlayer(virtual=True)
    player.open()
    assert any("Backbeat" in name for name in _inputs())
    heard = tmp_path / "heard"
    times_s = [0.0, 0.1, 0.2, 0.5, 0.5, 1.0]
    rows = [Hit(t, Instrument.KICK if n % 2 else Instrument.SNARE, 60 + n, 1.0) for n, t in enumerate(times_s)]
    with heard.open("w") as out:
        listener = subprocess.Popen([sys.executable, "-c", LISTENER], stdin=subprocess.PIPE, stdout=out)
        try:
            eventually(lambda: "listening" in heard.read_text(), "the other program's listening")
            told: list[int] = []
            player.play(HitList(hits_from_rows(rows, engine="test")), NOTES, on_hit=lambda _, note: told.append(note))
            eventually(lambda: len(notes_heard(heard, 0x99)) == 6 and len(notes_heard(heard, 0x89)) == 6, "hearing all notes")
        finally:
            listener.communicate(timeout=10)
            player.close()
    ons = notes_heard(heard, 0x99)
    assert sorted(velocity for _, _, velocity in ons) == [60, 61, 62, 63, 64, 65]
    assert sorted(told) == [36, 36, 36, 38, 38, 38]
    offsets_s = [time_s - ons[0][0] for time_s, _, _ in ons]
    assert offsets_s == pytest.approx(times_s, abs=0.2)


@pytest.mark.usefixtures("jack")
def test_the_command_plays_in_a_loop_from_a_position_until_ctrl_c_which_ends_all_notes(
    tmp_path: Path, as_in_a_terminal: tuple[str, ...]
) -> None:
    result, config, heard = tmp_path / "song.drums.json", tmp_path / "config.toml", tmp_path / "heard"
    rows = [(0.0, "crash", 99), (1.0, "kick", 100), (1.1, "snare", 90)]
    result.write_text(json.dumps(result_document(rows, duration_s=1.25)), "utf-8")
    config.touch()
    options = ["--from", "0.5", "--loop", "--wait", "--preset", "general-midi", "--config", str(config)]
    with heard.open("w") as out:
        player = subprocess.Popen([*as_in_a_terminal, "play", str(result), *options], stdin=subprocess.PIPE)
        listener = subprocess.Popen([sys.executable, "-c", LISTENER], stdin=subprocess.PIPE, stdout=out)
        try:
            eventually(lambda: "listening" in heard.read_text(), "the other program's listening")
            assert player.stdin is not None
            player.stdin.write(b"\n")
            player.stdin.flush()
            eventually(lambda: len(notes_heard(heard, 0x99)) >= 5, "hearing three rounds")
            player.send_signal(signal.SIGINT)
            assert player.wait(timeout=PATIENCE_S) == 130
            eventually(lambda: (123, 0) in [row[1:] for row in notes_heard(heard, 0xB9)], "hearing all notes off")
        finally:
            player.kill()
            player.communicate()
            listener.communicate(timeout=10)
    ons = notes_heard(heard, 0x99)
    assert [note for _, note, _ in ons[:5]] == [36, 38, 36, 38, 36]
    assert len(notes_heard(heard, 0x89)) == len(ons), "every note ends"
    assert [time_s - ons[0][0] for time_s, _, _ in ons[:5]] == pytest.approx([0.0, 0.1, 0.75, 0.85, 1.5], abs=0.2)


@pytest.mark.usefixtures("jack")
def test_a_port_that_does_not_exist_is_told_with_those_that_do() -> None:
    with pytest.raises(MidiPortError, match="no MIDI output port called 'Keystation'"):
        open_midi_port("Keystation")
    own = open_midi_port(virtual=True)
    own.close()


@pytest.mark.usefixtures("jack")
def test_a_port_that_is_named_goes_before_one_of_our_own() -> None:
    drum_machine = rtmidi.MidiIn(rtapi=rtmidi.API_UNIX_JACK, name="Drum machine")
    drum_machine.open_virtual_port("in")
    try:
        named = open_midi_port("drum machine", virtual=True)
        assert _linked("Drum machine:in") == ["Backbeat:Backbeat"]
        named.close()
        own = open_midi_port(virtual=True)
        assert _linked("Drum machine:in") == []
        own.close()
    finally:
        drum_machine.close_port()
        drum_machine.delete()


def test_without_any_midi_system_the_advice_says_what_to_start_and_the_libraries_print_nothing(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "no-such-server")
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    if midi_port_names() or Path("/dev/snd/seq").exists():
        pytest.skip("there is a MIDI system here")
    for virtual in (True, False):
        with pytest.raises(MidiPortError, match="no MIDI output port") as caught:
            open_midi_port(virtual=virtual)
        assert "JACK" in caught.value.advice
        assert "::" not in caught.value.message, "RtMidi's function names are not for musicians"
    assert capfd.readouterr() == ("", "")


def _inputs() -> list[str]:
    """What another program can listen to."""
    code = "import rtmidi; print(rtmidi.MidiIn(rtapi=rtmidi.API_UNIX_JACK).get_ports())"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=20).stdout.split(",")


def _linked(port: str) -> list[str]:
    """The ports that JACK has connected with that one."""
    lines = subprocess.run(["jack_lsp", "-c"], capture_output=True, text=True, check=True, timeout=10).stdout.splitlines()
    after = lines[lines.index(port) + 1 :]
    return [line.strip() for line in takewhile(lambda line: line.startswith(" "), after)]
