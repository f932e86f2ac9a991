import hashlib
import os
import subprocess
import time
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from backbeat.errors import AudioTooLong, AudioTruncated, AudioUnreadable, Cancelled
from backbeat.intake.audio_header import HeaderState, header_state
from backbeat.intake.readable_file import readable_file
from backbeat.intake.tempo_hint import tempo_hint
from backbeat.monitor import Monitor, Unwatched
from backbeat.pipeline.decode_ffmpeg import CPU_MAX_S, MEMORY_MAX_BYTES, ffmpeg_stream, find_ffmpeg
from backbeat.pipeline.file_to_audio import AudioLimits, file_to_audio
from backbeat.records import Audio
from backbeat.values import ANALYSIS_RATE_HZ, Stage


def read(path: Path, *, channels: int = 2, max_minutes: float = 10, monitor: Monitor | None = None) -> Audio:
    content = hashlib.sha256(path.read_bytes()).hexdigest()
    limits = AudioLimits(max_minutes=max_minutes)
    return file_to_audio(path, fingerprint=content, channels=channels, limits=limits, monitor=monitor or Unwatched())


@pytest.fixture
def loop_48k(audio_files: ModuleType, tmp_path: Path) -> Path:
    """Eight seconds of drums at 48 kHz, 16-bit WAV."""
    loop = audio_files.drum_loop(sample_rate_hz=48_000)
    path: Path = audio_files.write_sound(tmp_path / "loop.wav", loop.samples, sample_rate_hz=48_000)
    return path


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        (".m4a", ("-c:a", "aac", "-b:a", "192k")),
        (".mov", ("-c:a", "pcm_s24le")),
        (".mka", ("-c:a", "flac")),
        (".m4a", ("-c:a", "alac")),
        (".wv", ()),
    ],
)
def test_other_formats_are_decoded_in_their_place(
    audio_files: ModuleType, loop_48k: Path, tmp_path: Path, suffix: str, options: tuple[str, ...]
) -> None:
    exact = read(loop_48k)
    audio = read(audio_files.encode_with_ffmpeg(loop_48k, tmp_path / f"song{suffix}", *options))
    assert audio.samples.shape[0] == 1
    assert audio.duration_s == pytest.approx(exact.duration_s, abs=0.1)
    window = slice(ANALYSIS_RATE_HZ, 2 * ANALYSIS_RATE_HZ)
    wide = audio.samples[0, window.start - 2000 : window.stop + 2000]
    lag = np.correlate(wide, exact.samples[0, window]).argmax() - 2000
    assert abs(lag) <= 1
    assert audio.warnings == ()


def test_an_m4a_with_six_channels_is_mixed_down_while_it_is_read(audio_files: ModuleType, tmp_path: Path) -> None:
    source = audio_files.write_sound(tmp_path / "song.wav", audio_files.noise(2, channels=6))
    audio = read(audio_files.encode_with_ffmpeg(source, tmp_path / "song.m4a", "-c:a", "aac"))
    assert audio.samples.shape[0] == 1
    assert "6 channels" in audio.warnings[0]


def test_the_tempo_and_state_of_a_real_m4a_are_read(audio_files: ModuleType, loop_48k: Path, tmp_path: Path) -> None:
    path = audio_files.encode_with_ffmpeg(loop_48k, tmp_path / "song.m4a", "-c:a", "aac", "-metadata", "tmpo=112")
    assert header_state(path) is HeaderState.COMPLETE
    hint = tempo_hint(path)
    assert hint is not None
    assert hint.bpm == 112


@pytest.mark.parametrize("flags", [(), ("-movflags", "+faststart")])
def test_a_truncated_m4a_is_truncated_wherever_its_index_is(
    audio_files: ModuleType, loop_48k: Path, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    path = audio_files.encode_with_ffmpeg(loop_48k, tmp_path / "song.m4a", "-c:a", "aac", *flags)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert header_state(path) is HeaderState.INCOMPLETE
    with pytest.raises(AudioTruncated, match=r"song\.m4a (is cut off: its header promises 8\.\d s|breaks off)"):
        read(path)


def test_a_recording_above_the_limit_is_refused_before_it_is_decoded(
    audio_files: ModuleType, loop_48k: Path, tmp_path: Path
) -> None:
    path = audio_files.encode_with_ffmpeg(loop_48k, tmp_path / "song.m4a", "-c:a", "aac")
    with pytest.raises(AudioTooLong, match=r"at least 8\.\d s"):
        read(path, max_minutes=0.1)


def test_without_ffmpeg_the_message_says_what_to_install(
    audio_files: ModuleType, loop_48k: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = audio_files.encode_with_ffmpeg(loop_48k, tmp_path / "song.m4a", "-c:a", "aac")
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(AudioUnreadable, match=r"\.m4a files need the program ffmpeg, which is not installed") as caught:
        read(path)
    assert "Install ffmpeg" in caught.value.advice


def test_a_video_without_sound_is_said_to_have_none(tmp_path: Path) -> None:
    program = find_ffmpeg()
    assert program
    command = [
        program,
        "-nostdin",
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        "color=size=16x16:duration=0.2",
        str(tmp_path / "film.mp4"),
    ]
    subprocess.run(command, check=True)
    with pytest.raises(AudioUnreadable, match=r"film\.mp4 has no sound in it"):
        read(tmp_path / "film.mp4")


def test_noise_that_nobody_can_decode_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "song.m4a").write_bytes(bytes([200, 150, 222]) + os.urandom(50_000))
    with pytest.raises(AudioUnreadable, match=r"song\.m4a cannot be decoded \(ffmpeg says: .+\)"):
        read(tmp_path / "song.m4a")


def test_ffmpeg_opens_no_address_that_a_file_names(tmp_path: Path) -> None:
    """A playlist is refused as text before; this is the second lock."""
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n")
    program = find_ffmpeg()
    assert program
    path = tmp_path / "list.m3u8"
    with (
        readable_file(path) as file,
        pytest.raises(AudioUnreadable, match="cannot be decoded"),
        ffmpeg_stream(file, path, program) as stream,
    ):
        list(stream.blocks)


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:8,\nfile:{other}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile link.mp3\n",
    ],
)
def test_a_playlist_that_poses_as_a_recording_plays_no_other_file(
    audio_files: ModuleType, loop_48k: Path, tmp_path: Path, playlist: str
) -> None:
    """With bytes at its end that no text has, so that it passes for an unknown format."""
    folder = tmp_path / "bounces"
    folder.mkdir()
    other = audio_files.encode_with_ffmpeg(loop_48k, tmp_path / "private.mp3")
    (folder / "link.mp3").symlink_to(other)
    path = folder / "song.aac"
    path.write_bytes(playlist.format(other=other).encode() + b"#\x01\x02\xff\n")
    assert header_state(path) is HeaderState.UNKNOWN
    with pytest.raises(AudioUnreadable, match="cannot be decoded"):
        read(path)


