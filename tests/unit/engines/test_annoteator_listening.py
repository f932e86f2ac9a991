from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from backbeat.engines.annoteator.engine import SILENCE_PEAK, AnnoteatorEngine
from backbeat.engines.annoteator.outputs import CRASH, HIHAT, OUTPUTS, RIDE
from backbeat.engines.annoteator.tuned import BATCH_ONSETS, listen_tuned
from backbeat.engines.annoteator.views import CLIPS_PER_ONSET
from backbeat.errors import Cancelled
from backbeat.monitor import Unwatched
from backbeat.values import ANALYSIS_RATE_HZ, Compat, Instrument

RATE_HZ = ANALYSIS_RATE_HZ


def engine(network, compat=Compat.TUNED):
    return AnnoteatorEngine(network, "fake", compat)


def times_by_instrument(hits):
    found = defaultdict(list)
    for hit in hits:
        found[hit.instrument].append(hit.time_s)
    return found


@pytest.fixture
def loop(make_loop):
    return make_loop(bars=2, start_s=0.1)


@pytest.mark.parametrize("compat", Compat)
def test_a_loop_gives_its_onsets_with_velocities_and_confidences(compat, loop, band_network, make_stem, make_grid):
    hits = engine(band_network, compat).hits(make_stem(loop.samples), make_grid(120.0), Unwatched())
    played_s = np.unique([stroke.time_s for stroke in loop.strokes])
    found_s = np.unique(hits.time_s)
    assert len(found_s) == len(played_s)
    assert np.abs(found_s - played_s).max() < (0.006 if compat is Compat.TUNED else 0.03)
    assert set(hits.instruments) <= set(OUTPUTS)
    assert 1 <= hits.velocity.min() <= hits.velocity.max() <= 127
    assert 0 <= hits.confidence.min() <= hits.confidence.max() <= 1
    assert hits.engine == "annoteator"


def test_tuned_hears_the_hat_under_the_kick(loop, band_network, make_stem, make_grid):
    hits = engine(band_network).hits(make_stem(loop.samples), make_grid(120.0), Unwatched())
    found = times_by_instrument(hits)
    for instrument in (Instrument.KICK, Instrument.HIHAT_CLOSED):
        played_s = [stroke.time_s for stroke in loop.strokes if stroke.instrument is instrument]
        assert all(min(abs(np.array(found[instrument]) - time_s)) < 0.006 for time_s in played_s)


def test_tuned_gives_the_same_hits_for_a_bounce_at_minus_30_dbfs(loop, band_network, make_stem, make_grid):
    loud = engine(band_network).hits(make_stem(loop.samples), make_grid(120.0), Unwatched())
    quiet = engine(band_network).hits(make_stem(loop.samples * np.float32(10 ** (-30 / 20))), make_grid(120.0), Unwatched())
    assert quiet.instruments == loud.instruments
    np.testing.assert_array_equal(quiet.time_s, loud.time_s)
    np.testing.assert_array_equal(quiet.velocity, loud.velocity)


@pytest.mark.parametrize("compat", Compat)
@pytest.mark.parametrize("peak", [0.0, 1e-5, 0.9 * SILENCE_PEAK])
def test_silence_and_hiss_give_no_hits_and_say_so(compat, peak, band_network, make_stem, make_grid):
    hiss = np.random.default_rng(0).uniform(-peak, peak, 2 * RATE_HZ).astype(np.float32)
    hits = engine(band_network, compat).hits(make_stem(hiss), make_grid(120.0), Unwatched())
    assert len(hits) == 0
    assert hits.warnings
    assert band_network.asked == 0


@pytest.mark.parametrize("compat", Compat)
@pytest.mark.parametrize("samples", [0, 1, 500, 2_205])
def test_very_short_recordings_are_no_problem(compat, samples, band_network, make_stem, make_grid):
    click = np.zeros(samples, dtype=np.float32)
    click[:400] = 0.5 * np.exp(-np.arange(min(samples, 400)) / 50.0)
    hits = engine(band_network, compat).hits(make_stem(click), make_grid(120.0), Unwatched())
    assert (hits.time_s <= samples / RATE_HZ).all()


