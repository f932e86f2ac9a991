"""The demo's loop: known strokes, and sound where they are."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from backbeat.demo_loop import BARS, LEAD_IN_S, TEMPO_BPM, demo_audio, demo_strokes
from backbeat.values import Instrument

BAR_S = 4 * 60 / TEMPO_BPM


def test_the_loop_has_kick_snare_both_hats_three_toms_and_crashes() -> None:
    counts = Counter(stroke.instrument for stroke in demo_strokes())
    assert set(counts) == {
        Instrument.KICK,
        Instrument.SNARE,
        Instrument.HIHAT_CLOSED,
        Instrument.HIHAT_OPEN,
        Instrument.TOM_HIGH,
        Instrument.TOM_MID,
        Instrument.TOM_LOW,
        Instrument.CRASH,
    }
    assert counts[Instrument.KICK] == 7 * 3 + 2
    assert counts[Instrument.SNARE] == 7 * 2 + 1 + 2
    assert counts[Instrument.CRASH] == 2


def test_strokes_are_sorted_lie_in_the_loop_and_no_drum_is_struck_twice_at_once() -> None:
    strokes = demo_strokes()
    times = [stroke.time_s for stroke in strokes]
    assert times == sorted(times)
    assert times[0] == LEAD_IN_S
    assert times[-1] < LEAD_IN_S + BARS * BAR_S
    assert len({(stroke.time_s, stroke.instrument) for stroke in strokes}) == len(strokes)


def test_the_sound_is_finite_does_not_clip_and_is_the_same_every_time() -> None:
    samples, rate_hz = demo_audio()
    assert samples.dtype == np.float32
    assert samples.shape == (round((LEAD_IN_S + BARS * BAR_S + 1.0) * rate_hz),)
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() == pytest.approx(0.89, abs=1e-3)
    assert np.array_equal(samples, demo_audio()[0])


def test_every_stroke_that_no_crash_covers_has_a_sharper_edge_than_what_rings_before_it() -> None:
    samples, rate_hz = demo_audio()
    crashes = [stroke.time_s for stroke in demo_strokes() if stroke.instrument is Instrument.CRASH]
    uncovered = {s.time_s for s in demo_strokes() if not any(crash < s.time_s < crash + 1 for crash in crashes)}
    assert len(uncovered) > 60
    for time_s in uncovered:
        at = round(time_s * rate_hz)
        before, after = samples[max(at - 220, 0) : at], samples[at : at + 220]
        edge_before, edge_after = (np.abs(np.diff(part, prepend=part[:1])).max(initial=0.0) for part in (before, after))
        assert edge_after > 1.2 * edge_before, time_s
