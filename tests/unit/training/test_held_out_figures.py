"""Figures on rendered segments, from a network that answers with what was played."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy")

from backbeat.engines.net.features import BANDS
from backbeat.engines.net.picking import Activations, PickSettings
from backbeat.engines.net.vocabulary import COLUMN, INSTRUMENTS
from backbeat.errors import ConfigError
from backbeat.records import FloatArray
from backbeat.training.evaluation.heard import of_instrument, over_recordings
from backbeat.training.evaluation.held_out import figures_of, hear_folder, hear_held_out
from backbeat.training.segments.pool import SegmentPool
from backbeat.training.segments.targets import hits_to_targets
from backbeat.values import Instrument

PICKING = PickSettings(
    clear=dict.fromkeys(INSTRUMENTS, 0.4),
    dense=dict.fromkeys(INSTRUMENTS, 0.4),
    joining=0.6,
    calibration=dict.fromkeys(INSTRUMENTS, (1.0, 0.0)),
)


@pytest.fixture
def pool(tmp_path: Path) -> SegmentPool:
    """One segment: snares of rising velocity, one ride. Its "features" are the targets themselves."""
    hits = [(0.2 * k, Instrument.SNARE, 20 * k) for k in range(1, 6)] + [(0.303, Instrument.RIDE, 64)]
    onsets, velocities = hits_to_targets(hits, 150)
    np.savez(
        tmp_path / "0.npz",
        F=np.pad(np.concatenate([onsets, velocities], axis=1), ((0, 0), (0, BANDS - 2 * len(INSTRUMENTS))))[None],
        Y=onsets[None],
        V=velocities[None],
    )
    return SegmentPool(tmp_path, seed=0)


def exact(features: FloatArray) -> Activations:
    return Activations(
        instruments=features[:, : len(INSTRUMENTS)], velocities=features[:, len(INSTRUMENTS) : 2 * len(INSTRUMENTS)]
    )


def late_and_soft(features: FloatArray) -> Activations:
    return Activations(
        instruments=np.roll(features[:, : len(INSTRUMENTS)], 1, axis=0),
        velocities=np.roll(features[:, len(INSTRUMENTS) : 2 * len(INSTRUMENTS)], 1, axis=0) / 2,
    )


def test_an_exact_network_has_no_errors(pool: SegmentPool) -> None:
    snare = hear_held_out(exact, PICKING, pool)[INSTRUMENTS.index(Instrument.SNARE)]
    assert snare.counts.f_measure == 1.0
    assert snare.counts.expected == 5
    assert snare.time_error_ms == pytest.approx((0.0, 0.0), abs=0.1)
    assert snare.velocity_correlation == pytest.approx(1.0, abs=1e-3)
    assert snare.velocity_error < 1


def test_lateness_and_softness_are_measured(pool: SegmentPool) -> None:
    snare = hear_held_out(late_and_soft, PICKING, pool)[INSTRUMENTS.index(Instrument.SNARE)]
    assert snare.counts.f_measure == 1.0
    assert snare.lag_ms == pytest.approx(10.0, abs=0.5)
    assert snare.time_error_ms[0] == pytest.approx(10.0, abs=0.5)
    assert snare.velocity_error == pytest.approx(30, abs=1)


def test_what_was_never_played_has_no_figures(pool: SegmentPool) -> None:
    china = hear_held_out(exact, PICKING, pool)[INSTRUMENTS.index(Instrument.CHINA)]
    assert china.counts.expected == 0
    assert np.isnan(china.velocity_error)


def write_segments(path: Path, strokes: list[list[tuple[float, Instrument, int]]]) -> None:
    """A file as `segments.files` writes it, whose "features" are the targets themselves."""
    targets = [np.concatenate(hits_to_targets(hits, 150), axis=1) for hits in strokes]
    rows = [(k, time_s, COLUMN[i], velocity) for k, hits in enumerate(strokes) for time_s, i, velocity in hits]
    np.savez(
        path,
        F=np.pad(np.stack(targets), ((0, 0), (0, 0), (0, BANDS - 2 * len(INSTRUMENTS)))),
        strokes=np.array(rows, np.float32).reshape(-1, 4),
    )


def test_a_folder_is_heard_with_the_strokes_as_they_were_played(tmp_path: Path) -> None:
    """Strokes 24 ms apart are two, though the targets cannot tell them apart; segments of one drawn kit are one recording."""
    flam = [(0.5, Instrument.SNARE, 40), (0.524, Instrument.SNARE, 100)]
    write_segments(tmp_path / "00000.npz", [flam, [(0.3, Instrument.KICK, 90)], *([[]] * 5)])
    write_segments(tmp_path / "00001.npz", [[(0.7, Instrument.KICK, 90)]])
    segments = hear_folder(exact, PICKING, tmp_path)
    assert [segment.recording for segment in segments] == ["00000, kit 0"] * 6 + ["00000, kit 1", "00001, kit 0"]
    assert figures_of(segments, Instrument.SNARE).counts.expected == 2
    assert over_recordings(segments, [of_instrument(Instrument.KICK)]).total.f_measure == 1.0
    assert segments[1].families["kick"] == pytest.approx([0.3])
    assert segments[1].duration_s == 1.5


def test_a_folder_without_segments_is_said_to_be_empty(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no held-out segments"):
        hear_folder(exact, PICKING, tmp_path)
