"""The network learns, remembers where it was, and is exported as it is. Needs torch (the extra `train`)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
torch.set_num_threads(1)  # the layers here are tiny

from backbeat.engines.net.features import BANDS  # noqa: E402
from backbeat.engines.net.vocabulary import COLUMN, FAMILIES, INSTRUMENTS  # noqa: E402
from backbeat.training.learner import spectrally_jittered  # noqa: E402
from backbeat.training.recogniser.export import ExportedNetwork, export, largest_difference  # noqa: E402
from backbeat.training.recogniser.network import SONG_STEP_FRAMES, DrumNetwork, NetworkShape, family_maxima  # noqa: E402
from backbeat.training.recogniser.trainer import Trainer, TrainSettings, load_average  # noqa: E402
from backbeat.training.segments.pool import SegmentPool  # noqa: E402
from backbeat.values import Instrument  # noqa: E402

SMALL = NetworkShape(frequency_channels=(4, 4), width=16, dilations=(1, 2))


def write_segments(path: Path, segments: int = 12) -> None:
    """Clicks in the upper bands at known frames: a snare each."""
    random = np.random.default_rng(5)
    features = random.random((segments, 120, BANDS)) * 0.2
    onsets = np.zeros((segments, 120, len(INSTRUMENTS)), np.float16)
    for segment in range(segments):
        for frame in random.choice(np.arange(10, 110, 10), 5, replace=False):
            features[segment, frame : frame + 4, 30:] += 1.5
            onsets[segment, frame, COLUMN[Instrument.SNARE]] = 1
            onsets[segment, [frame - 1, frame + 1], COLUMN[Instrument.SNARE]] = 0.5
    np.savez(path, F=features.astype(np.float16), Y=onsets, V=(onsets > 0).astype(np.float16) * 0.7)


@pytest.fixture
def pool(tmp_path: Path) -> SegmentPool:
    folder = tmp_path / "data"
    folder.mkdir()
    write_segments(folder / "0.npz")
    return SegmentPool(folder, seed=1)


def test_an_answer_per_frame_and_instrument() -> None:
    instruments, families, velocities = DrumNetwork(SMALL)(torch.zeros(2, 50, BANDS))
    assert instruments.shape == velocities.shape == (2, 50, len(INSTRUMENTS))
    assert families.shape == (2, 50, len(FAMILIES))


def test_sound_outside_of_the_context_changes_nothing() -> None:
    torch.manual_seed(0)
    shape = NetworkShape()
    network = DrumNetwork(shape).eval()
    features = torch.rand(1, 3 * shape.context_frames, BANDS)
    first = shape.context_frames // SONG_STEP_FRAMES * SONG_STEP_FRAMES + 7 * SONG_STEP_FRAMES
    frame = first + SONG_STEP_FRAMES - 1  # the last of a step sees farthest ahead
    cut = slice(first - shape.context_frames, first + SONG_STEP_FRAMES + shape.context_frames)
    with torch.no_grad():
        whole = network(features)[0][0, frame]
        part = network(features[:, cut])[0][0, frame - cut.start]
        nearer = network(features[:, frame - 19 : frame + 20])[0][0, 19]
    torch.testing.assert_close(part, whole, atol=1e-4, rtol=1e-4)
    assert (nearer - whole).abs().max() > 1e-3


def test_a_frame_knows_what_is_played_two_bars_away() -> None:
    torch.manual_seed(0)
    features = torch.rand(1, 800, BANDS)
    other = features.clone()
    other[:, 650:680] = 0
    for song_width, differs in ((8, True), (0, False)):
        network = DrumNetwork(NetworkShape(frequency_channels=(4,), width=8, dilations=(1, 2), song_width=song_width)).eval()
        with torch.no_grad():
            assert bool((network(features)[0][0, 400] != network(other)[0][0, 400]).any()) is differs


def test_a_family_sounds_where_one_of_its_instruments_does() -> None:
    onsets = torch.zeros(1, 3, len(INSTRUMENTS))
    onsets[0, 1, COLUMN[Instrument.SPLASH]] = 0.5
    assert family_maxima(onsets)[0, 1].tolist() == [0, 0, 0, 0, 0.5]


def test_the_random_equaliser_leaves_silence_silent() -> None:
    assert spectrally_jittered(torch.zeros(3, 5, BANDS), 0.3).abs().max() < 1e-6


def test_it_learns_and_goes_on_where_it_stopped(pool: SegmentPool, tmp_path: Path) -> None:
    settings = TrainSettings(minutes=0.04, batch_segments=4, workers=2, warm_up_steps=5, checkpoint_minutes=1)
    trainer = Trainer(settings, SMALL, "cpu")
    reports: list[str] = []
    trainer.run(pool, pool, tmp_path / "run", reports.append)
    assert trainer.step > 10
    assert trainer.loss < 0.3
    assert reports

    again = Trainer(settings, SMALL, "cpu")
    again.resume(tmp_path / "run" / "checkpoint.pt")
    assert again.step == trainer.step
    assert again.elapsed_s == pytest.approx(trainer.elapsed_s)
    for ours, theirs in zip(again.average.state_dict().values(), trainer.average.state_dict().values(), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_it_stops_after_so_many_steps_however_long_they_take(pool: SegmentPool, tmp_path: Path) -> None:
    settings = TrainSettings(minutes=0.0, steps=7, settling=0, batch_segments=4, workers=1, warm_up_steps=1)
    trainer = Trainer(settings, SMALL, "cpu")
    trainer.run(pool, pool, tmp_path / "run", lambda _: None)
    assert trainer.step == 7
    assert trainer.optimiser.param_groups[0]["lr"] < 0.2 * settings.learning_rate  # it falls over the steps
    assert load_average(tmp_path / "run" / "average.pt")[1]["steps"] == 7


def test_two_workers_find_the_gradients_of_one(pool: SegmentPool) -> None:
    """Up to batch normalisation, which each worker does on its own half: here it is switched to the running figures."""
    trainer = Trainer(TrainSettings(workers=2, spectral_jitter=0), SMALL, "cpu")
    for replica in trainer.replicas:
        replica.eval()
    batch = pool.batch(4)
    trainer._gradients(trainer.network, batch)
    alone = [parameter.grad.clone() for parameter in trainer.network.parameters()]
    trainer._share_weights()
    for worker, replica in enumerate(trainer.replicas):
        trainer._gradients(replica, type(batch)(*(part[worker::2] for part in batch)))
    trainer._gather_gradients()
    for ours, theirs in zip(trainer.network.parameters(), alone, strict=True):
        assert ours.grad is not None
        torch.testing.assert_close(ours.grad, theirs, atol=2e-3, rtol=0.3)


def test_files_that_appear_later_join_in(pool: SegmentPool, tmp_path: Path) -> None:
    write_segments(tmp_path / "data" / "1.npz", segments=3)
    pool.rescan()
    assert len(pool) == 15
    assert sum(len(batch.features) for batch in pool.in_order(4)) == 15


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no rendered segments"):
        SegmentPool(tmp_path, seed=1).batch(2)


def test_the_exported_network_answers_as_the_trained_one_at_any_length(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = DrumNetwork(SMALL)
    exported = export(network, 2.0, tmp_path / "net.onnx")
    assert exported.largest_difference < 1e-5
    other = ExportedNetwork(DrumNetwork(SMALL), 2.0)
    assert largest_difference(other.eval(), tmp_path / "net.onnx") > 1e-3


def test_the_average_is_read_with_its_record(pool: SegmentPool, tmp_path: Path) -> None:
    trainer = Trainer(TrainSettings(minutes=0.005, batch_segments=2, workers=1), SMALL, "cpu")
    trainer.run(pool, pool, tmp_path, lambda _: None)
    network, record = load_average(tmp_path / "average.pt")
    assert network.shape == SMALL
    assert record["steps"] == trainer.step


def test_the_learning_rate_falls_and_then_settles() -> None:
    trainer = Trainer(TrainSettings(steps=1000, settling=0.2, warm_up_steps=10), SMALL, "cpu")
    rates = []
    for step in (0, 100, 400, 790, 810, 990):
        trainer.step = step
        rates.append(trainer._learning_rate())
    assert rates[0] < rates[1] > rates[2] > rates[3]
    assert rates[4] == rates[5] == pytest.approx(1e-3)
