"""What `tests/benchmarks/fuzz.py` found, once each; before, every one of these was an error that is not ours."""

from __future__ import annotations

import io
import json
import struct
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from backbeat.config.load import load_config
from backbeat.errors import AudioMissing, ConfigError, OutputError, PresetError
from backbeat.intake.audio_header import HeaderState, header_report_of
from backbeat.intake.fingerprint import fingerprint
from backbeat.intake.headers.crc import Crc
from backbeat.intake.headers.flac_frame import frame_end
from backbeat.intake.osc_to_job import OscIntake
from backbeat.jobs.job import Origin
from backbeat.jobs.store import Store
from backbeat.monitor import Unwatched
from backbeat.osc import Peer
from backbeat.outputs.notation.staff_map import read_staff_map
from backbeat.outputs.note_map import check_note_map, read_note_map
from backbeat.outputs.picture.data import picture_data
from backbeat.outputs.read_result import read_document, read_result
from backbeat.pipeline.request import Request
from backbeat.service.worker_messages import from_line
from backbeat.settings import Settings

DEEP = "[" * 50_000
GOLDEN = Path(__file__).parents[1] / "goldens" / "groove.json"


@pytest.mark.parametrize("read", [read_note_map, check_note_map, read_staff_map])
@pytest.mark.parametrize("text", [f"x = {DEEP}", "x = " + "{a=" * 50_000])
def test_a_preset_of_brackets_without_end_is_a_mistake(tmp_path: Path, read: Callable[[Path], object], text: str) -> None:
    (tmp_path / "x.toml").write_text(text)
    with pytest.raises(PresetError, match="Too many brackets inside one another"):
        read(tmp_path / "x.toml")


def test_a_config_of_brackets_without_end_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(f"x = {DEEP}")
    with pytest.raises(ConfigError, match="this is not TOML: Too many brackets inside one another"):
        load_config(tmp_path / "config.toml", environ={})
    with pytest.raises(ConfigError, match=r"osc\.send: text is read as TOML"):
        load_config(environ={"BACKBEAT_OSC_SEND": DEEP})


def test_a_number_of_four_hundred_digits_is_outside_the_range(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(f"[osc]\nport = {'9' * 400}\n")
    with pytest.raises(ConfigError, match=r"osc\.port: a number of so many digits is outside 1 to 65535"):
        load_config(tmp_path / "config.toml", environ={})


def test_a_worker_message_of_brackets_without_end_is_passed_over() -> None:
    assert from_line(b"[" * 200_000) is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("midi_velocity", 1e999),
        ("midi_velocity", 10**30),
        ("midi_velocity", 0),
        ("time", float("nan")),
        ("time", -1),
        ("confidence", 2),
    ],
)
def test_a_result_with_numbers_that_cannot_be_is_not_ours(tmp_path: Path, key: str, value: float) -> None:
    document = json.loads(GOLDEN.read_bytes())
    document["hits"][3][key] = value
    (tmp_path / "song.drums.json").write_text(json.dumps(document))
    with pytest.raises(OutputError, match="is not a result of Backbeat"):
        read_result(tmp_path / "song.drums.json")


def test_a_result_with_an_endless_number_cannot_be_drawn(tmp_path: Path) -> None:
    document = json.loads(GOLDEN.read_bytes())
    document["hits"][3]["midi_velocity"] = 1e999
    (tmp_path / "song.drums.json").write_text(json.dumps(document))
    with pytest.raises(OutputError, match="cannot be drawn"):
        picture_data(read_document(tmp_path / "song.drums.json"))


def test_a_name_with_a_zero_byte_is_a_file_that_is_not_there() -> None:
    with pytest.raises(AudioMissing):
        fingerprint(Path("/bounces/so\0ng.wav"), Unwatched())


def test_words_that_are_no_unicode_are_kept_and_looked_for_as_printable_ones(tmp_path: Path) -> None:
    request = Request(path=Path("/b/a.wav"), fingerprint="0" * 64, out_base=Path("/b/a.drums"), settings=Settings())
    with Store(tmp_path / "jobs.sqlite") as store:
        job = store.submit(request, origin=Origin.OSC, priority=0, reply_to="\udce0:1").job
        assert job.reply_to == r"\udce0:1"
        assert store.history("\udce0") == []


def test_a_flac_file_full_of_frame_heads_is_looked_through_in_a_moment() -> None:
    """Each head was followed by a checksum over all the rest: hours for a file of two megabytes."""
    head = bytes((0xFF, 0xF8, 0x19, 0x18, 0))  # 192 samples at 88.2 kHz, mono, 16 bits, frame 0
    head += bytes([Crc(0x07, bits=8).of(head)])
    assert frame_end(head + bytes(10), 192) == 192
    stream_info = struct.pack(">HH", 192, 192) + bytes(3) + (1 << 21).to_bytes(3, "big") + bytes(7) + b"\x01" + bytes(16)
    flac = b"fLaC\x80\0\0\x22" + stream_info + head * 50_000
    began_s = time.process_time()
    assert header_report_of(io.BytesIO(flac)).state is HeaderState.INCOMPLETE
    assert time.process_time() - began_s < 10  # of the processor; all heads would be 50,000 times 0.02 s


def test_a_bundle_in_a_bundle_without_end_is_answered() -> None:
    packet = b"/backbeat/ping\0\0,\0\0\0"
    for _ in range(2000):
        packet = b"#bundle\0" + bytes(8) + len(packet).to_bytes(4, "big") + packet
    asked: list[object] = []
    intake = OscIntake(post=lambda request: asked.append(request) is None, answer_error=lambda *_: None)
    intake.receive(packet, Peer("127.0.0.1", 1))
    assert len(asked) == 1
