"""The weights that ship, read back from `net.onnx` into the network they came from, so that training can go on from them.

On export every batch normalisation behind a convolution was folded into it. Here the folded convolution is put back with a
normalisation that changes nothing: the answers are the same, and `read_back` proves it. The families' head does not ship; it
starts anew and is not used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from backbeat.errors import ModelError
from backbeat.training.onnx_export import TOLERANCE
from backbeat.training.recogniser.export import ExportedNetwork, largest_difference
from backbeat.training.recogniser.network import DrumNetwork, Ensemble, NetworkShape

_ADVICE = "Start from the net.onnx of this version of Backbeat, or from one that it exported."
_PREFIX = "network."
_FIRST = "members.0."


@dataclass(frozen=True, kw_only=True)
class StartingPoint:
    """Trained networks that answer together, ready to, and the weight that positives had in its training."""

    network: Ensemble
    positive_weight: float


def read_back(path: Path) -> StartingPoint:
    """The network of an exported file.

    Raises ModelError when the file is missing or no network of ours, or when what was read does not answer as the file does.
    """
    try:
        graph = _Graph.read(path)
        network = Ensemble([DrumNetwork(graph.shape()) for _ in range(graph.members())]).eval()
        _fill(network, graph)
        positive_weight = graph.positive_weight()
    except Exception as error:  # onnx, protobuf and torch raise a dozen kinds of their own
        raise ModelError(f"{path} cannot be read as a network of this version of Backbeat: {error}", advice=_ADVICE) from error
    difference = largest_difference(ExportedNetwork(network, positive_weight).eval(), path)
    if not difference <= TOLERANCE:
        raise ModelError(f"The network read from {path} answers otherwise than the file, by {difference:.2g}.", advice=_ADVICE)
    return StartingPoint(network=network, positive_weight=positive_weight)


@dataclass(frozen=True, kw_only=True)
class _Graph:
    """What an ONNX file holds. convolutions: module path to its node; values: initialisers and constants by name."""

    convolutions: dict[str, Any]
    values: dict[str, Tensor]
    nodes: tuple[Any, ...]

    @classmethod
    def read(cls, path: Path) -> _Graph:
        import onnx  # noqa: PLC0415 - of the extra `train`

        graph = onnx.load(str(path), load_external_data=False).graph
        values = {item.name: _tensor(item) for item in graph.initializer}
        values |= {node.output[0]: _tensor(_attribute(node, "value")) for node in graph.node if node.op_type == "Constant"}
        values |= {  # weights that two networks happen to share are written once
            node.output[0]: values[node.input[0]] for node in graph.node if node.op_type == "Identity" and node.input[0] in values
        }
        convolutions = {_of_member(_module_path(node.name)): node for node in graph.node if node.op_type == "Conv"}
        return cls(convolutions=convolutions, values=values, nodes=tuple(graph.node))

    def members(self) -> int:
        """How many networks answer together."""
        return 1 + max(int(name.split(".")[1]) for name in self.convolutions)

    def shape(self) -> NetworkShape:
        """The sizes of each of the networks that were exported."""
        first = [name for name in self.convolutions if name.startswith(_FIRST)]
        frequency = [name for name in first if name.startswith(f"{_FIRST}frequency.")]
        blocks = [name for name in first if name.startswith(f"{_FIRST}time.") and name.endswith("body.0")]
        song = [name for name in first if name.endswith("listen.0")]
        return NetworkShape(
            frequency_channels=tuple(len(self._weight(name)) for name in frequency),
            width=len(self._weight(f"{_FIRST}gather.0")),
            kernel=int(self._weight(blocks[0]).shape[-1]),
            dilations=tuple(int(_attribute(self.convolutions[name], "dilations")[0]) for name in blocks),
            song_width=len(self._weight(song[0])) if song else 0,
        )

    def _weight(self, convolution: str) -> Tensor:
        return self.values[self.convolutions[convolution].input[1]]

    def positive_weight(self) -> float:
        """The weight that was taken out of the logits before the last sigmoid; 1 when none was."""
        makers = {node.output[0]: node for node in self.nodes}
        before = makers[makers["instruments"].input[0]]
        return math.exp(float(self.values[before.input[1]])) if before.op_type == "Sub" else 1.0


def _fill(network: Ensemble, graph: _Graph) -> None:
    """Put every weight of the file where it came from."""
    state = network.state_dict()
    filled = {name: values for key, values in graph.values.items() if (name := _of_member(key.removeprefix(_PREFIX))) in state}
    for name, node in graph.convolutions.items():
        weight, bias = (graph.values[key] for key in node.input[1:])
        filled[f"{name}.weight"] = weight
        if f"{name}.bias" in state:
            filled[f"{name}.bias"] = bias
        else:
            filled |= _unchanging(network, name, bias)
    wanted = {name for name in state if ".families." not in name and not name.endswith("num_batches_tracked")}
    if missing := wanted - filled.keys():
        raise ValueError(f"it lacks {', '.join(sorted(missing))}")
    network.load_state_dict(filled, strict=False)


def _unchanging(network: Ensemble, convolution: str, bias: Tensor) -> dict[str, Tensor]:
    """The normalisation behind a convolution without a bias, as one that only adds `bias`."""
    parent, _, place = convolution.rpartition(".")
    name = f"{parent}.{int(place) + 1}"
    normalisation = network.get_submodule(name)
    if not isinstance(normalisation, nn.BatchNorm1d | nn.BatchNorm2d):
        raise TypeError(f"{name} is no normalisation")
    ones = torch.ones_like(bias)
    return {
        f"{name}.weight": ones,
        f"{name}.bias": bias,
        f"{name}.running_mean": torch.zeros_like(bias),
        f"{name}.running_var": ones - normalisation.eps,
    }


def _of_member(name: str) -> str:
    """The name within an ensemble; a network that was exported alone counts as one of a single member."""
    return name if name.startswith("members.") else _FIRST + name


def _module_path(node_name: str) -> str:
    """`/network/time/time.0/body/body.0/Conv` to `time.0.body.0`: a part of a sequence repeats the sequence's name."""
    parts: list[str] = []
    for part in node_name.strip("/").split("/")[1:-1]:
        if parts and part.rpartition(".")[0] == parts[-1]:
            parts.pop()
        parts.append(part)
    return ".".join(parts)


def _attribute(node: Any, name: str) -> Any:
    from onnx import helper  # noqa: PLC0415 - of the extra `train`

    return next(helper.get_attribute_value(item) for item in node.attribute if item.name == name)


def _tensor(item: Any) -> Tensor:
    from onnx import numpy_helper  # noqa: PLC0415 - of the extra `train`

    return torch.from_numpy(np.array(numpy_helper.to_array(item)))
