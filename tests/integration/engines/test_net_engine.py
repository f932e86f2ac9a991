"""The engine `net` with the weights in the package, on real recordings and on sounds with known answers."""

from __future__ import annotations

import time
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import soxr

from backbeat.engines.net.engine import NetEngine, open_engine
from backbeat.engines.net.weights import BUILT_IN, NETWORK
from backbeat.engines.protocols import EngineOptions
from backbeat.engines.registry import open_hit_engine
from backbeat.monitor import Unwatched
from backbeat.records import DrumStem, FloatArray, Hits
from backbeat.training.evaluation.recordings import NO_BEATS, evaluate, read_stem
from backbeat.values import Instrument, StemOrigin


class NoModels:
    """`ModelFiles` for an engine that needs none."""

    def path(self, name: str) -> Path:
        raise AssertionError(f"asked for {name}")

    folder = path
    net_weights = None


@pytest.fixture(scope="module")
def engine() -> NetEngine:
    return open_engine(EngineOptions(), NoModels())


@pytest.fixture(scope="module")
def rock(shared: Path) -> DrumStem:
    return read_stem(shared / "eval" / "dev" / "drum" / "Rock.flac")


def hear(engine: NetEngine, samples: FloatArray, rate_hz: int = 44_100) -> Hits:
    stem = DrumStem(samples=samples, sample_rate_hz=rate_hz, origin=StemOrigin.GIVEN, reason="test")
    return engine.hits(stem, NO_BEATS, Unwatched())


def same_hits(ours: Hits, theirs: Hits, *, within_s: float) -> bool:
    return ours.instruments == theirs.instruments and bool(np.allclose(ours.time_s, theirs.time_s, atol=within_s))


def test_the_registry_opens_it_without_a_model_file() -> None:
    found = open_hit_engine("net", EngineOptions(), NoModels())
    assert found.name == "net"
    assert found.instruments == frozenset(Instrument)


def test_it_is_there_at_once() -> None:
    started = time.perf_counter()
    open_engine(EngineOptions(), NoModels())
    assert time.perf_counter() - started < 2.0  # 0.03 s on an idle computer


def test_the_weights_are_small() -> None:
    assert (BUILT_IN / NETWORK).stat().st_size < 5_000_000


def test_it_hears_drum_stems(engine: NetEngine, shared: Path) -> None:
    dev = shared / "eval" / "dev"
    evaluation = evaluate(engine, dev / "drum", dev / "ref")
    assert evaluation.f_measure > 0.93


def test_it_hears_full_mixes(engine: NetEngine, shared: Path) -> None:
    dev = shared / "eval" / "dev"
    evaluation = evaluate(engine, dev / "mix", dev / "ref")
    assert evaluation.f_measure > 0.84


@pytest.mark.parametrize("gain_db", [-30, -6, 12])
def test_the_level_of_a_bounce_changes_no_hit(engine: NetEngine, rock: DrumStem, gain_db: float) -> None:
    quieter = rock.samples * np.float32(10 ** (gain_db / 20))
    assert same_hits(hear(engine, quieter), hear(engine, rock.samples), within_s=1e-3)


def test_an_offset_changes_no_hit(engine: NetEngine, rock: DrumStem) -> None:
    assert same_hits(hear(engine, rock.samples + np.float32(0.1)), hear(engine, rock.samples), within_s=1e-3)


@pytest.mark.parametrize("rate_hz", [22_050, 48_000, 96_000])
def test_the_sample_rate_changes_little(engine: NetEngine, rock: DrumStem, rate_hz: int) -> None:
    """At 22.05 kHz the upper octave is gone: a few hats may go with it."""
    expected = hear(engine, rock.samples)
    hits = hear(engine, soxr.resample(rock.samples, rock.sample_rate_hz, rate_hz), rate_hz)
    assert len(hits) == pytest.approx(len(expected), rel=0.15 if rate_hz < 44_100 else 0.03)


def test_silence_and_faint_noise_give_no_hits(engine: NetEngine) -> None:
    dither = np.random.default_rng(0).normal(0, 1.5e-5, 10 * 44_100).astype(np.float32)
    assert not len(hear(engine, np.zeros(10 * 44_100, np.float32)))
    assert not len(hear(engine, dither))


def test_a_drum_machine_is_transcribed_stroke_by_stroke(engine: NetEngine, audio_files: ModuleType) -> None:
    loop = audio_files.drum_loop()
    hits = hear(engine, loop.samples)
    assert {Instrument.KICK, Instrument.SNARE} <= set(hits.instruments)
    assert (hits.velocity >= 1).all()
    assert (hits.velocity <= 127).all()


def test_it_is_far_faster_than_playing(engine: NetEngine, rock: DrumStem) -> None:
    stem = np.tile(rock.samples, 1 + int(60 * 44_100 / len(rock.samples)))
    started = time.perf_counter()
    hear(engine, stem)
    assert len(stem) / 44_100 / (time.perf_counter() - started) > 20  # more than 150 on two idle cores
