import hashlib
import math
import os
import tracemalloc
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from backbeat.errors import (
    AudioChanged,
    AudioMissing,
    AudioTooLong,
    AudioTruncated,
    AudioUnreadable,
    Cancelled,
)
from backbeat.monitor import Monitor, Unwatched
from backbeat.pipeline.file_to_audio import AudioLimits, file_to_audio
from backbeat.records import Audio
from backbeat.values import ANALYSIS_RATE_HZ, Stage

PCM = [("WAV", "PCM_16"), ("WAV", "PCM_24"), ("WAV", "PCM_32"), ("WAV", "FLOAT"), ("WAV", "DOUBLE"), ("WAVEX", "PCM_24")]
PCM += [("RF64", "PCM_24"), ("W64", "PCM_24"), ("AIFF", "PCM_16"), ("AIFF", "PCM_24"), ("AIFF", "FLOAT"), ("FLAC", "PCM_24")]
LOSSY = [("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")]
STEP_16_BIT = 2**-15


def read(path: Path, *, channels: int = 2, max_minutes: float = 10, monitor: Monitor | None = None) -> Audio:
    content = hashlib.sha256(path.read_bytes()).hexdigest()
    limits = AudioLimits(max_minutes=max_minutes)
    return file_to_audio(path, fingerprint=content, channels=channels, limits=limits, monitor=monitor or Unwatched())


class Watcher:
    """Keeps the progress; calls `then` at the check with the given number."""

    def __init__(self, *, at_check: int = -1, then: Callable[[], None] = lambda: None) -> None:
        self.fractions: list[float] = []
        self._checks_left = at_check
        self._then = then

    def progress(self, stage: Stage, fraction: float) -> None:
        assert stage is Stage.READ
        self.fractions.append(fraction)

    def check(self) -> None:
        if self._checks_left == 0:
            self._then()
        self._checks_left -= 1


def cancel() -> None:
    raise Cancelled("cancelled")


@pytest.mark.parametrize(("kind", "subtype"), PCM)
def test_lossless_formats_come_back_sample_for_sample(audio_files: ModuleType, tmp_path: Path, kind: str, subtype: str) -> None:
    samples = audio_files.noise(0.7, channels=2)
    audio = read(audio_files.write_sound(tmp_path / "song", samples, kind=kind, subtype=subtype))
    assert audio.samples.dtype == np.float32
    assert audio.samples.shape == samples.shape
    assert np.abs(audio.samples - samples).max() <= STEP_16_BIT
    assert audio.sample_rate_hz == ANALYSIS_RATE_HZ
    assert audio.warnings == ("The recording is only 700 ms long: too short to find a tempo in.",)


@pytest.mark.parametrize(("kind", "subtype"), LOSSY)
def test_lossy_formats_keep_length_and_place(audio_files: ModuleType, tmp_path: Path, kind: str, subtype: str) -> None:
    samples = audio_files.drum_loop(bars=2, sample_rate_hz=48_000).samples
    audio = read(audio_files.write_sound(tmp_path / "song", samples, sample_rate_hz=48_000, kind=kind, subtype=subtype))
    exact = read(audio_files.write_sound(tmp_path / "song.wav", samples, sample_rate_hz=48_000, subtype="FLOAT"))
    assert audio.samples.shape == exact.samples.shape
    lag = np.correlate(audio.samples[0, 20_000:40_000], exact.samples[0, 20_500:39_500]).argmax() - 500
    assert abs(lag) <= 1
    assert audio.warnings == ()


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000])
def test_every_rate_keeps_length_and_place(audio_files: ModuleType, tmp_path: Path, rate_hz: int) -> None:
    click_s = (0.25, 2.5, 3.125)
    samples = audio_files.clicks(click_s, duration_s=3.5, sample_rate_hz=rate_hz)
    audio = read(audio_files.write_sound(tmp_path / "song.wav", samples, sample_rate_hz=rate_hz, subtype="FLOAT"))
    assert abs(audio.samples.shape[1] - samples.shape[1] / rate_hz * ANALYSIS_RATE_HZ) <= 1
    for time_s in click_s:
        expected = round(time_s * rate_hz) / rate_hz * ANALYSIS_RATE_HZ
        around = round(expected) - 500
        found = around + np.abs(audio.samples[0, around : around + 1000]).argmax()
        assert abs(found - expected) <= 1


