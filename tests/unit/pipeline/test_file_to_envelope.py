from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from backbeat.errors import AudioChanged, AudioMissing, AudioUnreadable, Cancelled
from backbeat.intake.fingerprint import fingerprint
from backbeat.monitor import Monitor, Unwatched
from backbeat.outputs.picture.envelope import Envelope
from backbeat.pipeline.file_to_envelope import Points, file_to_envelope
from backbeat.values import Stage

RATE_HZ = 8000


def write(path: Path, samples: np.ndarray) -> Path:
    soundfile.write(path, samples, RATE_HZ, format="WAV", subtype="FLOAT")
    return path


def envelope_of(path: Path, *, start_s: float = 0.0, end_s: float, step_s: float, monitor: Monitor | None = None) -> Envelope:
    return file_to_envelope(
        path,
        fingerprint=fingerprint(path, Unwatched()),
        start_s=start_s,
        end_s=end_s,
        step_s=step_s,
        monitor=monitor or Unwatched(),
    )


def test_each_point_has_the_lowest_and_the_highest_sample_of_its_stretch(tmp_path: Path) -> None:
    samples = np.zeros(RATE_HZ * 30, np.float32)
    samples[RATE_HZ * 12 + 17] = 0.5
    samples[RATE_HZ * 20 - 1] = -0.25
    envelope = envelope_of(write(tmp_path / "a.wav", samples), end_s=30.0, step_s=1.0)
    assert len(envelope.low) == len(envelope.high) == 30
    assert np.flatnonzero(envelope.high).tolist() == [12]
    assert np.flatnonzero(envelope.low).tolist() == [19]
    assert (envelope.high[12], envelope.low[19], envelope.peak) == (0.5, -0.25, 0.5)


def test_both_channels_are_seen_even_where_they_cancel_each_other(tmp_path: Path) -> None:
    left = np.full(RATE_HZ, 0.5, np.float32)
    envelope = envelope_of(write(tmp_path / "a.wav", np.column_stack((left, -left))), end_s=1.0, step_s=0.1)
    assert set(envelope.high) == {0.5}
    assert set(envelope.low) == {-0.5}


def test_a_stretch_begins_and_ends_where_it_should(tmp_path: Path) -> None:
    ramp = np.arange(RATE_HZ * 10, dtype=np.float32) / (RATE_HZ * 10)
    envelope = envelope_of(write(tmp_path / "a.wav", ramp), start_s=3.0, end_s=5.0, step_s=0.5)
    assert envelope.high == pytest.approx([0.35, 0.40, 0.45, 0.50], abs=1e-4)


def test_where_the_recording_has_ended_the_outline_is_flat(tmp_path: Path) -> None:
    envelope = envelope_of(write(tmp_path / "a.wav", np.full(RATE_HZ, 0.5, np.float32)), end_s=3.0, step_s=1.0)
    assert envelope.high.tolist() == [0.5, 0.0, 0.0]


def test_what_is_not_a_number_counts_as_silence(tmp_path: Path) -> None:
    samples = np.array([np.nan, np.inf, -np.inf, 0.25] * 100, np.float32)
    envelope = envelope_of(write(tmp_path / "a.wav", samples), end_s=400 / RATE_HZ, step_s=0.01)
    assert (envelope.low.min(), envelope.peak) == (0.0, 0.25)


def test_silence_has_no_peak(tmp_path: Path) -> None:
    assert envelope_of(write(tmp_path / "a.wav", np.zeros(100, np.float32)), end_s=1.0, step_s=0.1).peak == 0.0


def test_another_recording_under_the_same_name_is_not_drawn(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", np.zeros(100, np.float32))
    with pytest.raises(AudioChanged, match=r"a\.wav is not the same recording any more"):
        file_to_envelope(path, fingerprint="0" * 64, start_s=0.0, end_s=1.0, step_s=0.1, monitor=Unwatched())


def test_a_recording_that_is_gone_or_no_audio_is_told(tmp_path: Path) -> None:
    with pytest.raises(AudioMissing):
        file_to_envelope(tmp_path / "gone.wav", fingerprint="", start_s=0.0, end_s=1.0, step_s=0.1, monitor=Unwatched())
    (tmp_path / "text.wav").write_text("no sound in here, just some words that go on for a while")
    with pytest.raises(AudioUnreadable):
        envelope_of(tmp_path / "text.wav", end_s=1.0, step_s=0.1)


def test_it_can_be_cancelled_between_blocks(tmp_path: Path) -> None:
    class Impatient:
        """Cancels at the fourth question."""

        asked = 0

        def progress(self, stage: Stage, fraction: float) -> None:
            pass

        def check(self) -> None:
            self.asked += 1
            if self.asked == 4:
                raise Cancelled("stopped")

    path = write(tmp_path / "a.wav", np.zeros(RATE_HZ * 60, np.float32))
    with pytest.raises(Cancelled):
        envelope_of(path, end_s=60.0, step_s=0.1, monitor=Impatient())


def test_the_memory_it_takes_does_not_grow_with_the_recording(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", np.zeros(RATE_HZ * 600, np.float32))
    whole_bytes, kept = 4 * RATE_HZ * 600, fingerprint(path, Unwatched())
    tracemalloc.start()
    try:
        file_to_envelope(path, fingerprint=kept, start_s=0.0, end_s=600.0, step_s=0.025, monitor=Unwatched())
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < whole_bytes / 4


@given(
    samples=st.lists(st.floats(-1.0, 1.0, width=32), min_size=1, max_size=200),
    cuts=st.lists(st.integers(1, 50), max_size=20),
    start=st.integers(0, 100),
    length=st.integers(1, 150),
    step_s=st.floats(1.0, 40.0),
)
def test_however_the_sound_is_cut_into_blocks_the_outline_is_that_of_the_whole(
    samples: list[float], cuts: list[int], start: int, length: int, step_s: float
) -> None:
    sound = np.array(samples, np.float32)[:, None]
    points = Points(start_s=start, end_s=start + length, step_s=step_s, sample_rate_hz=1)
    at = 0
    for cut in [*cuts, len(sound)]:
        if len(sound[at : at + cut]):
            points.take(sound[at : at + cut])
        at += cut
    for n, (first, end) in enumerate(zip(points.edges[:-1], points.edges[1:], strict=True)):
        part = sound[first:end]
        assert points.high[n] == max(part.max(initial=0.0), 0.0)
        assert points.low[n] == min(part.min(initial=0.0), 0.0)
    assert (points.edges[0], points.edges[-1]) == (start, start + length)
