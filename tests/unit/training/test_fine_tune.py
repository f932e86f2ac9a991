"""A finished network is read back from its ONNX file and goes on learning. Needs torch and onnx (the extra `train`)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
torch.set_num_threads(1)  # the layers here are tiny

from backbeat.engines.net.features import BANDS  # noqa: E402
from backbeat.engines.net.vocabulary import COLUMN, INSTRUMENTS  # noqa: E402
from backbeat.engines.net.weights import BUILT_IN, NETWORK  # noqa: E402
from backbeat.errors import ModelError  # noqa: E402
from backbeat.training.fine_tuning.starting_point import StartingPoint, read_back  # noqa: E402
from backbeat.training.fine_tuning.tuner import FROZEN, FineTuner, FineTuneSettings  # noqa: E402
from backbeat.training.recogniser.export import ExportedNetwork, export, largest_difference  # noqa: E402
from backbeat.training.recogniser.network import DrumNetwork, Ensemble, NetworkShape  # noqa: E402
from backbeat.training.segments.pool import Batch  # noqa: E402
from backbeat.values import Instrument  # noqa: E402

SMALL = NetworkShape(frequency_channels=(4, 4), width=16, dilations=(1, 2), song_width=8)
QUICK = FineTuneSettings(minutes=0.01, batch_segments=2, learning_rate=5e-3, warm_up_steps=1)


def lived_in(shape: NetworkShape, seed: int = 3) -> DrumNetwork:
    """A network whose normalisations have seen something."""
    torch.manual_seed(seed)
    network = DrumNetwork(shape)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.3)
                module.running_var.uniform_(0.5, 2)
                module.weight.uniform_(0.5, 1.5)
                module.bias.normal_(0, 0.3)
        network.instruments.bias.zero_()
    return network.eval()


@pytest.fixture
def start() -> StartingPoint:
    return StartingPoint(network=Ensemble([lived_in(SMALL), lived_in(SMALL, seed=4)]).eval(), positive_weight=2.0)


def clicks(instrument: Instrument = Instrument.SNARE) -> Batch:
    """Two segments with a stroke of one instrument every 200 ms."""
    features = np.full((2, 100, BANDS), 0.1, np.float32)
    onsets = np.zeros((2, 100, len(INSTRUMENTS)), np.float32)
    features[:, 10:90:20, 30:] += 1.5
    onsets[:, 10:90:20, COLUMN[instrument]] = 1
    return Batch(features, onsets, (onsets > 0).astype(np.float32) * 0.7)


class ClickPool:
    """A `SegmentPool` of clicks; interrupts after so many batches."""

    def __init__(self, batches: int | None = None) -> None:
        self.left = batches

    def batch(self, size: int) -> Batch:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
        return clicks()


def weights(network: Ensemble, names: Iterable[str]) -> dict[str, torch.Tensor]:
    """Of all members, the parameters in parts with these names, or those whose whole names they are."""
    wanted = set(names)
    return {name: value.clone() for name, value in network.state_dict().items() if name in wanted or name.split(".")[2] in wanted}


@pytest.mark.parametrize("shape", [SMALL, replace(SMALL, song_width=0), replace(SMALL, kernel=3, dilations=(4, 1, 2))])
def test_what_is_read_back_has_the_shape_and_the_answers_of_what_was_exported(tmp_path: Path, shape: NetworkShape) -> None:
    network = lived_in(shape)
    export(network, 3.0, tmp_path / "net.onnx")
    found = read_back(tmp_path / "net.onnx")
    assert found.network.shape == shape
    assert found.positive_weight == pytest.approx(3.0, abs=1e-5)
    features = torch.rand(2, 140, BANDS) * 2
    with torch.no_grad():
        for ours, theirs in zip(found.network(features)[::2], network(features)[::2], strict=True):
            torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


def test_networks_that_answer_together_are_read_back_together(start: StartingPoint, tmp_path: Path) -> None:
    export(start.network, 2.0, tmp_path / "net.onnx")
    found = read_back(tmp_path / "net.onnx")
    assert len(found.network.members) == 2
    features = torch.rand(2, 140, BANDS) * 2
    with torch.no_grad():
        instruments, _, velocities = found.network(features)
        alone = [member(features)[0] for member in start.network.members]
    assert not torch.allclose(*alone, atol=0.1), "they differ"
    torch.testing.assert_close(instruments, sum(alone) / 2, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(velocities, start.network(features)[2], atol=1e-4, rtol=1e-4)


def test_the_weights_that_ship_can_be_gone_on_from(tmp_path: Path) -> None:
    shipped = BUILT_IN / NETWORK
    found = read_back(shipped)
    assert largest_difference(ExportedNetwork(found.network, found.positive_weight).eval(), shipped) < 1e-5
    again = export(found.network, found.positive_weight, tmp_path / "net.onnx")
    assert again.largest_difference < 1e-5


def test_a_file_that_is_no_network_is_told(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"not a network")
    with pytest.raises(ModelError, match="cannot be read as a network"):
        read_back(tmp_path / "net.onnx")
    with pytest.raises(ModelError, match="cannot be read as a network"):
        read_back(tmp_path / "nothing.onnx")


def test_it_learns_and_leaves_alone_what_is_frozen(start: StartingPoint, tmp_path: Path) -> None:
    tuner = FineTuner(replace(QUICK, minutes=1), start, unheard=())
    before = weights(tuner.network, FROZEN)
    tuner.learn(clicks())
    first = tuner.loss
    for _ in range(40):
        tuner.learn(clicks())
    assert tuner.loss < 0.5 * first
    for name, value in weights(tuner.network, FROZEN).items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)
    running = [name for name in tuner.network.state_dict() if "running" in name]
    for name, value in weights(tuner.network, running).items():
        torch.testing.assert_close(value, start.network.state_dict()[name], rtol=0, atol=0)
    export(tuner.tuned(), start.positive_weight, tmp_path / "net.onnx")


def test_what_the_kit_lacks_is_answered_as_before(start: StartingPoint) -> None:
    """A ride that the kit does not have is never right: it would be unlearned."""
    kept, lost = (FineTuner(replace(QUICK, minutes=1), start, unheard=unheard) for unheard in ((Instrument.RIDE,), ()))
    features = torch.from_numpy(clicks().features)
    with torch.no_grad():
        before = torch.sigmoid(start.network(features)[0][..., COLUMN[Instrument.RIDE]])
    distances = []
    for tuner in (kept, lost):
        for _ in range(60):
            tuner.learn(clicks())
        with torch.no_grad():
            after = torch.sigmoid(tuner.network(features)[0][..., COLUMN[Instrument.RIDE]])
        distances.append(float((after - before).abs().mean()))
    assert distances[0] < 0.3 * distances[1]


def test_the_blend_lies_between_before_and_after(start: StartingPoint) -> None:
    tuner = FineTuner(replace(QUICK, minutes=1, blend=0.25), start, unheard=())
    for _ in range(5):
        tuner.learn(clicks())
    name = "members.1.instruments.weight"
    before, after, kept = (network.state_dict()[name] for network in (start.network, tuner.network, tuner.tuned()))
    torch.testing.assert_close(kept, 0.75 * before + 0.25 * after)
    assert (after != before).any()


def test_an_interrupted_run_leaves_where_it_was_and_goes_on_there(start: StartingPoint, tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint.pt"
    tuner = FineTuner(replace(QUICK, minutes=60), start, unheard=())
    with pytest.raises(KeyboardInterrupt):
        tuner.run(ClickPool(batches=3), checkpoint, lambda _: None)
    again = FineTuner(replace(QUICK, minutes=60), start, unheard=())
    again.resume(checkpoint)
    assert again.step == tuner.step == 3
    assert again.elapsed_s == pytest.approx(tuner.elapsed_s)
    for ours, theirs in zip(again.network.state_dict().values(), tuner.network.state_dict().values(), strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("limit", [{"steps": 3, "minutes": 60}, {"steps": 10**6, "minutes": 0.005}])
def test_it_ends_after_so_many_steps_or_so_much_time_and_does_not_run_on(
    start: StartingPoint, tmp_path: Path, limit: dict[str, float]
) -> None:
    settings = replace(QUICK, **limit)
    tuner = FineTuner(settings, start, unheard=())
    tuner.run(ClickPool(), tmp_path / "checkpoint.pt", lambda _: None)
    assert 0 < tuner.step < 10**6
    assert tuner.done == 1
    again = FineTuner(settings, start, unheard=())
    again.resume(tmp_path / "checkpoint.pt")
    again.run(ClickPool(), tmp_path / "checkpoint.pt", lambda _: None)
    assert again.step == tuner.step
