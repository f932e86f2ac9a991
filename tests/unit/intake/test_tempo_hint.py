import struct
from pathlib import Path
from types import ModuleType

import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from backbeat.errors import AudioMissing
from backbeat.intake.tempo_hint import TempoHint, name_to_bpm, tempo_hint

MAGICS = (
    b"",
    b"RIFF\0\0\0\0WAVE",
    b"FORM\0\0\0\0AIFF",
    b"fLaC",
    b"OggS\0\x02",
    b"ID3\x03\0\0\0\0\x02\0TBPM",
    b"\0\0\0\x10ftypM4A \0\0\0\0",
)


@pytest.mark.parametrize(
    ("name", "bpm"),
    [
        ("loop_128bpm.wav", 128.0),
        ("128 BPM break.wav", 128.0),
        ("Break-95.5-bpm", 95.5),
        ("Break 95,5 Bpm.aiff", 95.5),
        ("amen.174bpm.flac", 174.0),
        ("bpm 90 groove.wav", 90.0),
        ("BPM_120.5_hats.wav", 120.5),
        ("120bpm_take2_120BPM.wav", 120.0),
        ("song_2024.wav", None),
        ("song_2024bpm.wav", None),
        ("take 12 loop.wav", None),
        ("999bpm.wav", None),
        ("15bpm.wav", None),
        ("100bpm to 140bpm.wav", None),
        ("120bpmish.wav", None),
        ("v1.128bpm.wav", None),
        ("bpm.wav", None),
        ("drums.wav", None),
    ],
)
def test_a_tempo_in_the_file_name_is_found_and_other_numbers_are_not(name: str, bpm: float | None) -> None:
    assert name_to_bpm(name) == bpm


def test_the_file_name_is_named_as_the_source(audio_files: ModuleType, tmp_path: Path) -> None:
    path = audio_files.write_sound(tmp_path / "loop_128bpm.wav", audio_files.noise(0.1))
    assert tempo_hint(path) == TempoHint(bpm=128.0, source="the file name")


def test_a_recording_that_states_no_tempo_gives_no_hint(audio_files: ModuleType, tmp_path: Path) -> None:
    assert tempo_hint(audio_files.write_sound(tmp_path / "song_2024.wav", audio_files.noise(0.1))) is None


@pytest.mark.parametrize("where", ["before", "after"])
def test_the_acid_tempo_goes_before_the_file_name(audio_files: ModuleType, tmp_path: Path, where: str) -> None:
    path = tmp_path / "loop_128bpm.wav"
    path.write_bytes(audio_files.wav_bytes(audio_files.noise(0.1), **{where: [audio_files.acid_chunk(93.75)]}))
    assert tempo_hint(path) == TempoHint(bpm=93.75, source="the ACID tempo in the file")


@pytest.mark.parametrize("acid", [{"tempo_bpm": 120.0, "one_shot": True}, {"tempo_bpm": 0.0}, {"tempo_bpm": float("nan")}])
def test_an_acid_chunk_of_a_one_shot_or_without_a_real_tempo_is_passed_over(
    audio_files: ModuleType, tmp_path: Path, acid: dict[str, float]
) -> None:
    path = tmp_path / "hit.wav"
    path.write_bytes(audio_files.wav_bytes(audio_files.noise(0.1), after=[audio_files.acid_chunk(**acid)]))
    assert tempo_hint(path) is None


@pytest.mark.parametrize("version", [2, 3, 4])
@pytest.mark.parametrize("text", ["97", "97.0", "97 BPM"])
def test_the_id3_tempo_of_an_mp3_is_read(audio_files: ModuleType, tmp_path: Path, version: int, text: str) -> None:
    path = audio_files.write_sound(tmp_path / "song.mp3", audio_files.noise(0.5))
    path.write_bytes(audio_files.id3_tag(text, version=version) + path.read_bytes())
    assert tempo_hint(path) == TempoHint(bpm=97.0, source="the ID3 tempo in the file")


@pytest.mark.parametrize("name", [b"id3 ", b"ID3 "])
def test_the_id3_tempo_in_a_wav_chunk_is_read(audio_files: ModuleType, tmp_path: Path, name: bytes) -> None:
    path = tmp_path / "song.wav"
    path.write_bytes(audio_files.wav_bytes(audio_files.noise(0.1), after=[(name, audio_files.id3_tag("101,5"))]))
    assert tempo_hint(path) == TempoHint(bpm=101.5, source="the ID3 tempo in the file")


def info_chunk(*entries: tuple[bytes, bytes], kind: bytes = b"INFO") -> tuple[bytes, bytes]:
    parts = [name + struct.pack("<I", len(text)) + text + b"\0" * (len(text) & 1) for name, text in entries]
    return b"LIST", kind + b"".join(parts)