def test_8_khz_is_read_and_its_dullness_is_said(audio_files: ModuleType, tmp_path: Path) -> None:
    path = audio_files.write_sound(tmp_path / "song.wav", audio_files.noise(2, sample_rate_hz=8_000), sample_rate_hz=8_000)
    audio = read(path)
    assert audio.samples.shape == (1, 2 * ANALYSIS_RATE_HZ)
    assert audio.warnings == ("The recording is sampled at 8 kHz: it has nothing above 4 kHz to tell cymbals apart by.",)


def test_192_khz_is_read_without_a_word(audio_files: ModuleType, tmp_path: Path) -> None:
    tone = (0.5 * np.sin(2 * np.pi * 1000 / 192_000 * np.arange(2 * 192_000))).astype(np.float32)
    audio = read(audio_files.write_sound(tmp_path / "song.wav", tone, sample_rate_hz=192_000, subtype="PCM_24"))
    assert audio.samples.shape == (1, 2 * ANALYSIS_RATE_HZ)
    same_tone = 0.5 * np.sin(2 * np.pi * 1000 / ANALYSIS_RATE_HZ * np.arange(2 * ANALYSIS_RATE_HZ))
    np.testing.assert_allclose(audio.samples[0, 1000:-1000], same_tone[1000:-1000], atol=1e-3)
    assert audio.warnings == ()


def test_an_empty_file_is_said_to_be_empty(tmp_path: Path) -> None:
    (tmp_path / "song.wav").write_bytes(b"")
    with pytest.raises(AudioUnreadable, match=r"song\.wav is empty \(0 bytes\)") as caught:
        read(tmp_path / "song.wav")
    assert caught.value.advice == "Bounce the track again."


