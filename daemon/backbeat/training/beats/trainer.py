"""Fit the beat network to rendered songs."""

from __future__ import annotations

import contextlib
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from backbeat.training.beats.files import SONG_S
from backbeat.training.beats.network import BeatNetwork, BeatNetworkShape
from backbeat.training.beats.pool import BeatBatch, BeatPool
from backbeat.training.learner import spectrally_jittered
from backbeat.training.long_run import LongRun, read_average

_CHECKED_SONGS = 16
_EQUALISER_KNOTS = 7


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


class BeatTrainer(LongRun[BeatNetwork, BeatPool]):
    """Trains the beat tracker."""

    decay = 0.998
    unit = "songs"

    def __init__(self, settings: BeatFitSettings, shape: BeatNetworkShape) -> None:
        torch.manual_seed(settings.seed)
        torch.set_num_threads(settings.threads)
        super().__init__(
            BeatNetwork(shape).to(memory_format=torch.channels_last),  # type: ignore[call-overload]
            BeatNetwork(shape),
            asdict(shape),
            torch.device("cpu"),
            learning_rate=settings.learning_rate,
            weight_decay=settings.weight_decay,
            warm_up_steps=settings.warm_up_steps,
            checkpoint_minutes=settings.checkpoint_minutes,
            clock=time.process_time,
        )
        self.settings = settings

    def learn(self, pool: BeatPool) -> None:
        batch = pool.batch(self.settings.batch_songs)
        features = spectrally_jittered(torch.from_numpy(batch.features), self.settings.spectral_jitter, knots=_EQUALISER_KNOTS)
        with torch.autocast("cpu", torch.bfloat16) if self.settings.half else contextlib.nullcontext():
            beats, meters = self.network.train()(masked(features, self.settings))
        loss = beat_loss(beats.float(), meters.float(), batch, self.settings)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.take_step(self.falling_rate(min(self.share_done(), 1.0)), float(loss.detach()))

    def share_done(self) -> float:
        return self.elapsed_s / (self.settings.minutes * 60)

    def figures(self, valid: BeatPool) -> str:
        return check(self.average, valid, self.settings)

    def record(self, pool: BeatPool) -> dict[str, Any]:
        return {
            **asdict(self.settings),
            "steps": self.step,
            "trained_processor_minutes": round(self.elapsed_s / 60, 1),
            "songs": len(pool),
            "song_s": SONG_S,
        }


def load_average(path: Path) -> tuple[BeatNetwork, dict[str, Any]]:
    """The averaged network of a run, ready to answer, and the record of its training."""
    return read_average(path, lambda shape: BeatNetwork(BeatNetworkShape(**shape)))


def beat_loss(beats: Tensor, meters: Tensor, batch: BeatBatch, settings: BeatFitSettings) -> Tensor:
    """Cross-entropy of beats and downbeats per frame, and of the meter where there is a beat."""
    targets = torch.from_numpy(batch.targets)
    entropy = nn.functional.binary_cross_entropy_with_logits
    loss = entropy(beats[..., 0], targets[..., 0]) + settings.downbeat_weight * entropy(beats[..., 1], targets[..., 1])
    wanted = torch.from_numpy(batch.meters)[:, None].expand(-1, meters.shape[1])
    if int((wanted >= 0).sum()):
        loss = loss + settings.meter_weight * nn.functional.cross_entropy(meters.transpose(1, 2), wanted, ignore_index=-1)
    return loss


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
