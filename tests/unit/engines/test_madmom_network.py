from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from backbeat.engines.madmom.network import ensemble_from_madmom
from backbeat.errors import Cancelled
from backbeat.records import FloatArray

UNITS = 3


def quiet() -> None:
    """Watch nothing."""


def some_gate(random: np.random.Generator, inputs: int, *, peepholes: bool) -> SimpleNamespace:
    return SimpleNamespace(
        weights=random.standard_normal((inputs, UNITS)).astype(np.float32),
        recurrent_weights=random.standard_normal((UNITS, UNITS)).astype(np.float32),
        bias=random.standard_normal(UNITS).astype(np.float32),
        peephole_weights=random.standard_normal(UNITS).astype(np.float32) if peepholes else None,
    )


def some_side(random: np.random.Generator, inputs: int) -> SimpleNamespace:
    gates = {name: some_gate(random, inputs, peepholes=True) for name in ("input_gate", "forget_gate", "output_gate")}
    return SimpleNamespace(**gates, cell=some_gate(random, inputs, peepholes=False))


def some_network(random: np.random.Generator, inputs: int) -> SimpleNamespace:
    layers = [
        SimpleNamespace(fwd_layer=some_side(random, size), bwd_layer=some_side(random, size)) for size in (inputs, 2 * UNITS)
    ]
    final = SimpleNamespace(weights=random.standard_normal((2 * UNITS, 3)), bias=random.standard_normal(3))
    return SimpleNamespace(layers=[*layers, final])


def logistic(values: FloatArray) -> FloatArray:
    return 1 / (1 + np.exp(-values))


def run_side(side: Any, data: FloatArray) -> FloatArray:
    """The textbook LSTM with peepholes, frame by frame."""

    def weighted(gate: Any, frame: FloatArray) -> FloatArray:
        return frame @ gate.weights + last @ gate.recurrent_weights + gate.bias

    last, state, rows = np.zeros(UNITS), np.zeros(UNITS), []
    for frame in data:
        enter = logistic(weighted(side.input_gate, frame) + state * side.input_gate.peephole_weights)
        keep = logistic(weighted(side.forget_gate, frame) + state * side.forget_gate.peephole_weights)
        state = np.tanh(weighted(side.cell, frame)) * enter + state * keep
        leave = logistic(weighted(side.output_gate, frame) + state * side.output_gate.peephole_weights)
        last = np.tanh(state) * leave
        rows.append(last)
    return np.array(rows)


def run_network(network: Any, data: FloatArray) -> FloatArray:
    for layer in network.layers[:-1]:
        data = np.hstack([run_side(layer.fwd_layer, data), run_side(layer.bwd_layer, data[::-1])[::-1]])
    scores = np.exp(data @ network.layers[-1].weights + network.layers[-1].bias)
    return scores / scores.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("frames", [1, 7, 300])
def test_all_at_once_gives_what_one_after_the_other_gives(frames: int) -> None:
    random = np.random.default_rng(frames)
    networks = [some_network(random, 5) for _ in range(2)]
    pieces = random.standard_normal((3, frames, 5)).astype(np.float32)
    answers = ensemble_from_madmom(networks).run(pieces, quiet)
    assert answers.dtype == np.float32
    for piece, answer in zip(pieces, answers, strict=True):
        expected = np.mean([run_network(network, piece) for network in networks], axis=0)
        assert np.allclose(answer, expected, atol=1e-5)


def test_what_the_watcher_raises_passes_through() -> None:
    def cancel() -> None:
        raise Cancelled("stop")

    random = np.random.default_rng(0)
    ensemble = ensemble_from_madmom([some_network(random, 5)])
    with pytest.raises(Cancelled):
        ensemble.run(np.zeros((1, 10, 5), dtype=np.float32), cancel)