def test_the_tempo_in_the_riff_info_of_a_wav_is_read(audio_files: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "song_90bpm.wav"
    chunk = info_chunk((b"INAM", b"a title"), (b"IBPM", b"127.5\0"))
    path.write_bytes(audio_files.wav_bytes(audio_files.noise(0.1), after=[chunk]))
    assert tempo_hint(path) == TempoHint(bpm=127.5, source="the RIFF tempo in the file")
    path.write_bytes(audio_files.wav_bytes(audio_files.noise(0.1), before=[chunk], after=[audio_files.acid_chunk(99.0)]))
    assert tempo_hint(path) == TempoHint(bpm=99.0, source="the ACID tempo in the file")


@pytest.mark.parametrize(
    "chunk",
    [
        info_chunk((b"IBPM", b"127"), kind=b"adtl"),
        (b"LIST", b"INFO" + b"IBPM" + struct.pack("<I", 2**32 - 1)),
        (b"LIST", b"INFOIBPM\1"),
        (b"LIST", b"INF"),
        info_chunk((b"IBPM", b"\xff\xfe")),
    ],
)
def test_other_lists_and_damaged_ones_state_nothing(audio_files: ModuleType, tmp_path: Path, chunk: tuple[bytes, bytes]) -> None:
    path = tmp_path / "song.wav"
    path.write_bytes(audio_files.wav_bytes(audio_files.noise(0.1), before=[chunk]))
    assert tempo_hint(path) is None


def test_the_id3_tempo_in_an_aiff_chunk_is_read(audio_files: ModuleType, tmp_path: Path) -> None:
    path = audio_files.write_sound(tmp_path / "song.aiff", audio_files.noise(0.1))
    tag = audio_files.id3_tag("88")
    path.write_bytes(path.read_bytes() + b"ID3 " + struct.pack(">I", len(tag)) + tag)
    assert tempo_hint(path) == TempoHint(bpm=88.0, source="the ID3 tempo in the file")


@pytest.mark.parametrize("text", ["0", "", "fast", "19.9", "400.1", "1e2", "120 (half time)"])
def test_a_tag_that_is_no_plausible_tempo_is_passed_over(audio_files: ModuleType, tmp_path: Path, text: str) -> None:
    path = audio_files.write_sound(tmp_path / "song.mp3", audio_files.noise(0.5))
    path.write_bytes(audio_files.id3_tag(text) + path.read_bytes())
    assert tempo_hint(path) is None


def comment_block(*lines: str) -> bytes:
    coded = [line.encode() for line in ("made by a test", *lines)]
    texts = [struct.pack("<I", len(line)) + line for line in coded]
    return texts[0] + struct.pack("<I", len(lines)) + b"".join(texts[1:])


@pytest.mark.parametrize("key", ["BPM", "bpm", "TEMPO", "TBPM"])
def test_a_vorbis_comment_in_flac_is_read(audio_files: ModuleType, tmp_path: Path, key: str) -> None:
    content = audio_files.write_sound(tmp_path / "song.flac", audio_files.noise(0.1)).read_bytes()
    block = comment_block("TITLE=song", f"{key}=140")
    head = bytes([4]) + len(block).to_bytes(3, "big")
    (tmp_path / "song.flac").write_bytes(content[:42] + head + block + content[42:])
    assert tempo_hint(tmp_path / "song.flac") == TempoHint(bpm=140.0, source=f"the {key.upper()} comment in the file")
    assert soundfile.info(tmp_path / "song.flac").frames == 4410


@pytest.mark.parametrize("packet", [b"\x03vorbis", b"OpusTags"])
@pytest.mark.parametrize("padding", ["", "x" * 70_000])
def test_a_comment_in_ogg_is_read_also_when_it_goes_over_several_pages(tmp_path: Path, packet: bytes, padding: str) -> None:
    content = packet + comment_block(f"ART={padding}", "BPM=76.5")
    path = tmp_path / "song.ogg"
    path.write_bytes(ogg_pages(b"\x01vorbis" + bytes(23)) + ogg_pages(content))
    assert tempo_hint(path) == TempoHint(bpm=76.5, source="the BPM comment in the file")


def ogg_pages(packet: bytes) -> bytes:
    """One packet on as many pages as it takes."""
    lacing = bytes([255] * (len(packet) // 255) + [len(packet) % 255])
    pages = b""
    for first in range(0, len(lacing), 255):
        part = lacing[first : first + 255]
        body = packet[first * 255 : first * 255 + sum(part)]
        pages += struct.pack("<4sBBqIIIB", b"OggS", 0, 0, -1, 1, 0, 0, len(part)) + part + body
    return pages


def test_the_tempo_tag_of_an_m4a_is_read(tmp_path: Path) -> None:
    def box(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", 8 + len(content)) + name + content

    data = box(b"data", struct.pack(">IIH", 21, 0, 112))
    meta = box(b"meta", bytes(4) + box(b"hdlr", bytes(25)) + box(b"ilst", box(b"tmpo", data)))
    path = tmp_path / "song.m4a"
    path.write_bytes(box(b"ftyp", b"M4A isom") + box(b"moov", box(b"mvhd", bytes(100)) + box(b"udta", meta)))
    assert tempo_hint(path) == TempoHint(bpm=112.0, source="the tempo tag in the file")


def test_a_missing_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(AudioMissing):
        tempo_hint(tmp_path / "loop_128bpm.wav")


@given(magic=st.sampled_from(MAGICS), rest=st.binary(max_size=300))
def test_garbage_gives_no_error_and_at_most_a_plausible_tempo(
    tmp_path_factory: pytest.TempPathFactory, magic: bytes, rest: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "garbage.wav"
    path.write_bytes(magic + rest)
    hint = tempo_hint(path)
    assert hint is None or 20 <= hint.bpm <= 400


@given(st.text(max_size=40))
def test_any_text_is_a_name_without_an_error(name: str) -> None:
    bpm = name_to_bpm(name)
    assert bpm is None or 20 <= bpm <= 400
