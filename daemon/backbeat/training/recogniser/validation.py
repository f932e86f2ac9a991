"""How well a network hears the held-out kits: one figure per family and per instrument."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from backbeat.engines.net.picking import Activations, peak_frames, refined_times_s
from backbeat.engines.net.vocabulary import FAMILIES, INSTRUMENTS
from backbeat.records import FloatArray
from backbeat.training.evaluation.scoring import WINDOW_S, Counts, matches
from backbeat.training.recogniser.network import DrumNetwork
from backbeat.training.segments.pool import Batch, SegmentPool
from backbeat.training.segments.targets import family_target, stroke_times_s

_THRESHOLD = 0.4


@dataclass
class Figures:
    """Counts per family and per instrument."""

    families: dict[str, Counts] = field(default_factory=dict)
    instruments: dict[str, Counts] = field(default_factory=dict)

    def __str__(self) -> str:
        total = Counts.sum(self.families.values())
        families = " ".join(f"{name} {counts.f_measure:.3f}" for name, counts in self.families.items())
        instruments = " ".join(f"{name} {counts.f_measure:.2f}" for name, counts in self.instruments.items())
        return f"held-out F {total.f_measure:.3f} ({families}; {instruments})"


def answer(network: DrumNetwork, features: FloatArray, device: torch.device) -> list[Activations]:
    """Activations of segments, float32 (segments, frames, BANDS)."""
    with torch.no_grad():
        instruments, _, velocities = network(torch.from_numpy(features).to(device))
    arrays = [part.float().cpu().numpy() for part in (torch.sigmoid(instruments), velocities)]
    return [Activations(instruments=i, velocities=v) for i, v in zip(*arrays, strict=True)]


def validate(network: DrumNetwork, pool: SegmentPool, device: torch.device) -> Figures:
    """Figures over all of `pool`, with one threshold for everything."""
    figures = Figures()
    for batch in pool.in_order(16):
        for row, activations in enumerate(answer(network, batch.features, device)):
            _count(figures, batch, row, activations)
    return figures


def _count(figures: Figures, batch: Batch, row: int, activations: Activations) -> None:
    targets = batch.onsets[row]
    for family, members in FAMILIES.items():
        counts = _counts(family_target(targets, members), activations.family(members))
        figures.families[family] = figures.families.get(family, Counts()) + counts
    for column, instrument in enumerate(INSTRUMENTS):
        counts = _counts(targets[:, column], activations.instruments[:, column])
        figures.instruments[instrument] = figures.instruments.get(instrument, Counts()) + counts


def _counts(target: FloatArray, activation: FloatArray) -> Counts:
    expected = stroke_times_s(target)
    found = refined_times_s(activation, peak_frames(activation, _THRESHOLD))
    return Counts(matched=len(matches(expected, found, WINDOW_S)), expected=len(expected), found=len(found))
