from __future__ import annotations

import numpy as np
import pytest

from backbeat.engines.annoteator.outputs import CRASH, HIHAT, KICK, SNARE
from backbeat.engines.annoteator.seed import listen_as_seed
from backbeat.monitor import Unwatched

RATE_HZ = 44_100


def listen(samples, tempo_bpm, network):
    return listen_as_seed(samples, tempo_bpm, network, Unwatched(), lambda _: None)


@pytest.fixture
def loop(make_loop):
    return make_loop(bars=2, start_s=0.1).samples


def always(*probabilities):
    return lambda mel: np.tile(np.array(probabilities, dtype=np.float32), (len(mel), 1))


def test_the_hop_is_1024_up_to_110_bpm_and_512_above(loop, band_network):
    slow = listen(loop, 110.0, band_network).onset_samples
    fast = listen(loop, 110.1, band_network).onset_samples
    assert (slow % 1024 == 0).all()
    assert (fast % 512 == 0).all()
    assert (fast % 1024 != 0).any()


def test_the_slow_hops_detector_loses_strokes_that_the_fast_one_has(band_network):
    samples = np.zeros(2 * RATE_HZ, dtype=np.float32)
    for first in range(4_410, len(samples) - 2_000, round(0.06 * RATE_HZ)):  # 60 ms apart: within what it takes for 30 ms
        samples[first : first + 300] = 0.5 * np.exp(-np.arange(300) / 60.0)
    assert len(listen(samples, 100.0, band_network).onset_samples) < 0.8 * len(listen(samples, 120.0, band_network).onset_samples)


@pytest.mark.parametrize("tempo_bpm", [60.0, 93.75, 110.0, 180.0])
def test_clips_are_stretched_to_18_frames_at_any_tempo(tempo_bpm, loop, band_network):
    listen(loop, tempo_bpm, band_network)
    assert {shape[1:] for shape in band_network.shapes} == {(128, 18, 1)}


def test_every_output_that_rounds_to_one_is_a_hit_with_its_probability(loop):
    heard = listen(loop, 120.0, always(0.8, 0.2, 0.51, 0.3, 0.1, 0.1))
    assert heard.struck[:, [SNARE, KICK]].all()
    assert heard.struck.sum(axis=1).max() == 2
    np.testing.assert_allclose(heard.confidence[0, [SNARE, KICK]], [0.8, 0.51], atol=1e-6)


def test_the_highest_output_is_taken_where_all_round_to_zero(loop):
    heard = listen(loop, 120.0, always(0.1, 0.3, 0.2, 0.1, 0.1, 0.45))
    assert heard.struck[:, CRASH].all()
    assert heard.struck.sum(axis=1).max() == 1


def test_one_half_rounds_down_as_upstream_rounds(loop):
    heard = listen(loop, 120.0, always(0.5, 0.9, 0.1, 0.1, 0.1, 0.1))
    assert heard.struck[:, HIHAT].all()
    assert not heard.struck[:, SNARE].any()


def test_an_onset_without_room_for_its_padding_does_not_end_the_program_as_upstream(band_network):
    samples = np.zeros(RATE_HZ, dtype=np.float32)
    samples[600:1200] = 0.5 * np.exp(-np.arange(600) / 100.0)
    heard = listen(samples, 40.0, band_network)
    assert heard.onset_samples[0] < 60.0 / 40.0 / 32 * RATE_HZ
    assert band_network.asked == len(heard.onset_samples)