@pytest.mark.parametrize("name", ["song.wav", "song.mp3", "song.m4a", "song.raw"])
def test_text_under_an_audio_name_is_said_to_be_no_audio(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("#EXTM3U\nmy favourite loops\n" * 20)
    with pytest.raises(AudioUnreadable, match=f"{name} is not an audio file, whatever its name says") as caught:
        read(tmp_path / name)
    assert "Export the track as WAV" in caught.value.advice


@pytest.mark.parametrize(("kind", "subtype"), [*PCM, ("MP3", "MPEG_LAYER_III")])
def test_a_truncated_recording_says_how_much_is_there(audio_files: ModuleType, tmp_path: Path, kind: str, subtype: str) -> None:
    path = audio_files.write_sound(tmp_path / "song", audio_files.noise(10, channels=2), kind=kind, subtype=subtype)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(AudioTruncated, match=r"song is cut off: its header promises 10\.0 s of sound, the file holds [45]\.\d s"):
        read(path)


@pytest.mark.parametrize(("kind", "subtype"), LOSSY[:2])
def test_a_truncated_ogg_which_promises_nothing_is_read_with_a_warning(
    audio_files: ModuleType, tmp_path: Path, kind: str, subtype: str
) -> None:
    samples = audio_files.noise(10, sample_rate_hz=48_000)
    path = audio_files.write_sound(tmp_path / "song", samples, sample_rate_hz=48_000, kind=kind, subtype=subtype)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    audio = read(path)
    assert 3 < audio.duration_s < 7
    assert audio.warnings == (
        "The file and its header disagree about the length; if the end is missing, bounce the track again.",
    )


@pytest.mark.parametrize("length", [10, 30, 44])
def test_a_recording_that_breaks_off_in_its_header_is_truncated(audio_files: ModuleType, tmp_path: Path, length: int) -> None:
    (tmp_path / "song.wav").write_bytes(audio_files.wav_bytes(audio_files.noise(1))[:length])
    with pytest.raises(AudioTruncated, match="no sound"):
        read(tmp_path / "song.wav")


def test_reserved_space_without_content_is_truncated(tmp_path: Path) -> None:
    (tmp_path / "song.wav").write_bytes(bytes(100_000))
    with pytest.raises(AudioTruncated, match="space was reserved for it, but no sound was written"):
        read(tmp_path / "song.wav")


def test_a_few_missing_bytes_are_forgiven_with_a_warning(audio_files: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "song.wav").write_bytes(audio_files.wav_bytes(audio_files.noise(2))[:-8])
    audio = read(tmp_path / "song.wav")
    assert audio.samples.shape[1] == 2 * ANALYSIS_RATE_HZ - 4
    assert "disagree about the length" in audio.warnings[0]


def test_nan_and_infinite_samples_become_silence_and_are_counted(audio_files: ModuleType, tmp_path: Path) -> None:
    samples = audio_files.noise(2, channels=2)
    samples[0, 1000:1010] = np.nan
    samples[1, 50_000] = np.inf
    samples[1, 50_001] = -np.inf
    samples[0, 60_000] = 1e30
    audio = read(audio_files.write_sound(tmp_path / "song.wav", samples, subtype="FLOAT"))
    assert np.isfinite(audio.samples).all()
    assert not audio.samples[0, 1000:1010].any()
    assert not audio.samples[1, 50_000:50_002].any()
    np.testing.assert_array_equal(audio.samples[0, 2000:60_000], samples[0, 2000:60_000])
    assert audio.warnings == ("13 samples are not numbers (NaN or infinite); they were taken as silence.",)


def test_nan_does_not_spread_by_resampling(audio_files: ModuleType, tmp_path: Path) -> None:
    samples = audio_files.noise(2, sample_rate_hz=48_000)
    samples[0, 1000] = np.nan
    audio = read(audio_files.write_sound(tmp_path / "song.wav", samples, sample_rate_hz=48_000, subtype="FLOAT"))
    assert np.isfinite(audio.samples).all()


def test_silence_is_read_and_said_to_be_silent(audio_files: ModuleType, tmp_path: Path) -> None:
    audio = read(audio_files.write_sound(tmp_path / "song.wav", np.zeros((2, 88_200), dtype=np.float32)))
    assert audio.samples.shape == (2, 88_200)
    assert not audio.samples.any()
    assert audio.warnings == ("The recording is silent from beginning to end.",)


def test_50_ms_are_read_and_said_to_be_short(audio_files: ModuleType, tmp_path: Path) -> None:
    audio = read(audio_files.write_sound(tmp_path / "hit.wav", audio_files.noise(0.05)))
    assert audio.samples.shape == (1, 2205)
    assert audio.warnings == ("The recording is only 50 ms long: too short to find a tempo in.",)


@pytest.mark.parametrize("kind", ["WAV", "AIFF", "W64"])
def test_no_sound_at_all_has_a_clear_message(audio_files: ModuleType, tmp_path: Path, kind: str) -> None:
    path = audio_files.write_sound(tmp_path / "song", np.zeros((1, 0), dtype=np.float32), kind=kind, subtype="PCM_16")
    with pytest.raises(AudioUnreadable, match="song holds no sound: it is 0 samples long"):
        read(path)


@pytest.mark.parametrize("channels", [1, 2])
def test_8_channels_become_one_and_silent_ones_do_not_make_it_quiet(
    audio_files: ModuleType, tmp_path: Path, channels: int
) -> None:
    samples = np.zeros((8, 88_200), dtype=np.float32)
    samples[:3] = audio_files.noise(2, channels=3)
    path = audio_files.write_sound(tmp_path / "song.wav", samples, subtype="FLOAT")
    audio = read(path, channels=channels)
    assert audio.samples.shape == (1, 88_200)
    np.testing.assert_allclose(audio.samples[0], samples[:3].mean(axis=0), atol=1e-6)
    assert audio.warnings == ("The recording has 8 channels (5 of them silent); they were mixed down to one.",)


def test_stereo_becomes_mono_where_one_channel_is_asked_for(audio_files: ModuleType, tmp_path: Path) -> None:
    samples = audio_files.noise(2, channels=2)
    path = audio_files.write_sound(tmp_path / "song.wav", samples, subtype="FLOAT")
    assert read(path, channels=2).samples.shape == (2, 88_200)
    audio = read(path, channels=1)
    np.testing.assert_allclose(audio.samples, samples.mean(axis=0, keepdims=True), atol=1e-7)
    assert audio.warnings == ()


def test_mono_stays_mono(audio_files: ModuleType, tmp_path: Path) -> None:
    assert read(audio_files.write_sound(tmp_path / "song.wav", audio_files.noise(1)), channels=2).samples.shape == (1, 44_100)


@pytest.mark.parametrize("data_size", [0, 0xFFFFFFFF, 0x7FFFF000])
def test_a_wav_whose_program_never_filled_in_the_length_is_read_to_the_end(
    audio_files: ModuleType, tmp_path: Path, data_size: int
) -> None:
    samples = audio_files.noise(2, channels=2)
    (tmp_path / "song.wav").write_bytes(audio_files.wav_bytes(samples, data_size=data_size, riff_size=data_size))
    audio = read(tmp_path / "song.wav")
    assert np.abs(audio.samples - samples).max() <= 2 * STEP_16_BIT
    assert audio.warnings == (() if data_size else ("The header states no length; the sound was read to the end of the file.",))


def test_bw64_is_read_like_rf64(audio_files: ModuleType, tmp_path: Path) -> None:
    samples = audio_files.noise(2, channels=2)
    path = audio_files.write_sound(tmp_path / "song.wav", samples, kind="RF64", subtype="PCM_24")
    path.write_bytes(b"BW64" + path.read_bytes()[4:])
    np.testing.assert_allclose(read(path).samples, samples, atol=STEP_16_BIT)


def test_a_flac_stream_of_unstated_length_is_read_to_its_last_sample(audio_files: ModuleType, tmp_path: Path) -> None:
    samples = audio_files.noise(2, channels=2)
    path = audio_files.write_sound(tmp_path / "song.flac", samples, subtype="PCM_24")
    content = bytearray(path.read_bytes())
    content[21:26] = bytes([content[21] & 0xF0]) + bytes(4)
    path.write_bytes(content)
    np.testing.assert_allclose(read(path).samples, samples, atol=STEP_16_BIT)
    path.write_bytes(content[:-1000])
    assert 1.0 < read(path).duration_s < 2.0


def test_damage_inside_a_flac_file_says_where(audio_files: ModuleType, tmp_path: Path) -> None:
    path = audio_files.write_sound(tmp_path / "song.flac", audio_files.noise(10, channels=2), subtype="PCM_24")
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 40_000] = bytes(40_000)
    path.write_bytes(content)
    with pytest.raises(AudioUnreadable, match=r"song\.flac is damaged: it cannot be decoded beyond [45]\.\d s"):
        read(path)


