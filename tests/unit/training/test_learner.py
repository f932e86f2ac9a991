"""What every training does alike: learning rate, mean of the weights, checkpoints, and a random equaliser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
torch.set_num_threads(1)  # the layers here are tiny

from backbeat.training.learner import Learner, spectrally_jittered  # noqa: E402
from backbeat.training.long_run import AVERAGE, CHECKPOINT, LongRun, read_average  # noqa: E402


class Numbers:
    """A pool that always gives the same."""

    def __init__(self) -> None:
        self.looks = 0

    def __len__(self) -> int:
        return 3

    def rescan(self) -> None:
        self.looks += 1


class ThreeSteps(LongRun[torch.nn.Linear, Numbers]):
    """Learns that two and two are four."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        pace = {"learning_rate": 0.1, "weight_decay": 0.0, "warm_up_steps": 1, "checkpoint_minutes": 60.0}
        cpu = torch.device("cpu")
        super().__init__(torch.nn.Linear(2, 1), torch.nn.Linear(2, 1), {"in_features": 2, "out_features": 1}, cpu, **pace)

    def share_done(self) -> float:
        return self.step / 3

    def learn(self, pool: Numbers) -> None:
        loss = (self.network(torch.full((1, 2), 2.0)) - 4).square().mean()
        self.optimiser.zero_grad()
        loss.backward()
        self.take_step(self.falling_rate(self.share_done()), float(loss.detach()))

    def figures(self, valid: Numbers) -> str:
        return "none"

    def record(self, pool: Numbers) -> dict[str, Any]:
        return {"steps": self.step}


def same(ours: torch.nn.Module, theirs: torch.nn.Module) -> bool:
    return all(torch.equal(a, b) for a, b in zip(ours.state_dict().values(), theirs.state_dict().values(), strict=True))


def test_a_run_ends_with_a_checkpoint_and_a_mean_that_can_be_read(tmp_path: Path) -> None:
    run, reports = ThreeSteps(), []
    run.run(Numbers(), Numbers(), tmp_path / "run", reports.append)
    assert run.step == 3
    assert reports == [f"0.0 min, step 3, 3 segments, loss {run.loss:.4f}: none"]
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [AVERAGE, CHECKPOINT]
    mean, record = read_average(tmp_path / "run" / AVERAGE, lambda shape: torch.nn.Linear(**shape))
    assert record == {"steps": 3}
    assert same(mean, run.average)
    assert not same(mean, run.network)


def test_a_resumed_run_makes_the_steps_that_it_would_have_made(tmp_path: Path) -> None:
    whole = ThreeSteps()
    whole.run(Numbers(), Numbers(), tmp_path / "whole", lambda _: None)
    first, second, said = ThreeSteps(), ThreeSteps(), []
    second.resume_if_begun(tmp_path / "begun.pt", said.append)
    assert not said
    first.learn(Numbers())
    first.save(tmp_path / "begun.pt")
    second.resume_if_begun(tmp_path / "begun.pt", said.append)
    assert said == ["Going on at step 1."]
    second.run(Numbers(), Numbers(), tmp_path / "rest", lambda _: None)
    assert same(second.network, whole.network)
    assert same(second.average, whole.average)


def test_checkpoints_are_made_of_nothing_but_tensors_and_plain_values(tmp_path: Path) -> None:
    ThreeSteps().run(Numbers(), Numbers(), tmp_path, lambda _: None)
    state = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    assert set(state) == {"network", "average", "optimiser", "step", "elapsed_s"}
    assert set(torch.load(tmp_path / AVERAGE, weights_only=True)) == {"average", "shape", "record"}


def test_the_learning_rate_rises_and_then_falls_to_nearly_nothing() -> None:
    learner = Learner(torch.nn.Linear(2, 1), torch.device("cpu"), learning_rate=0.1, weight_decay=0.0, warm_up_steps=10)
    assert learner.falling_rate(0.0) == pytest.approx(0.1 * 1.005 / 10)
    learner.step = 9
    assert learner.falling_rate(0.0) == pytest.approx(0.1 * 1.005)
    assert learner.falling_rate(0.5) == pytest.approx(0.1 * 0.505)
    assert learner.falling_rate(1.0) == pytest.approx(0.1 * 0.005)


def test_the_loss_for_the_eye_is_a_running_mean() -> None:
    run = ThreeSteps()
    run.network(torch.zeros(1, 2)).sum().backward()
    run.take_step(0.0, 1.0)
    assert run.loss == 1.0
    run.take_step(0.0, 2.0)
    assert run.loss == pytest.approx(1.02)


@pytest.mark.parametrize("knots", [7, 9])
def test_the_random_equaliser_differs_between_examples_and_not_between_frames(knots: int) -> None:
    torch.manual_seed(0)
    gains = torch.log10(10 ** spectrally_jittered(torch.full((2, 3, 40), 0.5), 0.15, knots=knots) - 1)
    torch.testing.assert_close(gains[:, 0], gains[:, 2])
    assert (gains[0] - gains[1]).abs().max() > 0.05
    bends = gains[0, 0].diff().diff().abs() > 1e-4
    assert 0 < int(bends.sum()) <= 2 * (knots - 2)  # straight between the knots
    assert torch.equal(spectrally_jittered(torch.ones(2, 3, 40), 0.0), torch.ones(2, 3, 40))
