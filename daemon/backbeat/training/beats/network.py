"""The network that hears beats, in PyTorch: what sounds, 50 times a second; what it means, 12.5 times a second and 20 s around.

A long context needs no fine steps: the blocks that look far work on every fourth frame, whose four moments lie side by side in
their channels. That is half the work of one rate throughout.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from backbeat.engines.net_beats.features import BEAT_BANDS, FRAMES_AT_ONCE

METER_COUNT = 5


@dataclass(frozen=True, kw_only=True)
class BeatNetworkShape:
    """Sizes of the layers. Dilations are one block each; fine and last ones in frames of 20 ms, far ones in frames of 80 ms."""

    frequency_channels: tuple[int, ...] = (8, 16)
    width: int = 32
    far_width: int = 56
    kernel: int = 5
    fine_dilations: tuple[int, ...] = (1, 2)
    far_dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64)
    last_dilations: tuple[int, ...] = (1, 2)
    dropout: float = 0.05

    @property
    def context_frames(self) -> int:
        """How far from a frame the sound can be that still changes the answer for it."""
        near = sum(self.fine_dilations) + sum(self.last_dilations)
        far = FRAMES_AT_ONCE * (sum(self.far_dilations) * (self.kernel // 2) + 1)
        return near * (self.kernel // 2) + far + len(self.frequency_channels)


class BeatBlock(nn.Module):
    """A dilated convolution over time and a mix of the channels, beside a straight path. (batch, width, 1, frames)."""

    def __init__(self, width: int, kernel: int, dilation: int, dropout: float) -> None:
        super().__init__()
        padding = dilation * (kernel // 2)
        self.body = nn.Sequential(
            nn.Conv2d(width, width, (1, kernel), padding=(0, padding), dilation=(1, dilation), bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Conv2d(width, width, 1, bias=False),
            nn.BatchNorm2d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        return torch.relu_(x + self.body(x))


class BeatNetwork(nn.Module):
    """Features (batch, frames, BEAT_BANDS) to logits of beat and downbeat (batch, frames, 2) and of the meter (batch, frames, 5).

    The number of frames is a multiple of FRAMES_AT_ONCE.
    """

    def __init__(self, shape: BeatNetworkShape) -> None:
        super().__init__()
        self.shape = shape
        self.normalise = nn.BatchNorm1d(BEAT_BANDS)
        layers: list[nn.Module] = []
        channels, bands = 1, BEAT_BANDS
        for wider in shape.frequency_channels:  # (batch, channels, bands, frames)
            layers += [
                nn.Conv2d(channels, wider, 3, stride=(2, 1), padding=1, bias=False),
                nn.BatchNorm2d(wider),
                nn.ReLU(inplace=True),
            ]
            channels, bands = wider, (bands + 1) // 2
        self.frequency = nn.Sequential(*layers)
        self.gather = _mixed(channels, shape.width, (bands, 1), (1, 1))
        self.fine = self._blocks(shape.width, shape.fine_dilations)
        self.wider = _mixed(shape.width, shape.far_width, (1, FRAMES_AT_ONCE), (1, FRAMES_AT_ONCE))
        self.far = self._blocks(shape.far_width, shape.far_dilations)
        self.finer = nn.ConvTranspose2d(shape.far_width, shape.width, (1, FRAMES_AT_ONCE), stride=(1, FRAMES_AT_ONCE), bias=False)
        self.last = self._blocks(shape.width, shape.last_dilations)
        self.beats = nn.Conv2d(shape.width, 2, 1)
        self.meters = nn.Conv2d(shape.width, METER_COUNT, 1)
        assert self.beats.bias is not None  # noqa: S101 - for the type checker
        nn.init.constant_(self.beats.bias, -3.0)  # beats are rare: start from there

    def _blocks(self, width: int, dilations: tuple[int, ...]) -> nn.Sequential:
        return nn.Sequential(*(BeatBlock(width, self.shape.kernel, dilation, self.shape.dropout) for dilation in dilations))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Features to (beat logits, meter logits)."""
        x = self.normalise(features.transpose(1, 2)).unsqueeze(1)
        x = self.fine(self.gather(self.frequency(x)))
        x = self.last(x + self.finer(self.far(self.wider(x))))
        beats, meters = (head(x).squeeze(2).transpose(1, 2) for head in (self.beats, self.meters))
        return beats, meters


def _mixed(before: int, after: int, kernel: tuple[int, int], stride: tuple[int, int]) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, kernel, stride=stride, bias=False), nn.BatchNorm2d(after), nn.ReLU(inplace=True)
    )
