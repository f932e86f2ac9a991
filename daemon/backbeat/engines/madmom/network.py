"""madmom's ensemble of recurrent networks, run on all networks, directions and pieces of a recording at once.

madmom computes one small network after the other, frame by frame, and spends its time between the operations. The
arithmetic here is the same (LSTM with peepholes: F. Gers, N. Schraudolph, J. Schmidhuber, "Learning Precise Timing
with LSTM Recurrent Networks", JMLR 2002) on its weights, stacked; the answers agree to float32 rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backbeat.records import FloatArray

_BLOCK_FRAMES = 256  # frames whose inputs are weighted at once; bounds the memory


@dataclass(frozen=True, kw_only=True, eq=False)
class LstmLayer:
    """One bidirectional layer of all networks.

    All arrays have the axes direction (forward, backward) and network first, and then these:
    weights: (inputs, 4 x units). recurrent: (units, 4 x units). bias: (4 x units,). Gate order: input, forget, output,
    cell. peepholes: (3, units) for the first three.
    """

    weights: FloatArray
    recurrent: FloatArray
    bias: FloatArray
    peepholes: FloatArray

    def run(self, inputs: FloatArray, between: Callable[[], None]) -> FloatArray:
        """Inputs (networks or 1, pieces, frames, n) to outputs (networks, pieces, frames, 2 x units)."""
        both = (inputs, inputs[:, :, ::-1])
        networks, units = self.recurrent.shape[1:3]
        pieces, frames = inputs.shape[1:3]
        outputs = np.empty((2, networks, pieces, frames, units), dtype=np.float32)
        last = np.zeros((2, networks, pieces, units), dtype=np.float32)
        state = np.zeros_like(last)
        to_input, to_forget, to_output = np.moveaxis(self.peepholes, 2, 0)[:, :, :, np.newaxis]
        for start in range(0, frames, _BLOCK_FRAMES):
            between()
            block = np.stack([side[:, :, start : start + _BLOCK_FRAMES] for side in both])
            weighted = block @ self.weights[:, :, np.newaxis] + self.bias[:, :, np.newaxis, np.newaxis]
            for n in range(block.shape[3]):
                gates = last @ self.recurrent
                gates += weighted[:, :, :, n]
                enter = _sigmoid(gates[..., :units] + state * to_input)
                keep = _sigmoid(gates[..., units : 2 * units] + state * to_forget)
                state = np.tanh(gates[..., 3 * units :]) * enter + state * keep
                leave = _sigmoid(gates[..., 2 * units : 3 * units] + state * to_output)
                last = np.tanh(state) * leave
                outputs[:, :, :, start + n] = last
        return np.concatenate([outputs[0], outputs[1, :, :, ::-1]], axis=-1)


@dataclass(frozen=True, kw_only=True, eq=False)
class LstmEnsemble:
    """Networks of equal shape: bidirectional layers, then a softmax layer, then the mean over the networks.

    weights: (networks, inputs, classes). bias: (networks, classes).
    """

    layers: tuple[LstmLayer, ...]
    weights: FloatArray
    bias: FloatArray

    def run(self, features: FloatArray, between: Callable[[], None]) -> FloatArray:
        """Features (pieces, frames, n) to class probabilities (pieces, frames, classes), float32.

        `between` is called every few hundred frames of each layer; what it raises passes through.
        """
        data = features[np.newaxis]
        for layer in self.layers:
            data = layer.run(data, between)
        scores = data @ self.weights[:, np.newaxis] + self.bias[:, np.newaxis, np.newaxis]
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        mean: FloatArray = scores.mean(axis=0)
        return mean


def ensemble_from_madmom(networks: Sequence[Any]) -> LstmEnsemble:
    """Stack `madmom.ml.nn.NeuralNetwork` objects whose layers are bidirectional LSTMs and one softmax at the end."""
    depth = len(networks[0].layers) - 1
    final = [network.layers[depth] for network in networks]
    return LstmEnsemble(
        layers=tuple(_stacked([network.layers[n] for network in networks]) for n in range(depth)),
        weights=np.stack([layer.weights for layer in final]).astype(np.float32),
        bias=np.stack([layer.bias for layer in final]).astype(np.float32),
    )


def _stacked(layers: Sequence[Any]) -> LstmLayer:
    sides = [[layer.fwd_layer for layer in layers], [layer.bwd_layer for layer in layers]]

    def stack(pick: Callable[[Any], Any]) -> FloatArray:
        return np.array([[pick(layer) for layer in side] for side in sides], dtype=np.float32)

    def gates(layer: Any) -> tuple[Any, ...]:
        return layer.input_gate, layer.forget_gate, layer.output_gate, layer.cell

    return LstmLayer(
        weights=stack(lambda layer: np.concatenate([gate.weights for gate in gates(layer)], axis=1)),
        recurrent=stack(lambda layer: np.concatenate([gate.recurrent_weights for gate in gates(layer)], axis=1)),
        bias=stack(lambda layer: np.concatenate([gate.bias for gate in gates(layer)])),
        peepholes=stack(lambda layer: np.stack([gate.peephole_weights for gate in gates(layer)[:3]])),
    )


def _sigmoid(values: FloatArray) -> FloatArray:
    """The logistic function; by tanh, which cannot overflow."""
    sigmoid: FloatArray = np.tanh(values * np.float32(0.5)) * np.float32(0.5) + np.float32(0.5)
    return sigmoid
