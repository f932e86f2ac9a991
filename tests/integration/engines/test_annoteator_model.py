from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile

from backbeat.engines.annoteator.engine import AnnoteatorEngine, open_engine
from backbeat.engines.annoteator.network import load_network
from backbeat.engines.protocols import EngineOptions
from backbeat.errors import ModelError
from backbeat.monitor import Unwatched
from backbeat.pipeline.stem_to_hits import stem_to_hits
from backbeat.records import BeatGrid, DrumStem, Hits
from backbeat.training.evaluation.recordings import NO_BEATS
from backbeat.values import Compat, Instrument, StemOrigin

CLASSES = {
    Instrument.KICK: "KD",
    Instrument.SNARE: "SD",
    Instrument.HIHAT_CLOSED: "HH",
    Instrument.TOM_HIGH: "TT",
    Instrument.RIDE: "CY",
    Instrument.CRASH: "CY",
}


class SharedModels:
    """Model files from the shared folder, in place of the resolver."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: str) -> Path:
        return self._folder / name / "complete_network.h5"

    def folder(self, name: str) -> Path:
        return self._folder / name


@pytest.fixture(scope="module")
def engines(shared) -> dict[Compat, AnnoteatorEngine]:
    models = SharedModels(shared / "models")
    return {compat: open_engine(EngineOptions(compat=compat), models) for compat in Compat}


@pytest.fixture(scope="module")
def scorer(shared):
    spec = spec_from_file_location("shared_score", shared / "eval" / "score.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read_stem(shared: Path, name: str) -> DrumStem:
    samples, rate_hz = soundfile.read(shared / "eval" / "dev" / "drum" / f"{name}.flac", dtype="float32")
    return DrumStem(samples=samples, sample_rate_hz=rate_hz, origin=StemOrigin.GIVEN, reason="test")


def louder(stem: DrumStem, gain_db: float) -> DrumStem:
    samples = stem.samples * np.float32(10 ** (gain_db / 20))
    return DrumStem(samples=samples, sample_rate_hz=stem.sample_rate_hz, origin=stem.origin, reason=stem.reason)


def grid(tempo_bpm: float = 120.0) -> BeatGrid:
    return replace(NO_BEATS, tempo_bpm=tempo_bpm)


def read_reference(shared: Path, name: str) -> dict[str, np.ndarray]:
    lines = (shared / "eval" / "dev" / "ref" / f"{name}.txt").read_text().split("\n")
    played = [line.split() for line in lines if line]
    return {c: np.unique([float(time_s) for time_s, label in played if label == c]) for c in set(CLASSES.values())}


def f_measure(scorer, shared: Path, answers: dict[str, Hits]) -> float:
    pairs = []
    for name, hits in answers.items():
        found = defaultdict(list)
        for hit in hits:
            found[CLASSES[hit.instrument]].append(hit.time_s)
        reference = read_reference(shared, name)
        pairs.append((name, reference, {c: np.unique(found[c]) for c in set(CLASSES.values())}))
    return float(scorer.score(pairs)["F"])


def test_tuned_hears_two_real_recordings(engines, scorer, shared):
    answers = {
        name: stem_to_hits(read_stem(shared, name), grid(), engines[Compat.TUNED], Unwatched()) for name in ("Rock", "Zeppelin")
    }
    assert f_measure(scorer, shared, answers) >= 0.8  # measured: 0.87


def test_seed_hears_a_real_recording_as_upstream_does(engines, scorer, shared):
    stem = read_stem(shared, "Rock")
    tempo_bpm = float(librosa.feature.tempo(y=stem.samples, sr=stem.sample_rate_hz, start_bpm=120)[0])
    hits = stem_to_hits(stem, grid(tempo_bpm), engines[Compat.SEED], Unwatched())
    upstream = scorer.read_midi(shared / "eval" / "peers" / "annoteator_stem" / "Rock.mid")
    ours = defaultdict(list)
    for hit in hits:
        ours[CLASSES[hit.instrument]].append(round(hit.time_s, 3))
    for name, times_s in upstream.items():
        np.testing.assert_allclose(np.unique(ours[name]), times_s, atol=0.002, err_msg=name)
    assert f_measure(scorer, shared, {"Rock": hits}) == pytest.approx(0.64, abs=0.01)  # upstream's own figure


def test_tuned_gives_the_same_hits_at_every_level(engines, shared):
    stem = read_stem(shared, "Rock")
    peak_db = 20 * np.log10(np.abs(stem.samples).max())
    answers = [
        stem_to_hits(louder(stem, level_db - peak_db), grid(), engines[Compat.TUNED], Unwatched()) for level_db in (0, -30)
    ]
    assert len(answers[0]) > 50
    assert answers[0].instruments == answers[1].instruments
    np.testing.assert_array_equal(answers[0].time_s, answers[1].time_s)
    np.testing.assert_array_equal(answers[0].velocity, answers[1].velocity)


def test_the_same_recording_gives_the_same_answer_twice(engines, audio_files):
    samples = audio_files.drum_loop(bars=2).samples
    stem = DrumStem(samples=samples, sample_rate_hz=44_100, origin=StemOrigin.GIVEN, reason="test")
    first, second = (stem_to_hits(stem, grid(), engines[Compat.TUNED], Unwatched()) for _ in range(2))
    assert first.instruments == second.instruments
    np.testing.assert_array_equal(first.confidence, second.confidence)


@pytest.mark.parametrize("compat", Compat)
def test_silence_gives_no_hits(compat, engines):
    stem = DrumStem(samples=np.zeros(88_200, dtype=np.float32), sample_rate_hz=44_100, origin=StemOrigin.GIVEN, reason="test")
    assert len(stem_to_hits(stem, grid(), engines[compat], Unwatched())) == 0


def test_loading_and_asking_print_nothing(engines, audio_files, capfd):
    samples = audio_files.drum_loop(bars=1).samples
    stem = DrumStem(samples=samples, sample_rate_hz=44_100, origin=StemOrigin.GIVEN, reason="test")
    stem_to_hits(stem, grid(), engines[Compat.TUNED], Unwatched())
    assert capfd.readouterr() == ("", "")


def test_the_version_names_the_model_file(engines):
    assert all(engine.version.endswith("03d46bdddeb8") for engine in engines.values())


def test_a_real_lambda_layer_is_refused_before_keras_sees_it(tmp_path):
    keras = pytest.importorskip("keras")
    model = keras.Sequential([keras.Input((128, 18, 1)), keras.layers.Lambda(lambda x: x), keras.layers.Flatten()])
    model.save(tmp_path / "lambda.h5")
    with pytest.raises(ModelError, match="Lambda"):
        load_network(tmp_path / "lambda.h5")


# Keras' TensorFlow variables lag behind NumPy 2; that is between the two.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_another_keras_model_is_refused_with_its_shape(tmp_path):
    keras = pytest.importorskip("keras")
    keras.Sequential([keras.Input((8,)), keras.layers.Dense(2)]).save(tmp_path / "other.h5")
    with pytest.raises(ModelError, match="not AnNOTEator's"):
        load_network(tmp_path / "other.h5")


def test_a_truncated_model_is_refused(tmp_path, shared):
    whole = (shared / "models" / "annoteator" / "complete_network.h5").read_bytes()
    (tmp_path / "half.h5").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match=r"damaged|cannot be loaded"):
        load_network(tmp_path / "half.h5")
