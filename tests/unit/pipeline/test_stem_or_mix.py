from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from backbeat.errors import Cancelled
from backbeat.monitor import Unwatched
from backbeat.pipeline.stem_or_mix import stem_or_mix
from backbeat.records import Audio, FloatArray

RATE_HZ = 44_100


def audio_of(samples: FloatArray, rate_hz: int = RATE_HZ) -> Audio:
    samples = np.atleast_2d(samples).astype(np.float32)
    return Audio(samples=samples, sample_rate_hz=rate_hz, path=Path("song.wav"), fingerprint="0" * 64)


def drum_loop(duration_s: float, rate_hz: int = RATE_HZ) -> FloatArray:
    """Kick, snare and hats at 100 BPM."""
    rng = np.random.default_rng(1)
    out = np.zeros(round(duration_s * rate_hz))
    t = np.arange(round(0.3 * rate_hz)) / rate_hz
    kick = np.sin(2 * np.pi * (55 * t + 6 * (1 - np.exp(-t / 0.02)))) * np.exp(-t / 0.09)
    snare = (0.6 * rng.standard_normal(len(t)) + 0.5 * np.sin(2 * np.pi * 190 * t)) * np.exp(-t / 0.06)
    hat = np.diff(rng.standard_normal(len(t) + 1)) * 0.2 * np.exp(-t / 0.03)
    for eighth in range(round(duration_s / 0.3)):
        for hit, played in ((hat, True), (kick, eighth % 4 == 0), (snare, eighth % 4 == 2)):
            start = round(eighth * 0.3 * rate_hz)
            if played:
                out[start : start + len(hit)] += hit[: len(out) - start]
    return (out / np.abs(out).max()).astype(np.float32)


def chords(duration_s: float, rate_hz: int = RATE_HZ) -> FloatArray:
    """A triad with overtones and its bass, another one every 1.2 seconds."""
    t = np.arange(round(duration_s * rate_hz)) / rate_hz
    out = np.zeros(len(t))
    for number in range(round(duration_s / 1.2) + 1):
        now = (t >= number * 1.2) & (t < (number + 1) * 1.2)
        root_hz = 110 * 2 ** ((0, 5, 7, 3)[number % 4] / 12)
        for ratio in (0.5, 1, 5 / 4, 3 / 2):
            for overtone in (1, 2, 3):
                out[now] += np.sin(2 * np.pi * root_hz * ratio * overtone * t[now]) / overtone
    return (out / np.abs(out).max()).astype(np.float32)


def test_drums_alone_are_a_stem_and_the_reason_has_numbers():
    decision = stem_or_mix(audio_of(drum_loop(12)), Unwatched())
    assert not decision.is_mix
    assert re.search(r"drum stem.* -\d+ dB .* \d+% .*score -\d", decision.reason)


def test_drums_with_chords_and_bass_are_a_mix_and_the_reason_has_numbers():
    decision = stem_or_mix(audio_of(drum_loop(12) + 0.5 * chords(12)), Unwatched())
    assert decision.is_mix
    assert re.search(r"a mix.* -\d+ dB .* \d+% .*score \+\d", decision.reason)


def test_music_without_drums_is_not_a_stem():
    assert stem_or_mix(audio_of(chords(12)), Unwatched()).is_mix


def test_noise_is_not_taken_for_music():
    noise = np.random.default_rng(2).standard_normal(RATE_HZ * 12).astype(np.float32)
    assert not stem_or_mix(audio_of(0.1 * noise), Unwatched()).is_mix


@pytest.mark.parametrize("gain", [1e-4, 1.0, 30.0])
def test_the_level_does_not_matter(gain: float):
    reference = stem_or_mix(audio_of(drum_loop(12)), Unwatched())
    assert stem_or_mix(audio_of(gain * drum_loop(12)), Unwatched()).score == pytest.approx(reference.score, abs=0.01)


@pytest.mark.parametrize("rate_hz", [8_000, 48_000, 96_000])
def test_the_sample_rate_does_not_matter(rate_hz: int):
    assert not stem_or_mix(audio_of(drum_loop(12, rate_hz), rate_hz), Unwatched()).is_mix
    mix = drum_loop(12, rate_hz) + 0.5 * chords(12, rate_hz)
    assert stem_or_mix(audio_of(mix, rate_hz), Unwatched()).is_mix


@pytest.mark.parametrize("seconds", [0.0, 0.05, 1.9])
def test_what_is_too_short_is_taken_as_drums(seconds: float):
    decision = stem_or_mix(audio_of(np.ones(round(seconds * RATE_HZ))), Unwatched())
    assert not decision.is_mix
    assert "too short" in decision.reason


def test_silence_is_taken_as_drums():
    decision = stem_or_mix(audio_of(np.zeros(5 * RATE_HZ)), Unwatched())
    assert not decision.is_mix
    assert "silent" in decision.reason


def test_long_silence_around_the_music_does_not_matter():
    silence = np.zeros(40 * RATE_HZ)
    assert stem_or_mix(audio_of(np.r_[silence, drum_loop(30) + 0.5 * chords(30)]), Unwatched()).is_mix
    assert not stem_or_mix(audio_of(np.r_[silence, drum_loop(30)]), Unwatched()).is_mix


def test_it_listens_to_excerpts_only_and_can_be_cancelled_between_them():
    class Impatient(Unwatched):
        calls = 0

        def check(self) -> None:
            self.calls += 1
            if self.calls == 3:
                raise Cancelled("no more")

    patient = Impatient()
    patient.calls = 10
    stem_or_mix(audio_of(np.tile(drum_loop(30), 20)), patient)
    assert patient.calls == 16
    with pytest.raises(Cancelled):
        stem_or_mix(audio_of(np.tile(drum_loop(30), 20)), Impatient())
