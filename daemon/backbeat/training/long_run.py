"""A training of minutes to hours on files that may still be being rendered; it can be interrupted and gone on with."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import nn

from backbeat.training.learner import Learner, Network, Report, save_whole

CHECKPOINT = "checkpoint.pt"
"""In the folder of a run: what it goes on from."""
AVERAGE = "average.pt"
"""In the folder of a run: what is exported."""

_RESCAN_S = 20.0


class GrowingPool(Protocol):
    """What is learned from; `rescan` takes in the files that have appeared since."""

    def __len__(self) -> int: ...

    def rescan(self) -> None: ...


Pool = TypeVar("Pool", bound=GrowingPool)


class LongRun(Learner[Network], ABC, Generic[Network, Pool]):
    """A learner that keeps a running mean of its weights, `average`, which is what the training is for."""

    decay = 0.999
    """Of the running mean, each step; it is less in the first ones."""
    unit = "segments"
    """What the pool holds."""

    def __init__(
        self,
        network: Network,
        average: Network,
        shape: Mapping[str, Any],
        device: torch.device,
        *,
        learning_rate: float,
        weight_decay: float,
        warm_up_steps: int,
        checkpoint_minutes: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """average: another network of that shape; shape: the sizes of both, for `average.pt`; clock: what a run's time is, s."""
        super().__init__(network, device, learning_rate=learning_rate, weight_decay=weight_decay, warm_up_steps=warm_up_steps)
        self.average = average.eval()
        self.average.load_state_dict(network.state_dict())
        self.shape = dict(shape)
        self.checkpoint_minutes = checkpoint_minutes
        self.clock = clock

    @abstractmethod
    def share_done(self) -> float:
        """Of the run, 0..1 and a little more."""

    @abstractmethod
    def learn(self, pool: Pool) -> None:
        """One step on a batch of the pool."""

    @abstractmethod
    def figures(self, valid: Pool) -> str:
        """How well the mean of the weights hears what it was not trained on."""

    @abstractmethod
    def record(self, pool: Pool) -> dict[str, Any]:
        """What the settings that ship say of the training."""

    def run(self, pool: Pool, valid: Pool, folder: Path, report: Report) -> None:
        """Train on `pool` until it is done, writing `CHECKPOINT` and `AVERAGE` into `folder` now and then."""
        folder.mkdir(parents=True, exist_ok=True)
        scanned = saved = time.monotonic()
        last = self.clock()
        while self.share_done() < 1:
            self.learn(pool)
            spent = self.clock()
            self.elapsed_s += spent - last
            last = spent
            now = time.monotonic()
            if now - scanned > _RESCAN_S:
                pool.rescan()
                scanned = now
            if now - saved > self.checkpoint_minutes * 60:
                self.write(pool, valid, folder, report)
                saved, last = time.monotonic(), self.clock()
        self.write(pool, valid, folder, report)

    def write(self, pool: Pool, valid: Pool, folder: Path, report: Report) -> None:
        """Write both files and report how far it is."""
        self.save(folder / CHECKPOINT)
        save_whole({"average": self.average.state_dict(), "shape": self.shape, "record": self.record(pool)}, folder / AVERAGE)
        valid.rescan()
        figures = self.figures(valid) if len(valid) else f"no held-out {self.unit} yet"
        how_far = f"{self.elapsed_s / 60:.1f} min, step {self.step}, {len(pool)} {self.unit}"
        report(f"{how_far}, loss {self.loss:.4f}: {figures}")

    def take_step(self, rate: float, loss: float) -> None:
        super().take_step(rate, loss)
        self._move_average(min(self.decay, (1 + self.step) / (10 + self.step)))

    def networks(self) -> dict[str, nn.Module]:
        return {**super().networks(), "average": self.average}

    @torch.no_grad()
    def _move_average(self, decay: float) -> None:
        for mean, new in zip(self.average.state_dict().values(), self.network.state_dict().values(), strict=True):
            if mean.dtype.is_floating_point:
                mean.lerp_(new, 1 - decay)
            else:
                mean.copy_(new)


def read_average(path: Path, make: Callable[[dict[str, Any]], Network]) -> tuple[Network, dict[str, Any]]:
    """The averaged network of a run, made of its shape, ready to answer, and the record of its training."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    network = make(state["shape"])
    network.load_state_dict(state["average"])
    return network.eval(), state["record"]