def test_a_missing_file_is_missing(tmp_path: Path) -> None:
    limits = AudioLimits(max_minutes=1)
    with pytest.raises(AudioMissing, match=r"song\.wav is not there: "):
        file_to_audio(tmp_path / "song.wav", fingerprint="", channels=2, limits=limits, monitor=Unwatched())


def test_a_folder_is_said_to_be_one(tmp_path: Path) -> None:
    limits = AudioLimits(max_minutes=1)
    with pytest.raises(AudioUnreadable, match="is a folder"):
        file_to_audio(tmp_path, fingerprint="", channels=2, limits=limits, monitor=Unwatched())


@contextmanager
def as_somebody_else() -> AbstractContextManager[None]:
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Windows has other permissions")
def test_a_folder_without_permission_is_said_to_be_that(audio_files: ModuleType, tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    path = audio_files.write_sound(folder / "song.wav", audio_files.noise(1))
    content = hashlib.sha256(path.read_bytes()).hexdigest()
    limits = AudioLimits(max_minutes=1)
    folder.chmod(0)
    try:
        with (
            as_somebody_else() if os.geteuid() == 0 else nullcontext(),
            pytest.raises(AudioUnreadable, match=r"song\.wav cannot be read: permission denied") as caught,
        ):
            file_to_audio(path, fingerprint=content, channels=2, limits=limits, monitor=Unwatched())
    finally:
        folder.chmod(0o700)
    assert "Allow your user to read" in caught.value.advice


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "MP3"])
def test_a_recording_above_the_limit_is_too_long(audio_files: ModuleType, tmp_path: Path, kind: str) -> None:
    path = audio_files.write_sound(tmp_path / "song", audio_files.noise(4), kind=kind)
    assert read(path, max_minutes=4.1 / 60).duration_s == pytest.approx(4, abs=0.01)
    with pytest.raises(AudioTooLong, match=r"song is longer than 0\.05 minutes \(at least 4\.0 s\)"):
        read(path, max_minutes=0.05)


