import struct
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backbeat.errors import AudioMissing, AudioUnreadable
from backbeat.intake.audio_header import HeaderState, header_report, header_state

COMPLETE, INCOMPLETE = HeaderState.COMPLETE, HeaderState.INCOMPLETE
UNKNOWN, NOT_AUDIO = HeaderState.UNKNOWN, HeaderState.NOT_AUDIO

WHOLE = [
    ("WAV", "PCM_16"),
    ("WAV", "PCM_24"),
    ("WAV", "PCM_32"),
    ("WAV", "FLOAT"),
    ("WAV", "PCM_U8"),
    ("WAVEX", "PCM_24"),
    ("RF64", "PCM_24"),
    ("W64", "PCM_24"),
    ("AIFF", "PCM_16"),
    ("AIFF", "PCM_24"),
    ("AIFF", "FLOAT"),
    ("FLAC", "PCM_16"),
    ("FLAC", "PCM_24"),
    ("OGG", "VORBIS"),
    ("OGG", "OPUS"),
]
CODED = [pair for pair in WHOLE if pair[0] in ("FLAC", "OGG")]
MAGICS = (
    b"RIFF",
    b"RIFF\x24\0\0\0WAVEfmt ",
    b"RF64\xff\xff\xff\xffWAVEds64",
    b"BW64",
    b"FORM\0\0\0\x10AIFFCOMM",
    b"fLaC\0\0\0\x22",
)
MAGICS += (
    b"fLaC\x80\0\0\x22",
    b"OggS\0\x04",
    b"ID3\x03\0\0\0\0\0\x10",
    b"\xff\xfb\x90\x44",
    b"\0\0\0\x18ftypM4A ",
    b"riff\x2e\x91\xcf\x11",
)


def whole_file(audio_files: ModuleType, path: Path, kind: str, subtype: str) -> bytes:
    """Not quite half a second, an odd number of samples, two channels."""
    samples = audio_files.noise(0.4567, sample_rate_hz=48_000, channels=1 if subtype == "PCM_U8" else 2)[:, :21_921]
    audio_files.write_sound(path, samples, sample_rate_hz=48_000, kind=kind, subtype=subtype)
    return path.read_bytes()


def state_of(path: Path, content: bytes) -> HeaderState:
    path.write_bytes(content)
    return header_state(path)


@pytest.mark.parametrize(("kind", "subtype"), WHOLE)
def test_a_finished_recording_is_complete(audio_files: ModuleType, tmp_path: Path, kind: str, subtype: str) -> None:
    path = tmp_path / "song"
    whole_file(audio_files, path, kind, subtype)
    assert header_state(path) is COMPLETE


