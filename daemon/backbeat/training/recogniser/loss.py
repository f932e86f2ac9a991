"""What the recogniser is to make small when it learns."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from backbeat.training.recogniser.network import family_maxima

_STRUCK = 0.7  # targets above it mark the frames where a velocity is learned
_FAMILY_WEIGHT = 0.5


def training_loss(
    answer: tuple[Tensor, Tensor, Tensor],
    onsets: Tensor,
    velocities: Tensor,
    *,
    positive_weight: float,
    velocity_weight: float,
) -> Tensor:
    """Cross-entropy of instruments and of families, positives weighted, and the squared error of velocity where strokes are.

    answer: logits of instruments (batch, frames, 14) and of families (batch, frames, 5), and velocities 0..1; the targets,
    0..1, are (batch, frames, 14). A velocity of 0 is not known.
    """
    instruments, families, heard = answer
    weight = torch.tensor(positive_weight, device=onsets.device)
    entropy = nn.functional.binary_cross_entropy_with_logits
    struck = (onsets > _STRUCK).float() * (velocities > 0)
    error = (struck * (heard - velocities) ** 2).sum() / struck.sum().clamp(min=1)
    by_instrument = entropy(instruments, onsets, pos_weight=weight)
    by_family = entropy(families, family_maxima(onsets), pos_weight=weight)
    return by_instrument + _FAMILY_WEIGHT * by_family + velocity_weight * error