def test_ffmpeg_is_held_to_its_memory(audio_files: ModuleType, loop_48k: Path, tmp_path: Path) -> None:
    path = audio_files.encode_with_ffmpeg(loop_48k, tmp_path / "song.m4a", "-c:a", "aac")
    program = find_ffmpeg()
    assert program
    with readable_file(path) as file, ffmpeg_stream(file, path, program):
        (child,) = children_of(os.getpid(), "ffmpeg")
        limits = Path(f"/proc/{child}/limits").read_text()
    (memory,) = (line for line in limits.splitlines() if line.startswith("Max address space"))
    (cpu,) = (line for line in limits.splitlines() if line.startswith("Max cpu time"))
    assert memory.split()[3:5] == [str(MEMORY_MAX_BYTES)] * 2
    assert cpu.split()[3] == str(CPU_MAX_S)


@pytest.mark.parametrize("name", ["-i.m4a", "http:song.m4a", "take 1 'rough' $x.m4a", "schön%d.m4a"])
def test_no_name_is_taken_for_an_option_or_an_address(
    audio_files: ModuleType, loop_48k: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    audio_files.encode_with_ffmpeg(loop_48k, tmp_path / "song.m4a", "-c:a", "aac").rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert read(Path(name)).duration_s == pytest.approx(8, abs=0.1)


class CancelledAfter:
    """A monitor that lets `checks` calls pass."""

    def __init__(self, checks: int) -> None:
        self.left = checks

    def progress(self, stage: Stage, fraction: float) -> None:
        pass

    def check(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Cancelled("cancelled")


def test_cancelling_ends_ffmpeg_at_once(audio_files: ModuleType, tmp_path: Path) -> None:
    source = audio_files.write_sound(tmp_path / "long.wav", np.zeros((1, 44_100 * 200), dtype=np.float32))
    path = audio_files.encode_with_ffmpeg(source, tmp_path / "long.mka", "-c:a", "flac")
    started_s = time.monotonic()
    with pytest.raises(Cancelled):
        read(path, monitor=CancelledAfter(80))
    assert time.monotonic() - started_s < 5
    if Path("/proc/self").exists():
        assert children_of(os.getpid(), "ffmpeg") == []


def children_of(pid: int, name: str) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = status.read_text()
        except OSError:  # ended in between
            continue
        command, rest = text[text.index("(") + 1 : text.rindex(")")], text[text.rindex(")") + 2 :].split()
        if command == name and int(rest[1]) == pid:
            found.append(int(status.parent.name))
    return found


def test_a_variable_mp3_without_a_stated_length_is_read_whole(audio_files: ModuleType, loop_48k: Path, tmp_path: Path) -> None:
    path = audio_files.encode_with_ffmpeg(loop_48k, tmp_path / "song.mp3", "-q:a", "4", "-write_xing", "0")
    assert read(path).duration_s == pytest.approx(8.0, abs=0.1)


def test_without_ffmpeg_a_variable_mp3_without_a_stated_length_gives_a_warning(
    audio_files: ModuleType, loop_48k: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = audio_files.encode_with_ffmpeg(loop_48k, tmp_path / "song.mp3", "-q:a", "4", "-write_xing", "0")
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert "The MP3 does not state its length" in read(path).warnings[0]


def test_the_recordings_of_the_shared_folder_are_complete_and_read_at_their_length(shared: Path) -> None:
    recordings = sorted((shared / "eval" / "dev" / "drum").glob("*.flac"))
    assert len(recordings) == 7
    assert [header_state(path) for path in recordings] == [HeaderState.COMPLETE] * 7
    audio = read(recordings[0])
    assert audio.duration_s > 10
    assert audio.warnings == ()
