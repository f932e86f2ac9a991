"""A trained network to the two files that ship: `net.onnx` and `net.json`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from backbeat.engines.net.features import features
from backbeat.engines.net.runtime import Network, load_network
from backbeat.engines.net.settings import NetSettings, write_settings
from backbeat.engines.net.weights import NETWORK, SETTINGS
from backbeat.errors import ConfigError
from backbeat.training.evaluation.held_out import no_segments, whole_activations
from backbeat.training.evaluation.recordings import read_stem, recordings
from backbeat.training.evaluation.references import read_reference
from backbeat.training.recogniser.calibration import Labelled, choose_thresholds, fit_confidence, labelled_segments
from backbeat.training.recogniser.export import Exported, export
from backbeat.training.recogniser.network import Ensemble
from backbeat.training.recogniser.trainer import load_average
from backbeat.training.segments.pool import SegmentPool
from backbeat.values import ANALYSIS_RATE_HZ


@dataclass(frozen=True, kw_only=True)
class Recordings:
    """A folder of recordings and one of their annotations, for choosing thresholds; nothing is trained on them."""

    audio_folder: Path
    reference_folder: Path


def finish(
    averages: Sequence[Path], held_out: Path, real: Sequence[Recordings], out_folder: Path
) -> tuple[Exported, NetSettings]:
    """Export the networks of `averages` as one, choose thresholds and calibrate, and write `net.onnx` and `net.json`.

    averages: of runs with one shape of the network; what they hear is averaged. held_out: a folder of rendered segments of kits
    that were not trained on. Raises ConfigError when it is empty or the networks do not go together, EngineFailed when the
    export differs from the networks.
    """
    pool = SegmentPool(held_out, seed=0)
    if not len(pool):
        raise no_segments(held_out)
    network, records = _together(averages)
    out_folder.mkdir(parents=True, exist_ok=True)
    exported = export(network, float(records[0]["positive_weight"]), out_folder / NETWORK)
    runtime = load_network(out_folder / NETWORK)
    segments = _segments(runtime, pool)
    sets = [segments, *(_real(runtime, each) for each in real)]
    clear, dense = choose_thresholds(sets, dense=False), choose_thresholds(sets, dense=True)
    settings = NetSettings(
        version=exported.sha256[:12],
        context_frames=network.shape.context_frames,
        picking=fit_confidence(segments, clear, dense),
        training={"runs": records, "held_out_segments": len(pool), "threshold_sets": len(sets)},
    )
    write_settings(settings, out_folder / SETTINGS)
    return exported, settings


def _together(averages: Sequence[Path]) -> tuple[Ensemble, list[dict[str, Any]]]:
    """The networks of several runs as one, and the records of their training."""
    networks, records = zip(*(load_average(average) for average in averages), strict=True)
    if len({(network.shape, record["positive_weight"]) for network, record in zip(networks, records, strict=True)}) > 1:
        raise ConfigError(
            "These networks cannot answer together: their layers or the weight of their strokes differ.",
            advice="Export runs of one version of Backbeat.",
        )
    return Ensemble(networks), list(records)


def _segments(runtime: Network, pool: SegmentPool) -> list[Labelled]:
    activations = [whole_activations(runtime, segment) for batch in pool.in_order(16) for segment in batch.features]
    return labelled_segments(activations, pool)


def _real(runtime: Network, real: Recordings) -> list[Labelled]:
    labelled = []
    for path in recordings(real.audio_folder):
        stem = read_stem(path)
        if stem.sample_rate_hz != ANALYSIS_RATE_HZ:
            raise ConfigError(
                f"{path} is not at {ANALYSIS_RATE_HZ} Hz.", advice="Thresholds are chosen on recordings at that rate."
            )
        families = read_reference(real.reference_folder / f"{path.stem}.txt")
        labelled.append(
            Labelled(activations=whole_activations(runtime, features(np.ascontiguousarray(stem.samples))), families=families)
        )
    return labelled
