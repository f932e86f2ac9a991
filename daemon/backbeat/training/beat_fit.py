"""Fit the beat network to rendered songs; can be interrupted and resumed, and starts while songs are still being rendered."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from backbeat.training.beat_network import BeatNetwork, BeatNetworkShape
from backbeat.training.beat_pool import BeatBatch, BeatPool

_EMA_DECAY = 0.998
_RESCAN_S = 20.0
_CHECKED_SONGS = 16

Report = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class BeatFitSettings:
    """How to train.

    minutes: processor time of the whole run, over which the learning rate falls to nothing (cosine); on a busy computer it comes
    to the same network, later.

    half: compute in bfloat16 where that is allowed. spectral_jitter: spread of the random equaliser, in decades.
    """

    minutes: float = 14.0
    batch_songs: int = 8
    threads: int = 1
    half: bool = True
    learning_rate: float = 4e-3
    weight_decay: float = 2e-2
    warm_up_steps: int = 100
    downbeat_weight: float = 1.0
    meter_weight: float = 0.05
    spectral_jitter: float = 0.15
    masked_share: float = 0.3
    checkpoint_minutes: float = 6.0
    seed: int = 1


class BeatTrainer:
    """A network, its running average and its optimiser; `run` works until the time is over."""

    def __init__(self, settings: BeatFitSettings, shape: BeatNetworkShape) -> None:
        torch.manual_seed(settings.seed)
        torch.set_num_threads(settings.threads)
        self.settings = settings
        self.network = BeatNetwork(shape).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = BeatNetwork(shape).eval()
        self.average.load_state_dict(self.network.state_dict())
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        self.step = 0
        self.elapsed_s = 0.0
        self.loss = math.nan

    def run(self, pool: BeatPool, valid: BeatPool, folder: Path, report: Report) -> None:
        """Train on `pool`, writing `folder/checkpoint.pt` (to resume) and `folder/average.pt` (to export) now and then."""
        folder.mkdir(parents=True, exist_ok=True)
        scanned = saved = time.monotonic()
        last = time.process_time()
        while self.elapsed_s < self.settings.minutes * 60:
            self._learn(pool.batch(self.settings.batch_songs))
            spent = time.process_time()
            self.elapsed_s += spent - last
            last = spent
            now = time.monotonic()
            if now - scanned > _RESCAN_S:
                pool.rescan()
                scanned = now
            if now - saved > self.settings.checkpoint_minutes * 60:
                self._save(pool, valid, folder, report)
                saved, last = time.monotonic(), time.process_time()
        self._save(pool, valid, folder, report)

    def resume(self, checkpoint: Path) -> None:
        """Go on from a checkpoint of a run with the same shape."""
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.elapsed_s = int(state["step"]), float(state["elapsed_s"])

    def _learn(self, batch: BeatBatch) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = self._learning_rate()
        features = masked(spectrally_jittered(torch.from_numpy(batch.features), self.settings.spectral_jitter), self.settings)
        with torch.autocast("cpu", torch.bfloat16) if self.settings.half else contextlib.nullcontext():
            beats, meters = self.network.train()(features)
        loss = beat_loss(beats.float(), meters.float(), batch, self.settings)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        self._move_average()
        value = float(loss.detach())
        self.loss = value if math.isnan(self.loss) else 0.98 * self.loss + 0.02 * value

    def _learning_rate(self) -> float:
        done = min(self.elapsed_s / (self.settings.minutes * 60), 1.0)
        warm_up = min(1.0, (self.step + 1) / self.settings.warm_up_steps)
        return self.settings.learning_rate * warm_up * (0.5 + 0.5 * math.cos(math.pi * done) + 0.005)

    @torch.no_grad()
    def _move_average(self) -> None:
        decay = min(_EMA_DECAY, (1 + self.step) / (10 + self.step))
        for mean, new in zip(self.average.state_dict().values(), self.network.state_dict().values(), strict=True):
            if mean.dtype.is_floating_point:
                mean.lerp_(new, 1 - decay)
            else:
                mean.copy_(new)

    def _save(self, pool: BeatPool, valid: BeatPool, folder: Path, report: Report) -> None:
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
            "trained_processor_minutes": round(self.elapsed_s / 60, 1),
            "songs": len(pool),
            "song_s": 30.0,
        }
        average = {"average": self.average.state_dict(), "shape": asdict(self.network.shape), "record": record}
        _save_atomically(average, folder / "average.pt")
        valid.rescan()
        figures = check(self.average, valid, self.settings) if len(valid) else "no held-out songs yet"
        report(f"{self.elapsed_s / 60:.1f} min, step {self.step}, {len(pool)} songs, loss {self.loss:.4f}: {figures}")


def load_average(path: Path) -> tuple[BeatNetwork, dict[str, Any]]:
    """The averaged network of a run, ready to answer, and the record of its training."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    network = BeatNetwork(BeatNetworkShape(**state["shape"]))
    network.load_state_dict(state["average"])
    return network.eval(), state["record"]


def beat_loss(beats: Tensor, meters: Tensor, batch: BeatBatch, settings: BeatFitSettings) -> Tensor:
    """Cross-entropy of beats and downbeats per frame, and of the meter where there is a beat."""
    targets = torch.from_numpy(batch.targets)
    entropy = nn.functional.binary_cross_entropy_with_logits
    loss = entropy(beats[..., 0], targets[..., 0]) + settings.downbeat_weight * entropy(beats[..., 1], targets[..., 1])
    wanted = torch.from_numpy(batch.meters)[:, None].expand(-1, meters.shape[1])
    if int((wanted >= 0).sum()):
        loss = loss + settings.meter_weight * nn.functional.cross_entropy(meters.transpose(1, 2), wanted, ignore_index=-1)
    return loss


def spectrally_jittered(features: Tensor, sigma: float) -> Tensor:
    """Features (batch, frames, bands) under a random equaliser per song, smooth over bands; sigma: spread in decades."""
    if sigma <= 0:
        return features
    knots = torch.randn(len(features), 1, 7) * sigma
    gains = nn.functional.interpolate(knots, size=features.shape[2], mode="linear", align_corners=True)
    return torch.log10(1 + (10**features - 1) * 10**gains)


def masked(features: Tensor, settings: BeatFitSettings) -> Tensor:
    """Some songs with a second or two unheard: the beat goes on."""
    for index in torch.nonzero(torch.rand(len(features)) < settings.masked_share).flatten().tolist():
        length = int(torch.randint(25, 150, ()))
        start = int(torch.randint(0, features.shape[1] - length, ()))
        features[index, start : start + length] = features[index].amin(dim=0)
    return features


@torch.no_grad()
def check(network: BeatNetwork, valid: BeatPool, settings: BeatFitSettings) -> str:
    """Loss on held-out songs, the same ones each time."""
    same = BeatPool(valid.folder, seed=0)
    losses = []
    for _ in range(_CHECKED_SONGS // settings.batch_songs):
        batch = same.batch(settings.batch_songs)
        beats, meters = network(torch.from_numpy(batch.features))
        losses.append(float(beat_loss(beats, meters, batch, settings)))
    return f"held-out loss {np.mean(losses):.4f}"


def _save_atomically(state: dict[str, Any], path: Path) -> None:
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)
