"""The network: convolutions over frequency, then dilated ones over time, then what was struck and how hard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from backbeat.engines.net.features import BANDS
from backbeat.engines.net.vocabulary import COLUMN, FAMILIES, INSTRUMENTS

SONG_STEP_FRAMES = 20
SONG_REACH_STEPS = 15
"""What is going on in a song is summed up over 15 steps of 200 ms to either side: two bars or so."""


@dataclass(frozen=True, kw_only=True)
class NetworkShape:
    """Sizes of the layers.

    dilations: one residual block each; the context is twice their sum to either side, in frames. song_width: channels of the
    look at the bars around, which comes after the block with the widest dilation; 0 for none.
    """

    frequency_channels: tuple[int, ...] = (16, 32, 48)
    width: int = 192
    kernel: int = 5
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 1, 2, 4)
    song_width: int = 64

    @property
    def context_frames(self) -> int:
        """How far from a frame the sound can be that still changes the answer for it, a multiple of SONG_STEP_FRAMES.

        Recordings must be cut at such multiples to be heard as in one piece.
        """
        near = sum(self.dilations) * (self.kernel // 2) + len(self.frequency_channels)
        far = (SONG_REACH_STEPS + 1) * SONG_STEP_FRAMES if self.song_width else 0
        return -(-(near + far) // SONG_STEP_FRAMES) * SONG_STEP_FRAMES


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


class SongBlock(nn.Module):
    """Tells every frame what has been played around it: means over 6.2 s of what was heard, beside a straight path.

    Whether a soft shimmer is the ride or the hats, a low tom or the middle one, shows in what the drummer does all along.
    """

    def __init__(self, width: int, song_width: int) -> None:
        super().__init__()
        self.listen = nn.Sequential(nn.Conv1d(width, song_width, 1, bias=False), nn.BatchNorm1d(song_width), nn.ReLU())
        self.tell = nn.Conv1d(song_width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, width, frames) to the same shape."""
        step, reach = SONG_STEP_FRAMES, SONG_REACH_STEPS
        steps = nn.functional.avg_pool1d(self.listen(x), step, step, ceil_mode=True, count_include_pad=False)
        around = nn.functional.avg_pool1d(steps, 2 * reach + 1, 1, reach, count_include_pad=False)
        told = self.tell(around).unsqueeze(3).expand(-1, -1, -1, step).flatten(2)[:, :, : x.shape[2]]
        return torch.relu(x + told)


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
        self.frequency = nn.Sequential(*layers).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.gather = nn.Sequential(
            nn.Conv1d(channels * bands, shape.width, 1, bias=False), nn.BatchNorm1d(shape.width), nn.ReLU()
        )
        blocks: list[nn.Module] = [TimeBlock(shape.width, shape.kernel, dilation) for dilation in shape.dilations]
        if shape.song_width:
            blocks.insert(shape.dilations.index(max(shape.dilations)) + 1, SongBlock(shape.width, shape.song_width))
        self.time = nn.Sequential(*blocks)
        self.instruments = nn.Conv1d(shape.width, len(INSTRUMENTS), 1)
        self.families = nn.Conv1d(shape.width, len(FAMILIES), 1)
        self.velocities = nn.Conv1d(shape.width, len(INSTRUMENTS), 1)
        for head in (self.instruments, self.families):
            assert head.bias is not None  # noqa: S101 - for the type checker
            nn.init.constant_(head.bias, -4.0)  # strokes are rare: start from there

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Features (batch, frames, BANDS) to (instrument logits, family logits, velocities)."""
        x = self.normalise(features.transpose(1, 2)).transpose(1, 2).unsqueeze(1)
        x = x.to(memory_format=torch.channels_last)
        x = self.frequency(x).permute(0, 1, 3, 2).flatten(1, 2)
        x = self.time(self.gather(x))
        heads = (self.instruments(x), self.families(x), torch.sigmoid(self.velocities(x)))
        instruments, families, velocities = (head.transpose(1, 2) for head in heads)
        return instruments, families, velocities


class Ensemble(nn.Module):
    """Networks of one shape that were trained apart and answer together: the means of their logits and of their velocities.

    What one of them mistakes by the chance of its training, the others seldom do (Dietterich, Ensemble Methods in Machine
    Learning, MCS 2000).
    """

    def __init__(self, members: Sequence[DrumNetwork]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.shape = members[0].shape
        if any(member.shape != self.shape for member in members):
            raise ValueError("the networks of an ensemble have to have one shape")

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """As `DrumNetwork.forward`."""
        answers = [member(features) for member in self.members]
        instruments, families, velocities = (torch.stack(parts).mean(0) for parts in zip(*answers, strict=True))
        return instruments, families, velocities


def family_maxima(instruments: Tensor) -> Tensor:
    """Targets or logits of instruments (..., 14) folded to those of families (..., 5): each as high as the highest of its own."""
    columns = [[COLUMN[instrument] for instrument in members] for members in FAMILIES.values()]
    return torch.stack([instruments[..., members].amax(-1) for members in columns], dim=-1)