def test_a_header_with_an_absurd_rate_or_length_takes_no_memory(audio_files: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    path.write_bytes(audio_files.wav_bytes(audio_files.noise(1), sample_rate_hz=1))
    with pytest.raises(AudioUnreadable, match="its header states 1 channels at 1 Hz"):
        read(path)
    audio_files.write_sound(tmp_path / "song.flac", audio_files.noise(1))
    content = bytearray((tmp_path / "song.flac").read_bytes())
    content[21:26] = bytes([content[21] | 0x0F]) + b"\xff" * 4
    (tmp_path / "song.flac").write_bytes(content)
    with pytest.raises(AudioTooLong, match="longer than 10 minutes"):
        read(tmp_path / "song.flac")


def test_a_replacement_while_it_is_read_is_noticed(audio_files: ModuleType, tmp_path: Path) -> None:
    path = audio_files.write_sound(tmp_path / "song.wav", audio_files.noise(5))
    other = audio_files.write_sound(tmp_path / "other.wav", audio_files.noise(5, seed=1))
    with pytest.raises(AudioChanged, match=r"song\.wav was replaced"):
        read(path, monitor=Watcher(at_check=5, then=lambda: other.replace(path)))


def test_what_looks_broken_because_a_newer_bounce_is_being_written_is_a_replacement(
    audio_files: ModuleType, tmp_path: Path
) -> None:
    path = audio_files.write_sound(tmp_path / "song.flac", audio_files.noise(5))
    half = path.read_bytes()[: path.stat().st_size // 2]
    with pytest.raises(AudioChanged, match=r"song\.flac was replaced"):
        read(path, monitor=Watcher(at_check=2, then=lambda: path.write_bytes(half)))


def test_a_replacement_before_it_is_read_is_noticed(audio_files: ModuleType, tmp_path: Path) -> None:
    path = audio_files.write_sound(tmp_path / "song.wav", audio_files.noise(1))
    limits = AudioLimits(max_minutes=1)
    with pytest.raises(AudioChanged, match=r"song\.wav was replaced"):
        file_to_audio(path, fingerprint="0" * 64, channels=2, limits=limits, monitor=Unwatched())


def test_a_file_that_was_only_touched_is_the_same(audio_files: ModuleType, tmp_path: Path) -> None:
    path = audio_files.write_sound(tmp_path / "song.wav", audio_files.noise(5))
    audio = read(path, monitor=Watcher(at_check=5, then=lambda: os.utime(path, (1, 1))))
    assert audio.duration_s == 5


def test_a_file_that_is_deleted_while_it_is_read_is_missing(audio_files: ModuleType, tmp_path: Path) -> None:
    path = audio_files.write_sound(tmp_path / "song.wav", audio_files.noise(5))
    with pytest.raises(AudioMissing):
        read(path, monitor=Watcher(at_check=5, then=path.unlink))


def test_it_can_be_cancelled_between_blocks(audio_files: ModuleType, tmp_path: Path) -> None:
    path = audio_files.write_sound(tmp_path / "song.wav", audio_files.noise(5))
    watcher = Watcher(at_check=5, then=cancel)
    with pytest.raises(Cancelled):
        read(path, monitor=watcher)
    assert max(watcher.fractions) < 0.5


def test_progress_rises_to_one(audio_files: ModuleType, tmp_path: Path) -> None:
    watcher = Watcher()
    read(
        audio_files.write_sound(tmp_path / "song.wav", audio_files.noise(5, sample_rate_hz=48_000), sample_rate_hz=48_000),
        monitor=watcher,
    )
    assert watcher.fractions == sorted(watcher.fractions)
    assert len(watcher.fractions) > 10
    assert watcher.fractions[-1] == 1.0


def test_memory_stays_near_the_size_of_the_result(audio_files: ModuleType, tmp_path: Path) -> None:
    samples = audio_files.noise(60, sample_rate_hz=48_000, channels=2)
    path = audio_files.write_sound(tmp_path / "song.wav", samples, sample_rate_hz=48_000, subtype="PCM_24")
    content = hashlib.sha256(path.read_bytes()).hexdigest()
    tracemalloc.start()
    try:
        audio = file_to_audio(path, fingerprint=content, channels=2, limits=AudioLimits(max_minutes=2), monitor=Unwatched())
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 1.25 * audio.samples.nbytes


def test_the_tempo_that_the_file_states_goes_along(audio_files: ModuleType, tmp_path: Path) -> None:
    audio = read(audio_files.write_sound(tmp_path / "loop_128bpm.wav", audio_files.noise(1)))
    assert (audio.host_bpm, audio.host_bpm_source) == (128.0, "the file name")
    audio = read(audio_files.write_sound(tmp_path / "loop.wav", audio_files.noise(1)))
    assert (audio.host_bpm, audio.host_bpm_source) == (None, None)


def test_the_drums_of_a_loop_are_where_they_were_put(audio_files: ModuleType, tmp_path: Path) -> None:
    loop = audio_files.drum_loop(tempo_bpm=95.5, bars=2, start_s=0.1)
    audio = read(audio_files.write_sound(tmp_path / "loop.wav", loop.samples))
    kicks_s = [stroke.time_s for stroke in loop.strokes if stroke.instrument == "kick"]
    assert len(kicks_s) == 4
    for time_s in kicks_s:
        at = math.floor(time_s * ANALYSIS_RATE_HZ)
        assert np.abs(audio.samples[0, at : at + 400]).max() > 3 * np.abs(audio.samples[0, at - 400 : at - 2]).max()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_name_that_is_not_text_is_read_all_the_same(audio_files: ModuleType, tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.wav"))
    audio_files.write_sound(tmp_path / "song.wav", audio_files.noise(1)).rename(path)
    assert read(path).duration_s == 1.0
