"""What trainings have in common: a network that learns step by step, and the checkpoints that a run goes on from."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

from backbeat.outputs.write_atomic import atomic_path

Report = Callable[[str], None]
"""Takes a line that says how far a training is."""

_MOST_GRADIENT = 1.0

Network = TypeVar("Network", bound=nn.Module)


class Learner(Generic[Network]):
    """A network, its optimiser, and how far it is.

    trained: the weights that move, those that want gradients when it is made. step, elapsed_s: of the whole run, over
    interruptions. loss: a running mean, for the eye.
    """

    loss_share = 0.02
    """Of the newest loss in the running mean."""

    def __init__(
        self, network: Network, device: torch.device, *, learning_rate: float, weight_decay: float, warm_up_steps: int
    ) -> None:
        self.device = device
        self.network = network
        self.trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
        self.optimiser = torch.optim.AdamW(self.trained, lr=learning_rate, weight_decay=weight_decay)
        self.highest_rate = learning_rate
        self.warm_up_steps = warm_up_steps
        self.step = 0
        self.elapsed_s = 0.0
        self.loss = math.nan

    def falling_rate(self, done: float) -> float:
        """The learning rate: after a warm-up it falls to nearly nothing, as a cosine. done: share of the run, 0..1."""
        warm_up = min(1.0, (self.step + 1) / self.warm_up_steps)
        return self.highest_rate * warm_up * (0.5 + 0.5 * math.cos(math.pi * done) + 0.005)

    def take_step(self, rate: float, loss: float) -> None:
        """Move the weights by the gradients that are there; `loss` is theirs."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        nn.utils.clip_grad_norm_(self.trained, _MOST_GRADIENT)
        self.optimiser.step()
        self.step += 1
        self.loss = loss if math.isnan(self.loss) else (1 - self.loss_share) * self.loss + self.loss_share * loss

    def networks(self) -> dict[str, nn.Module]:
        """What a checkpoint keeps, by its name there."""
        return {"network": self.network}

    def save(self, path: Path) -> None:
        """Write what `resume` reads."""
        states: dict[str, Any] = {name: network.state_dict() for name, network in self.networks().items()}
        save_whole({**states, "optimiser": self.optimiser.state_dict(), "step": self.step, "elapsed_s": self.elapsed_s}, path)

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint of a run that began with the same network."""
        state = torch.load(path, map_location=self.device, weights_only=True)
        for name, network in self.networks().items():
            network.load_state_dict(state[name])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.elapsed_s = int(state["step"]), float(state["elapsed_s"])

    def resume_if_begun(self, path: Path, report: Report) -> None:
        """`resume` where there is a checkpoint, and say so."""
        if path.is_file():
            self.resume(path)
            report(f"Going on at step {self.step}.")


def spectrally_jittered(features: Tensor, sigma: float, *, knots: int = 9) -> Tensor:
    """Features (batch, frames, bands) under a random equaliser for each of them, linear between so many knots over the bands.

    sigma: spread in decades.
    """
    if sigma <= 0:
        return features
    drawn = torch.randn(len(features), 1, knots, device=features.device) * sigma
    gains = nn.functional.interpolate(drawn, size=features.shape[2], mode="linear", align_corners=True)
    return torch.log10(1 + (10**features - 1) * 10**gains)


def save_whole(state: dict[str, Any], path: Path) -> None:
    """`torch.save` to a file that is there whole or not at all. Raises OutputError."""
    with atomic_path(path) as part:
        torch.save(state, part)


def choose_device() -> str:
    """CUDA when there is one, else the CPU."""
    return "cuda" if torch.cuda.is_available() else "cpu"
