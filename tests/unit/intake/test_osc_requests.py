from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backbeat.intake.osc_requests import (
    COMMANDS,
    Cancel,
    ChangePreset,
    OscRequest,
    Ping,
    Play,
    Repick,
    SendHits,
    Status,
    StopPlaying,
    Subscribe,
    ToLive,
    Transcribe,
    Unsubscribe,
    message_to_request,
)
from backbeat.osc import OscMessage, Peer
from backbeat.settings import OPTIONS
from backbeat.values import InstrumentChoice, Meter, Separation

ME = Peer("127.0.0.1", 4000)


def request(address: str, *arguments: object) -> OscRequest:
    return message_to_request(OscMessage(address=f"/backbeat/{address}", arguments=arguments), ME)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (("ping",), Ping(sender=ME)),
        (("transcribe", "/b/song.wav"), Transcribe(sender=ME, path="/b/song.wav")),
        (
            (
                "transcribe",
                "/b/song.wav",
                "bpm",
                "120",
                "separation",
                "none",
                "host-bpm",
                128.5,
                "meter",
                "7/8",
                "quantize",
                50.0,
            ),
            Transcribe(
                sender=ME,
                path="/b/song.wav",
                options={"bpm": 120.0, "separation": Separation.NONE, "host_bpm": 128.5, "meter": Meter(7, 8), "quantize": 50},
            ),
        ),
        (("cancel", "17"), Cancel(sender=ME, job="17")),
        (("cancel", 17), Cancel(sender=ME, job="17")),
        (
            ("repick", "17", "instruments", "common"),
            Repick(sender=ME, job="17", options={"instruments": InstrumentChoice.COMMON}),
        ),
        (("status",), Status(sender=ME)),
        (("status", "17"), Status(sender=ME, job="17")),
        (("subscribe",), Subscribe(sender=ME)),
        (("subscribe", 9000), Subscribe(sender=ME, port=9000)),
        (("subscribe", 9000.0), Subscribe(sender=ME, port=9000)),
        (("unsubscribe", 9000), Unsubscribe(sender=ME, port=9000)),
        (("play", "17"), Play(sender=ME, job="17")),
        (("play", "17", 2), Play(sender=ME, job="17", from_s=2.0)),
        (("play", "17", 0, 1), Play(sender=ME, job="17", loop=True)),
        (("play", "17", 0.0, 0.0), Play(sender=ME, job="17")),
        (("play", "17", 2.5, "loop"), Play(sender=ME, job="17", from_s=2.5, loop=True)),
        (("play", "17", 2.5, "off"), Play(sender=ME, job="17", from_s=2.5)),
        (("play", "17", 2.5, True), Play(sender=ME, job="17", from_s=2.5, loop=True)),
        (("stop",), StopPlaying(sender=ME)),
        (("hits", "17"), SendHits(sender=ME, job="17")),
        (("to_live", "17"), ToLive(sender=ME, job="17")),
        (("to_live", "17", 3, 1.0), ToLive(sender=ME, job="17", track="3", slot=1)),
        (("to_live", "17", "Drums"), ToLive(sender=ME, job="17", track="Drums")),
        (("preset", "general-midi"), ChangePreset(sender=ME, name="general-midi")),
    ],
)
def test_each_address_of_the_table_makes_its_request(message: tuple[object, ...], expected: OscRequest) -> None:
    assert request(str(message[0]), *message[1:]) == expected


def test_every_setting_can_be_given_over_osc() -> None:
    texts = {
        "engine": "net", "separation": "auto", "beats": "auto", "bpm": 120, "host_bpm": 120.0, "meter": "4/4", "preset": "x",
        "quantize": 0, "compat": "seed", "pdf": "none", "separator_model": "htdemucs", "device": "cpu", "keep_stem": True,
        "sensitivity": 62.5, "instruments": "common", "first_downbeat": 0.5,
        "grid": "8t", "flam_ms": 30, "velocity_curve": 1.5, "midi_layout": "type-0", "lead_in": 1, "notation": "standard",
        "repeat_bars": 1, "paper": "letter", "picture": "png", "chain": "muddy-room",
    }  # fmt: skip
    missing = OPTIONS.keys() - texts.keys()
    assert not missing, f"add {missing} to this test"
    made = request("transcribe", "/a.wav", *[part for pair in texts.items() for part in pair])
    assert isinstance(made, Transcribe)
    assert made.options.keys() == texts.keys()


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (("pong",), "did you mean /backbeat/ping?"),
        (("transcibe", "/b/song.wav"), "did you mean /backbeat/transcribe?"),
        (("zzzzzzzzzzzzzzzz",), "unknown address$"),
        (("ping", 1), "got 1 arguments, takes no arguments"),
        (("transcribe",), r"takes s:path \[s:setting value ...\]"),
        (("transcribe", 1.5), "path has to be a text, got 1.5"),
        (("transcribe", ""), "path has to be a text"),
        (("transcribe", True), "path has to be a text"),
        (("transcribe", "/a.wav", "bpm"), "'bpm' has no value"),
        (("transcribe", "/a.wav", 3, 4), "in pairs"),
        (("transcribe", "/a.wav", "bpm", 120, "bpm", 130), "bpm is given twice"),
        (("cancel",), "got 0 arguments, takes s:job"),
        (("cancel", "1", "2"), "got 2 arguments, takes s:job"),
        (("repick",), r"takes s:job \[s:setting value ...\]"),
        (("repick", "17", "sensitivity", "loud"), "'loud' is not a level"),
        (("subscribe", 0), "port has to be a port"),
        (("subscribe", 70000), "port has to be a port"),
        (("subscribe", "9000"), "has to be a number"),
        (("subscribe", 9000.5), "port has to be a port"),
        (("play", "1", -1.0), "0 or more"),
        (("to_live", "1", -1), "track has to be a number as on Live's screen"),
        (("to_live", "1", 1, 1.5), "slot has to be a number as on Live's screen"),
        (("play", "1", float("nan")), "has to be a number"),
        (("play", None), "job has to be a text"),
    ],
)
def test_a_wrong_message_is_explained(message: tuple[object, ...], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        request(str(message[0]), *message[1:])


def test_all_mistakes_of_a_message_are_told_at_once() -> None:
    with pytest.raises(ValueError, match="bpm") as caught:
        request("transcribe", 1.5, "bpm", "fast", "egnine", "net", "separation", "maybe")
    told = str(caught.value)
    assert all(part in told for part in ("path has to be a text", "bpm:", "'engine'?", "'maybe' is not one of"))


ARGUMENTS = st.one_of(
    st.text(max_size=20),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
    st.binary(max_size=5),
    st.lists(st.integers(), max_size=3),
    st.sampled_from(sorted(OPTIONS)),
)


@settings(max_examples=50)
@given(st.sampled_from(sorted(COMMANDS)), st.lists(ARGUMENTS, max_size=8))
def test_any_arguments_make_a_request_or_a_value_error(address: str, arguments: list[object]) -> None:
    try:
        made = message_to_request(OscMessage(address=address, arguments=tuple(arguments)), ME)
    except ValueError:
        return
    assert isinstance(made, COMMANDS[address].request)
