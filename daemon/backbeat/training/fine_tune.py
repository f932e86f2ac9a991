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
from torch import Tensor, nn

from backbeat.engines.net_vocabulary import COLUMN, FAMILIES
from backbeat.training.fine_tune_start import StartingPoint
from backbeat.training.network import DrumNetwork, family_targets
from backbeat.training.segment_pool import Batch, SegmentPool
from backbeat.training.train import Report, spectrally_jittered
from backbeat.values import Instrument

FROZEN = ("normalise", "frequency", "families")
"""What is not trained: what the ear does with any sound, which is half of the work of a step, and a head that is not used."""

_STRUCK = 0.7  # targets above it mark the frames where a velocity is learned
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


class FineTuner:
    """A network that goes on learning; `tuned` is the result."""

    def __init__(
        self, settings: FineTuneSettings, start: StartingPoint, unheard: Collection[Instrument], device: str = "cpu"
    ) -> None:
        """unheard: the instruments that the kit lacks."""
        torch.manual_seed(settings.seed)
        self.settings = settings
        self.device = torch.device(device)
        self.start = start
        self.teacher = copy.deepcopy(start.network).to(self.device).eval()
        self.network = copy.deepcopy(start.network).to(self.device).eval()  # normalisations keep their running figures
        self.unheard = torch.tensor(sorted(COLUMN[instrument] for instrument in unheard), dtype=torch.long, device=self.device)
        for part in (getattr(self.network, name) for name in FROZEN):
            part.requires_grad_(False)
        self.trained = [parameter for parameter in self.network.parameters() if parameter.requires_grad]
        self.optimiser = torch.optim.AdamW(self.trained, lr=settings.learning_rate, weight_decay=0.0)
        self.step = 0
        self.elapsed_s = 0.0
        self.loss = math.nan

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
        for group in self.optimiser.param_groups:
            group["lr"] = self._learning_rate()
        features, onsets, velocities = (torch.from_numpy(part).to(self.device) for part in batch)
        features = spectrally_jittered(features, self.settings.spectral_jitter)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):  # few laptops have it
            onsets = self._with_old_answers(features, onsets)
            instruments, _, heard = self.network(features)
        loss = kit_loss(instruments.float(), heard.float(), onsets, velocities, self.start.positive_weight)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.trained, 1.0)
        self.optimiser.step()
        self.step += 1
        value = float(loss.detach())
        self.loss = value if math.isnan(self.loss) else 0.95 * self.loss + 0.05 * value

    @torch.no_grad()
    def tuned(self) -> DrumNetwork:
        """The network to keep: the mean of before and after, on the CPU."""
        network = copy.deepcopy(self.network).cpu()
        before = self.start.network.state_dict()
        for name, after in network.state_dict().items():
            if after.dtype.is_floating_point:
                after.copy_(torch.lerp(before[name], after, self.settings.blend))
        return network.eval()

    def save(self, path: Path) -> None:
        """Write what `resume` reads."""
        state = {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "elapsed_s": self.elapsed_s,
        }
        part = path.with_suffix(".part")
        torch.save(state, part)
        part.replace(path)

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint of the same kit and start."""
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.elapsed_s = int(state["step"]), float(state["elapsed_s"])

    @torch.no_grad()
    def _with_old_answers(self, features: Tensor, onsets: Tensor) -> Tensor:
        """The targets, with the network's first answers for the instruments that the kit lacks."""
        if not len(self.unheard):
            return onsets
        instruments, _, _ = self.teacher(features)
        answers = torch.sigmoid(instruments[..., self.unheard].float() - math.log(self.start.positive_weight))
        return onsets.index_copy(2, self.unheard, answers)

    def _learning_rate(self) -> float:
        warm_up = min(1.0, (self.step + 1) / self.settings.warm_up_steps)
        return self.settings.learning_rate * warm_up * (0.5 + 0.5 * math.cos(math.pi * self.done) + 0.005)


def kit_loss(instruments: Tensor, heard: Tensor, onsets: Tensor, velocities: Tensor, positive_weight: float) -> Tensor:
    """As `train.training_loss`, but a family's answer is that of its surest instrument, as it is when strokes are picked.

    instruments: logits; heard: velocities 0..1; both and the targets (batch, frames, 14).
    """
    weight = torch.tensor(positive_weight, device=onsets.device)
    entropy = nn.functional.binary_cross_entropy_with_logits
    members = [[COLUMN[instrument] for instrument in family] for family in FAMILIES.values()]
    families = torch.stack([instruments[..., columns].amax(-1) for columns in members], dim=-1)
    struck = (onsets > _STRUCK).float() * (velocities > 0)
    error = (struck * (heard - velocities) ** 2).sum() / struck.sum().clamp(min=1)
    by_instrument = entropy(instruments, onsets, pos_weight=weight)
    by_family = entropy(families, family_targets(onsets), pos_weight=weight)
    return by_instrument + 0.5 * by_family + 0.1 * error