@pytest.mark.parametrize(("kind", "subtype"), WHOLE)
def test_a_growing_recording_is_never_complete(audio_files: ModuleType, tmp_path: Path, kind: str, subtype: str) -> None:
    path = tmp_path / "song"
    content = whole_file(audio_files, path, kind, subtype)
    lengths = {*range(0, 200, 7), *range(200, len(content), len(content) // 60), len(content) - 100, len(content) - 2}
    for length in sorted(lengths):
        assert state_of(path, content[:length]) in (INCOMPLETE, UNKNOWN), length


@pytest.mark.parametrize(("kind", "subtype"), CODED)
def test_a_preallocated_recording_that_is_filled_is_not_complete_before_its_end(
    audio_files: ModuleType, tmp_path: Path, kind: str, subtype: str
) -> None:
    path = tmp_path / "song"
    content = whole_file(audio_files, path, kind, subtype)
    for written in range(0, len(content) - 16, len(content) // 20):
        assert state_of(path, content[:written] + bytes(len(content) - written)) is INCOMPLETE, written


@pytest.mark.parametrize(("kind", "subtype"), WHOLE)
def test_a_preallocated_recording_whose_header_comes_last_is_not_complete(
    audio_files: ModuleType, tmp_path: Path, kind: str, subtype: str
) -> None:
    content = whole_file(audio_files, tmp_path / "song", kind, subtype)
    assert state_of(tmp_path / "song", bytes(512) + content[512:]) is INCOMPLETE


def test_a_recording_with_room_reserved_behind_it_is_not_complete(audio_files: ModuleType, tmp_path: Path) -> None:
    content = audio_files.wav_bytes(audio_files.noise(0.1))
    assert state_of(tmp_path / "song.wav", content + bytes(4096)) is INCOMPLETE


def test_a_header_that_lags_behind_its_growing_file_is_not_complete(audio_files: ModuleType, tmp_path: Path) -> None:
    content = audio_files.wav_bytes(audio_files.noise(0.5), data_size=8_000, riff_size=8_036)
    assert state_of(tmp_path / "song.wav", content) is INCOMPLETE


@pytest.mark.parametrize(
    ("data_size", "riff_size", "state"),
    [
        (0, 0, INCOMPLETE),
        (0, 36, INCOMPLETE),
        (0xFFFFFFFF, 0xFFFFFFFF, UNKNOWN),
        (0xFFFFFFFF, 0, UNKNOWN),
        (0x7FFFF000, 0x7FFFF024, UNKNOWN),
        (0x80000000, 0x80000024, UNKNOWN),
        (8822, 36 + 8822, INCOMPLETE),
        (None, 0, COMPLETE),
        (None, 0xFFFFFFFF, COMPLETE),
        (None, 36 + 8820 + 400, INCOMPLETE),
    ],
)
def test_lengths_that_streaming_programs_write_are_not_taken_at_their_word(
    audio_files: ModuleType, tmp_path: Path, data_size: int | None, riff_size: int, state: HeaderState
) -> None:
    content = audio_files.wav_bytes(audio_files.noise(0.1), data_size=data_size, riff_size=riff_size)
    assert state_of(tmp_path / "song.wav", content) is state


@pytest.mark.parametrize("name", [b"bext", b"JUNK", b"LIST"])
@pytest.mark.parametrize("size", [602, 603])
def test_chunks_before_the_sound_are_skipped_with_their_padding(
    audio_files: ModuleType, tmp_path: Path, name: bytes, size: int
) -> None:
    content = audio_files.wav_bytes(audio_files.noise(0.1), before=[(name, bytes(size))], after=[(b"LIST", bytes(31))])
    assert state_of(tmp_path / "song.wav", content) is COMPLETE
    assert state_of(tmp_path / "song.wav", content[:-20]) is INCOMPLETE


def test_a_missing_pad_byte_at_the_end_is_forgiven(audio_files: ModuleType, tmp_path: Path) -> None:
    content = audio_files.wav_bytes(audio_files.noise(0.1), after=[(b"LIST", bytes(31))])
    assert state_of(tmp_path / "song.wav", content[:-1]) is COMPLETE


@pytest.mark.parametrize("tail", [b"TAG" + bytes(125), b"LIST\x04\0\0\0abcd", b"id3 \x04\0\0\0abcd"])
def test_tags_that_were_appended_later_do_no_harm(audio_files: ModuleType, tmp_path: Path, tail: bytes) -> None:
    content = audio_files.wav_bytes(audio_files.noise(0.1))
    assert state_of(tmp_path / "song.wav", content + tail) is COMPLETE


def test_a_flac_file_with_tags_at_both_ends_is_complete(audio_files: ModuleType, tmp_path: Path) -> None:
    content = whole_file(audio_files, tmp_path / "song", "FLAC", "PCM_24")
    assert state_of(tmp_path / "song", audio_files.id3_tag("120") + content + b"TAG" + bytes(125)) is COMPLETE


def test_a_flac_stream_of_unstated_length_is_unknown_and_says_how_to_read_it(audio_files: ModuleType, tmp_path: Path) -> None:
    content = bytearray(whole_file(audio_files, tmp_path / "song", "FLAC", "PCM_24"))
    total = content[21:26]
    content[21:26] = bytes([total[0] & 0xF0]) + bytes(4)
    assert state_of(tmp_path / "song", bytes(content)) is UNKNOWN
    (repair,) = header_report(tmp_path / "song").repairs
    assert (repair.offset, repair.data) == (21, bytes(total))


def test_a_bw64_file_is_understood_like_rf64(audio_files: ModuleType, tmp_path: Path) -> None:
    content = whole_file(audio_files, tmp_path / "song", "RF64", "PCM_24")
    assert state_of(tmp_path / "song", b"BW64" + content[4:]) is COMPLETE
    assert state_of(tmp_path / "song", b"BW64" + content[4:-100]) is INCOMPLETE


def test_an_mp3_is_unknown_but_incomplete_when_its_xing_frame_promises_more(audio_files: ModuleType, tmp_path: Path) -> None:
    path = audio_files.write_sound(tmp_path / "song.mp3", audio_files.noise(1.0, channels=2))
    content = path.read_bytes()
    assert header_state(path) is UNKNOWN
    assert state_of(path, audio_files.id3_tag("120") + content) is UNKNOWN
    assert state_of(path, content[: len(content) // 2]) is INCOMPLETE
    assert state_of(path, audio_files.id3_tag("120") + content[:-1]) is INCOMPLETE


def test_an_m4a_is_complete_only_with_its_index_and_all_of_its_sound(tmp_path: Path) -> None:
    def box(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", 8 + len(content)) + name + content

    kind, index, sound = box(b"ftyp", b"M4A isom"), box(b"moov", bytes(100)), box(b"mdat", bytes(500))
    path = tmp_path / "song.m4a"
    assert state_of(path, kind + sound + index) is COMPLETE
    assert state_of(path, kind + index + box(b"free", b"") + sound) is COMPLETE
    assert state_of(path, kind + sound) is INCOMPLETE
    assert state_of(path, kind + index + sound[:-1]) is INCOMPLETE
    assert header_report(path).present_bytes == 499


@pytest.mark.parametrize("name", ["empty.wav", "empty.mp3", "empty"])
def test_an_empty_file_is_incomplete(tmp_path: Path, name: str) -> None:
    assert state_of(tmp_path / name, b"") is INCOMPLETE


@pytest.mark.parametrize(
    "content",
    [
        b"Kick on one, snare on two.\n" * 40,
        b"hello",
        "Trommeln für Anfänger, überall\n".encode() * 17,
        "\ufefflists".encode("utf-16"),
        b"#EXTM3U\nhttp://example.org/live\n",
        b"%PDF-1.7\n\x80\x81",
        b"PK\x03\x04" + bytes(100),
        b"MThd\0\0\0\x06\0\x01\0\x02",
        b"RIFF\x24\0\0\0RMIDdata" + bytes(40),
        b"FORM\0\0\0\x24ILBMBMHD" + bytes(40),
    ],
)
def test_what_is_no_sound_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    assert state_of(tmp_path / "song.wav", content) is NOT_AUDIO


@pytest.mark.parametrize(
    "content",
    [b"caff\0\x01\0\0desc", b"\x1a\x45\xdf\xa3" + bytes(20), b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", b"NIST_1A\n   1024\n"],
)
def test_other_sound_formats_are_unknown(tmp_path: Path, content: bytes) -> None:
    assert state_of(tmp_path / "song", content) is UNKNOWN


def test_a_missing_file_and_a_folder_are_errors_of_ours(tmp_path: Path) -> None:
    with pytest.raises(AudioMissing):
        header_state(tmp_path / "gone.wav")
    with pytest.raises(AudioUnreadable, match="folder"):
        header_state(tmp_path)


@given(magic=st.sampled_from((b"", *MAGICS)), rest=st.binary(max_size=400))
@example(
    magic=b"RF64",
    rest=struct.pack("<I4s4sIQQQ", 0, b"WAVE", b"ds64", 28, 1 << 63, (1 << 64) - 1, 0) + b"LIST\0\0\0\0data\xff\xff\xff\xff",
)
@example(magic=b"fLaC", rest=b"\x80\0\0\x22" + bytes(34) + b"\xff\xf8" + b"\xff" * 40)
def test_garbage_is_never_complete_and_never_an_error(
    tmp_path_factory: pytest.TempPathFactory, magic: bytes, rest: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "garbage.wav"
    assert state_of(path, magic + rest) in tuple(HeaderState)
    if magic in (b"", b"RIFF", b"fLaC\0\0\0\x22", b"\xff\xfb\x90\x44"):
        assert header_state(path) is not COMPLETE
