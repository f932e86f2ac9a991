from __future__ import annotations

from pathlib import Path

import pytest

from backbeat.osc import MAX_PACKET_BYTES, OscMessage, message_to_packet, packet_to_messages
from backbeat.outputs import hits_to_osc
from backbeat.records import Hit, hits_from_rows
from backbeat.values import Instrument, OutputKind, Stage

SNARE = Hit(1.5, Instrument.SNARE, 101, 0.75)
PATHS = {kind: Path(f"/b/song.drums{kind.suffix}") for kind in hits_to_osc.DONE_KINDS}


@pytest.mark.parametrize(
    ("message", "address", "arguments"),
    [
        (hits_to_osc.pong("1.0"), "pong", ("1.0",)),
        (hits_to_osc.accepted("7", Path("/b/song.wav")), "accepted", ("7", "/b/song.wav")),
        (hits_to_osc.progress("7", Stage.BEATS, 1), "progress", ("7", "beats", 1.0)),
        (hits_to_osc.ready("7", OutputKind.MIDI, PATHS[OutputKind.MIDI]), "ready", ("7", "midi", "/b/song.drums.mid")),
        (
            hits_to_osc.done("7", PATHS, tempo_bpm=120, confidence=0.5, hits=3),
            "done",
            ("7", "/b/song.drums.mid", "/b/song.drums.musicxml", "/b/song.drums.pdf", "/b/song.drums.json", 120.0, 0.5, 3),
        ),
        (hits_to_osc.failed("7", "truncated", "It stops."), "failed", ("7", "truncated", "It stops.")),
        (hits_to_osc.cancelled("7"), "cancelled", ("7",)),
        (hits_to_osc.job_state("7", "running", 0.25, "/b/song.wav"), "job", ("7", "running", 0.25, "/b/song.wav")),
        (hits_to_osc.subscribed(9000), "subscribed", (9000,)),
        (hits_to_osc.hit("7", SNARE, 38), "hit", ("7", 1.5, "snare", 38, 101, 0.75)),
        (hits_to_osc.preset("general-midi"), "preset", ("general-midi",)),
        (hits_to_osc.error("/x", "unknown"), "error", ("/x", "unknown")),
    ],
)
def test_each_message_of_the_table_arrives_as_it_is_documented(
    message: OscMessage, address: str, arguments: tuple[object, ...]
) -> None:
    (read,) = packet_to_messages(message_to_packet(message))
    assert read.address == f"/backbeat/{address}"
    assert read.arguments == arguments
    assert [type(value) for value in read.arguments] == [type(value) for value in arguments]


def test_an_output_that_was_not_made_is_an_empty_path() -> None:
    message = hits_to_osc.done("7", {OutputKind.JSON: Path("/b/x.json")}, tempo_bpm=120, confidence=0.5, hits=0)
    assert message.arguments[1:5] == ("", "", "", "/b/x.json")


def test_paths_too_long_for_one_packet_give_way_to_that_of_the_json() -> None:
    folder = Path("/" + "/".join(["x" * 200] * 15))
    paths = {kind: folder / f"song.drums{kind.suffix}" for kind in hits_to_osc.DONE_KINDS}
    message = hits_to_osc.done("7", paths, tempo_bpm=120, confidence=0.5, hits=0)
    assert message.arguments[1:5] == ("", "", "", str(paths[OutputKind.JSON]))
    assert len(message_to_packet(message)) <= MAX_PACKET_BYTES


def test_an_error_repeats_only_the_beginning_of_what_it_answers() -> None:
    assert len(message_to_packet(hits_to_osc.error("/" + "x" * 60_000, "y" * 60_000))) < 1500


def test_a_stream_holds_every_hit_that_has_a_note_in_order() -> None:
    hits = hits_from_rows([Hit(n / 10, Instrument.KICK if n % 2 else Instrument.SPLASH, 100, 1.0) for n in range(10)], engine="t")
    messages = list(hits_to_osc.hits_to_messages("7", hits, {Instrument.KICK: 36}))
    assert [m.arguments[1] for m in messages] == [0.1, 0.3, 0.5, 0.7, 0.9]
    assert list(hits_to_osc.hits_to_messages("7", hits_from_rows([], engine="t"), {})) == []
