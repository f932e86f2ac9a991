"""Fit the network to rendered segments; can be interrupted and resumed, and starts while segments are still being rendered."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from backbeat.training.network import DrumNetwork, NetworkShape, family_targets
from backbeat.training.segment_pool import Batch, SegmentPool
from backbeat.training.validate import validate

_EMA_DECAY = 0.999
_SETTLING_RATE = 1 / 3
_STRUCK = 0.7  # targets above it mark the frames where a velocity is learned
_RESCAN_S = 20.0

Report = Callable[[str], None]


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


class Trainer:
    """A network, its running average and its optimiser; `run` works until the time is over."""

    def __init__(self, settings: TrainSettings, shape: NetworkShape, device: str) -> None:
        torch.manual_seed(settings.seed)
        self.settings = settings
        self.device = torch.device(device)
        self.network = DrumNetwork(shape).to(self.device)
        self.average = DrumNetwork(shape).to(self.device).eval()
        self.average.load_state_dict(self.network.state_dict())
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        self.replicas = [self.network, *(DrumNetwork(shape).to(self.device) for _ in range(settings.workers - 1))]
        self.threads = ThreadPoolExecutor(settings.workers, initializer=torch.set_num_threads, initargs=(1,))
        self.step = 0
        self.elapsed_s = 0.0
        self.loss = math.nan

    def run(self, pool: SegmentPool, valid: SegmentPool, folder: Path, report: Report) -> None:
        """Train on `pool`, writing `folder/checkpoint.pt` (to resume) and `folder/average.pt` (to export) now and then."""
        folder.mkdir(parents=True, exist_ok=True)
        last = scanned = saved = time.monotonic()
        while self._share_done() < 1:
            self._learn(pool.batch(self.settings.batch_segments))
            now = time.monotonic()
            self.elapsed_s += now - last
            last = now
            if now - scanned > _RESCAN_S:
                pool.rescan()
                scanned = now
            if now - saved > self.settings.checkpoint_minutes * 60:
                self._save(pool, valid, folder, report)
                saved = last = time.monotonic()
        self._save(pool, valid, folder, report)

    def resume(self, checkpoint: Path) -> None:
        """Go on from a checkpoint of a run with the same shape."""
        state = torch.load(checkpoint, map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.elapsed_s = int(state["step"]), float(state["elapsed_s"])

    def _learn(self, batch: Batch) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = self._learning_rate()
        self._share_weights()
        parts = [Batch(*(array[k :: len(self.replicas)] for array in batch)) for k in range(len(self.replicas))]
        losses = list(self.threads.map(self._gradients, self.replicas, parts))
        self._gather_gradients()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        self._move_average()
        value = sum(losses) / len(losses)
        self.loss = value if math.isnan(self.loss) else 0.98 * self.loss + 0.02 * value

    def _gradients(self, network: DrumNetwork, batch: Batch) -> float:
        """Leave the gradients of one part of a batch in `network`; returns the loss."""
        features, onsets, velocities = (torch.from_numpy(part).to(self.device) for part in batch)
        with torch.autocast(self.device.type, torch.bfloat16):  # 1.6 times as fast on a CPU that has it, and as good
            rough = network(spectrally_jittered(features, self.settings.spectral_jitter))
        instruments, families, heard = (head.float() for head in rough)
        loss = training_loss((instruments, families, heard), onsets, velocities, self.settings)
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

    def _share_done(self) -> float:
        """Of the run, 0..1 and a little more."""
        if self.settings.steps is not None:
            return self.step / self.settings.steps
        return self.elapsed_s / (self.settings.minutes * 60)

    def _learning_rate(self) -> float:
        settling_from = 1 - self.settings.settling
        done = self._share_done() / settling_from
        if done >= 1 and self.settings.settling:
            return self.settings.learning_rate * _SETTLING_RATE
        warm_up = min(1.0, (self.step + 1) / self.settings.warm_up_steps)
        return self.settings.learning_rate * warm_up * (0.5 + 0.5 * math.cos(math.pi * min(done, 1.0)) + 0.005)

    @torch.no_grad()
    def _move_average(self) -> None:
        decay = min(_EMA_DECAY, (1 + self.step) / (10 + self.step))
        for mean, new in zip(self.average.state_dict().values(), self.network.state_dict().values(), strict=True):
            if mean.dtype.is_floating_point:
                mean.lerp_(new, 1 - decay)
            else:
                mean.copy_(new)

    def _save(self, pool: SegmentPool, valid: SegmentPool, folder: Path, report: Report) -> None:
        state = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "elapsed_s": self.elapsed_s,
        }
        _save_atomically(state, folder / "checkpoint.pt")
        record = {
            **asdict(self.settings),
            "steps": self.step,
            "trained_minutes": round(self.elapsed_s / 60, 1),
            "segments": len(pool),
            "segment_s": 8.0,
        }
        _save_atomically(
            {"average": self.average.state_dict(), "shape": asdict(self.network.shape), "record": record}, folder / "average.pt"
        )
        valid.rescan()
        figures = validate(self.average, valid, self.device) if len(valid) else "no held-out segments yet"
        report(f"{self.elapsed_s / 60:.1f} min, step {self.step}, {len(pool)} segments, loss {self.loss:.4f}: {figures}")


def load_average(path: Path) -> tuple[DrumNetwork, dict[str, Any]]:
    """The averaged network of a run, ready to answer, and the record of its training."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    network = DrumNetwork(NetworkShape(**state["shape"]))
    network.load_state_dict(state["average"])
    return network.eval(), state["record"]


def training_loss(answer: tuple[Tensor, Tensor, Tensor], onsets: Tensor, velocities: Tensor, settings: TrainSettings) -> Tensor:
    """Cross-entropy of instruments and of families, positives weighted, and the squared error of velocity where strokes are."""
    instruments, families, heard = answer
    weight = torch.tensor(settings.positive_weight, device=onsets.device)
    entropy = nn.functional.binary_cross_entropy_with_logits
    struck = (onsets > _STRUCK).float()
    error = (struck * (heard - velocities) ** 2).sum() / struck.sum().clamp(min=1)
    onset_loss = entropy(instruments, onsets, pos_weight=weight)
    family_loss = entropy(families, family_targets(onsets), pos_weight=weight)
    return onset_loss + 0.5 * family_loss + settings.velocity_weight * error


def spectrally_jittered(features: Tensor, sigma: float) -> Tensor:
    """Features (batch, frames, BANDS) under a random equaliser per segment, smooth over bands; sigma: spread in decades."""
    if sigma <= 0:
        return features
    knots = torch.randn(len(features), 1, 9, device=features.device) * sigma
    gains = nn.functional.interpolate(knots, size=features.shape[2], mode="linear", align_corners=True)
    return torch.log10(1 + (10**features - 1) * 10**gains)


def _save_atomically(state: dict[str, Any], path: Path) -> None:
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)


def choose_device() -> str:
    """CUDA when there is one, else the CPU."""
    return "cuda" if torch.cuda.is_available() else "cpu"
