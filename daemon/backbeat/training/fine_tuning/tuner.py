"""Go on training a finished network on one kit, without losing what it knows of others.

Four things hold it: its first layers and the running figures of its normalisations stay as they are; few steps are made; for
instruments that the kit lacks it goes on giving the answers that it gave (Li and Hoiem, Learning without Forgetting, ECCV 2016);
and what is kept is a mean of the weights before and after (Wortsman et al., Robust Fine-Tuning of Zero-Shot Models, CVPR 2022).
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from backbeat.engines.net.vocabulary import COLUMN
from backbeat.training.fine_tuning.starting_point import StartingPoint
from backbeat.training.learner import Learner, Report, spectrally_jittered
from backbeat.training.recogniser.loss import training_loss
from backbeat.training.recogniser.network import Ensemble, family_maxima
from backbeat.training.segments.pool import Batch, SegmentPool
from backbeat.values import Instrument

FROZEN = ("normalise", "frequency", "families")
"""What is not trained: what the ear does with any sound, which is half of the work of a step, and a head that is not used."""

_VELOCITY_WEIGHT = 0.1
_REPORT_S = 15.0
_CHECKPOINT_S = 30.0


@dataclass(frozen=True, kw_only=True)
class FineTuneSettings:
    """How to fine-tune.

    It ends after `steps` or `minutes` of wall time, whichever comes first; until then the learning rate falls to nothing. blend:
    share of the new weights, 0..1, in what is kept.
    """

    steps: int = 240
    minutes: float = 5.0
    batch_segments: int = 6
    learning_rate: float = 1e-3
    warm_up_steps: int = 10
    blend: float = 0.6
    spectral_jitter: float = 0.08
    seed: int = 1


class FineTuner(Learner[Ensemble]):
    """A network that goes on learning; `tuned` is the result."""

    loss_share = 0.05

    def __init__(
        self, settings: FineTuneSettings, start: StartingPoint, unheard: Collection[Instrument], device: str = "cpu"
    ) -> None:
        """unheard: the instruments that the kit lacks."""
        torch.manual_seed(settings.seed)
        to = torch.device(device)
        network = copy.deepcopy(start.network).to(to).eval()  # normalisations keep their running figures
        for part in (getattr(member, name) for member in network.members for name in FROZEN):
            part.requires_grad_(False)
        super().__init__(
            network, to, learning_rate=settings.learning_rate, weight_decay=0.0, warm_up_steps=settings.warm_up_steps
        )
        self.settings = settings
        self.start = start
        self.teacher = copy.deepcopy(start.network).to(to).eval()
        self.unheard = torch.tensor(sorted(COLUMN[instrument] for instrument in unheard), dtype=torch.long, device=to)

    @property
    def done(self) -> float:
        """The share of the steps or of the time that is over, 0..1."""
        return min(max(self.step / self.settings.steps, self.elapsed_s / (self.settings.minutes * 60)), 1.0)

    def run(self, pool: SegmentPool, checkpoint: Path, report: Report) -> None:
        """Learn from `pool` until it is done; writes `checkpoint` now and then, and when interrupted."""
        last = reported = saved = time.monotonic()
        try:
            while self.done < 1:
                self.learn(pool.batch(self.settings.batch_segments))
                now = time.monotonic()
                self.elapsed_s += now - last
                last = now
                if now - reported > _REPORT_S:
                    report(f"learning: {self.done:.0%}, step {self.step}, {self.elapsed_s / 60:.1f} min, loss {self.loss:.4f}")
                    reported = now
                if now - saved > _CHECKPOINT_S:
                    self.save(checkpoint)
                    saved = now
        finally:
            self.save(checkpoint)

    def learn(self, batch: Batch) -> None:
        """One step."""
        features, onsets, velocities = (torch.from_numpy(part).to(self.device) for part in batch)
        features = spectrally_jittered(features, self.settings.spectral_jitter)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):  # few laptops have it
            onsets = self._with_old_answers(features, onsets)
            instruments, _, heard = self.network(features)
        loss = kit_loss(instruments.float(), heard.float(), onsets, velocities, self.start.positive_weight)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.take_step(self.falling_rate(self.done), float(loss.detach()))

    @torch.no_grad()
    def tuned(self) -> Ensemble:
        """The network to keep: the mean of before and after, on the CPU."""
        network = copy.deepcopy(self.network).cpu()
        before = self.start.network.state_dict()
        for name, after in network.state_dict().items():
            if after.dtype.is_floating_point:
                after.copy_(torch.lerp(before[name], after, self.settings.blend))
        return network.eval()

    @torch.no_grad()
    def _with_old_answers(self, features: Tensor, onsets: Tensor) -> Tensor:
        """The targets, with the network's first answers for the instruments that the kit lacks."""
        if not len(self.unheard):
            return onsets
        instruments, _, _ = self.teacher(features)
        answers = torch.sigmoid(instruments[..., self.unheard].float() - math.log(self.start.positive_weight))
        return onsets.index_copy(2, self.unheard, answers)


def kit_loss(instruments: Tensor, heard: Tensor, onsets: Tensor, velocities: Tensor, positive_weight: float) -> Tensor:
    """As `training_loss`, but a family's answer is that of its surest instrument, as it is when strokes are picked.

    instruments: logits; heard: velocities 0..1; both and the targets (batch, frames, 14).
    """
    answer = (instruments, family_maxima(instruments), heard)
    return training_loss(answer, onsets, velocities, positive_weight=positive_weight, velocity_weight=_VELOCITY_WEIGHT)
