"""Fit the network to rendered segments."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from backbeat.training.learner import spectrally_jittered
from backbeat.training.long_run import LongRun, read_average
from backbeat.training.recogniser.loss import training_loss
from backbeat.training.recogniser.network import DrumNetwork, NetworkShape
from backbeat.training.recogniser.validation import validate
from backbeat.training.segments.files import SEGMENT_S
from backbeat.training.segments.pool import Batch, SegmentPool

_SETTLING_RATE = 1 / 3


@dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """How to train.

    minutes: wall time of the whole run, over which the learning rate falls to nothing (cosine). steps: that many steps instead,
    however long they take.
    workers: a batch is shared out to so many copies of the network, one thread each. Two of them on two cores wait for one
    another once per step, not once per layer: on a busy computer that is twice as fast as two threads inside each layer.
    spectral_jitter: spread of the random equaliser, in decades.
    """

    minutes: float = 77.0
    settling: float = 0.15
    steps: int | None = None
    batch_segments: int = 6
    workers: int = 2
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    warm_up_steps: int = 100
    positive_weight: float = 2.0
    velocity_weight: float = 0.3
    spectral_jitter: float = 0.15
    checkpoint_minutes: float = 4.0
    seed: int = 1


class Trainer(LongRun[DrumNetwork, SegmentPool]):
    """Trains the recogniser."""

    def __init__(self, settings: TrainSettings, shape: NetworkShape, device: str) -> None:
        torch.manual_seed(settings.seed)
        to = torch.device(device)
        super().__init__(
            DrumNetwork(shape).to(to),
            DrumNetwork(shape).to(to),
            asdict(shape),
            to,
            learning_rate=settings.learning_rate,
            weight_decay=settings.weight_decay,
            warm_up_steps=settings.warm_up_steps,
            checkpoint_minutes=settings.checkpoint_minutes,
        )
        self.settings = settings
        self.replicas = [self.network, *(DrumNetwork(shape).to(to) for _ in range(settings.workers - 1))]
        self.threads = ThreadPoolExecutor(settings.workers, initializer=torch.set_num_threads, initargs=(1,))

    def learn(self, pool: SegmentPool) -> None:
        batch = pool.batch(self.settings.batch_segments)
        self._share_weights()
        parts = [Batch(*(array[k :: len(self.replicas)] for array in batch)) for k in range(len(self.replicas))]
        losses = list(self.threads.map(self._gradients, self.replicas, parts))
        self._gather_gradients()
        self.take_step(self._learning_rate(), sum(losses) / len(losses))

    def _gradients(self, network: DrumNetwork, batch: Batch) -> float:
        """Leave the gradients of one part of a batch in `network`; returns the loss."""
        features, onsets, velocities = (torch.from_numpy(part).to(self.device) for part in batch)
        with torch.autocast(self.device.type, torch.bfloat16):  # 1.6 times as fast on a CPU that has it, and as good
            rough = network(spectrally_jittered(features, self.settings.spectral_jitter))
        instruments, families, heard = (head.float() for head in rough)
        loss = training_loss(
            (instruments, families, heard),
            onsets,
            velocities,
            positive_weight=self.settings.positive_weight,
            velocity_weight=self.settings.velocity_weight,
        )
        network.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    @torch.no_grad()
    def _share_weights(self) -> None:
        for replica in self.replicas[1:]:
            for own, first in zip(replica.parameters(), self.network.parameters(), strict=True):
                own.copy_(first)

    @torch.no_grad()
    def _gather_gradients(self) -> None:
        for gathered, *others in zip(*(replica.parameters() for replica in self.replicas), strict=True):
            assert gathered.grad is not None  # noqa: S101 - for the type checker
            for other in others:
                gathered.grad.add_(other.grad)
            gathered.grad.div_(len(self.replicas))

    def share_done(self) -> float:
        if self.settings.steps is not None:
            return self.step / self.settings.steps
        return self.elapsed_s / (self.settings.minutes * 60)

    def _learning_rate(self) -> float:
        """Falling, but for the last part of the run, which settles at a third of the highest."""
        done = self.share_done() / (1 - self.settings.settling)
        if done >= 1 and self.settings.settling:
            return self.settings.learning_rate * _SETTLING_RATE
        return self.falling_rate(min(done, 1.0))

    def figures(self, valid: SegmentPool) -> str:
        return str(validate(self.average, valid, self.device))

    def record(self, pool: SegmentPool) -> dict[str, Any]:
        return {
            **asdict(self.settings),
            "steps": self.step,
            "trained_minutes": round(self.elapsed_s / 60, 1),
            "segments": len(pool),
            "segment_s": SEGMENT_S,
        }


def load_average(path: Path) -> tuple[DrumNetwork, dict[str, Any]]:
    """The averaged network of a run, ready to answer, and the record of its training."""
    return read_average(path, lambda shape: DrumNetwork(NetworkShape(**shape)))