@pytest.mark.parametrize("rate_hz", [8_000, 48_000, 192_000])
def test_other_sampling_rates_are_brought_in(rate_hz, make_loop, band_network, make_stem, make_grid):
    loop = make_loop(bars=1, start_s=0.1, sample_rate_hz=rate_hz)
    hits = engine(band_network).hits(make_stem(loop.samples, rate_hz), make_grid(120.0), Unwatched())
    played_s = np.unique([stroke.time_s for stroke in loop.strokes])
    found_s = np.unique(hits.time_s)
    assert len(found_s) == len(played_s)
    assert np.abs(found_s - played_s).max() < 0.006


def test_tuned_asks_about_each_onset_through_every_view_in_bounded_batches(make_loop, band_network):
    loop = make_loop(bars=6, start_s=0.1)
    heard = listen_tuned(loop.samples, band_network, Unwatched(), lambda _: None)
    assert len(heard.onset_samples) == 48
    assert band_network.asked == 48 * CLIPS_PER_ONSET
    assert max(shape[0] for shape in band_network.shapes) == BATCH_ONSETS * CLIPS_PER_ONSET
    assert {shape[1:] for shape in band_network.shapes} == {(128, 18, 1)}


def constant_network(**answers):
    """Hears the same everywhere; what is not named is out of the question."""

    def network(mel):
        heard = np.full((len(mel), 6), 1e-4, dtype=np.float32)
        for name, probability in answers.items():
            heard[:, OUTPUTS.index(Instrument(name))] = probability
        return heard

    return network


def test_a_passage_on_the_ride_is_heard_as_ride_though_the_network_is_shy_of_it(make_loop):
    loop = make_loop(bars=1)
    heard = listen_tuned(loop.samples, constant_network(ride=0.3, hihat_closed=0.4), Unwatched(), lambda _: None)
    assert heard.struck[:, RIDE].any()
    assert not heard.struck[:, [HIHAT, CRASH]].any()


def test_a_passage_on_the_hat_has_no_ride_even_where_single_answers_waver(make_loop):
    loop = make_loop(bars=4)
    calls = 0

    def network(mel):
        nonlocal calls
        calls += 1
        answer = constant_network(hihat_closed=0.9)(mel)
        answer[: len(answer) // 8, RIDE] = 0.2
        return answer

    heard = listen_tuned(loop.samples, network, Unwatched(), lambda _: None)
    assert calls
    assert heard.struck[:, HIHAT].any()
    assert not heard.struck[:, RIDE].any()


@pytest.mark.parametrize("compat", Compat)
def test_an_onset_that_nothing_is_sure_of_goes_to_the_likeliest_drum(compat, loop, make_stem, make_grid):
    unsure = constant_network(kick=0.2, snare=0.1)
    hits = engine(unsure, compat).hits(make_stem(loop.samples), make_grid(120.0), Unwatched())
    assert Instrument.KICK in hits.instruments
    assert hits.confidence[[i is Instrument.KICK for i in hits.instruments]].max() < 0.5


@pytest.mark.parametrize("compat", Compat)
def test_work_stops_at_the_next_check_when_the_job_is_cancelled(compat, loop, band_network, make_stem, make_grid, watcher):
    counted = watcher()
    engine(band_network, compat).hits(make_stem(loop.samples), make_grid(120.0), counted)
    assert counted.checks >= 3
    for at in range(1, counted.checks + 1):
        with pytest.raises(Cancelled):
            engine(band_network, compat).hits(make_stem(loop.samples), make_grid(120.0), watcher(cancel_at=at))


@pytest.mark.parametrize("compat", Compat)
def test_progress_rises_from_nothing_to_one(compat, loop, band_network, make_stem, make_grid, watcher):
    watched = watcher()
    engine(band_network, compat).hits(make_stem(loop.samples), make_grid(120.0), watched)
    assert watched.fractions == sorted(watched.fractions)
    assert watched.fractions[0] == 0.0
    assert watched.fractions[-1] == 1.0


def test_version_tells_modes_and_networks_apart(band_network):
    versions = {AnnoteatorEngine(band_network, network, compat).version for network in ("a", "b") for compat in Compat}
    assert len(versions) == 4
