"""The network: convolutions over frequency, then dilated ones over time, then what was struck and how hard."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from backbeat.engines.net_features import BANDS
from backbeat.engines.net_vocabulary import COLUMN, FAMILIES, INSTRUMENTS


@dataclass(frozen=True, kw_only=True)
class NetworkShape:
    """Sizes of the layers. dilations: one residual block each; the context is twice their sum to either side, in frames."""

    frequency_channels: tuple[int, ...] = (16, 32, 48)
    width: int = 160
    kernel: int = 5
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 1, 2, 4)

    @property
    def context_frames(self) -> int:
        """How far from a frame the sound can be that still changes the answer for it."""
        return sum(self.dilations) * (self.kernel // 2) + len(self.frequency_channels)


class TimeBlock(nn.Module):
    """Depthwise dilated convolution over time and a mix of the channels, beside a straight path."""

    def __init__(self, width: int, kernel: int, dilation: int) -> None:
        super().__init__()
        padding = dilation * (kernel // 2)
        self.body = nn.Sequential(
            nn.Conv1d(width, width, kernel, padding=padding, dilation=dilation, groups=width, bias=False),
            nn.BatchNorm1d(width),
            nn.ReLU(),
            nn.Conv1d(width, width, 1, bias=False),
            nn.BatchNorm1d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(batch, width, frames) to the same shape."""
        return torch.relu(x + self.body(x))


class DrumNetwork(nn.Module):
    """Features (batch, frames, BANDS) to three heads, each (batch, frames, k).

    Logits of the 14 instruments, logits of the 5 families, and velocities 0..1 of the 14 instruments. The families only help
    to learn (a stroke that is hard to name is still a cymbal); they are not exported.
    """

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        self.shape = shape
        self.normalise = nn.BatchNorm1d(BANDS)
        layers: list[nn.Module] = []
        channels, bands = 1, BANDS
        for wider in shape.frequency_channels:
            layers += [nn.Conv2d(channels, wider, 3, stride=(1, 2), padding=1, bias=False), nn.BatchNorm2d(wider), nn.ReLU()]
            channels, bands = wider, (bands + 1) // 2
        self.frequency = nn.Sequential(*layers)
        self.gather = nn.Sequential(
            nn.Conv1d(channels * bands, shape.width, 1, bias=False), nn.BatchNorm1d(shape.width), nn.ReLU()
        )
        self.time = nn.Sequential(*(TimeBlock(shape.width, shape.kernel, dilation) for dilation in shape.dilations))
        self.instruments = nn.Conv1d(shape.width, len(INSTRUMENTS), 1)
        self.families = nn.Conv1d(shape.width, len(FAMILIES), 1)
        self.velocities = nn.Conv1d(shape.width, len(INSTRUMENTS), 1)
        for head in (self.instruments, self.families):
            assert head.bias is not None  # noqa: S101 - for the type checker
            nn.init.constant_(head.bias, -4.0)  # strokes are rare: start from there

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Features (batch, frames, BANDS) to (instrument logits, family logits, velocities)."""
        x = self.normalise(features.transpose(1, 2)).transpose(1, 2).unsqueeze(1)
        x = self.frequency(x).permute(0, 1, 3, 2).flatten(1, 2)
        x = self.time(self.gather(x))
        heads = (self.instruments(x), self.families(x), torch.sigmoid(self.velocities(x)))
        instruments, families, velocities = (head.transpose(1, 2) for head in heads)
        return instruments, families, velocities


def family_targets(onsets: Tensor) -> Tensor:
    """The instruments' targets (..., 14) folded to the families' (..., 5): a family sounds where one of its instruments does."""
    columns = [[COLUMN[instrument] for instrument in members] for members in FAMILIES.values()]
    return torch.stack([onsets[..., members].amax(-1) for members in columns], dim=-1)
