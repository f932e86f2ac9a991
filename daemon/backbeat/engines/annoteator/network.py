"""Loads AnNOTEator's Keras network from its HDF5 file, without running anything that the file might bring along."""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]  # ships no type information
import numpy as np

from backbeat.engines.annoteator.outputs import OUTPUTS, Network
from backbeat.errors import ModelError
from backbeat.records import FloatArray

INPUT_SHAPE = (128, 18, 1)
"""Mel bands, frames, channel: a clip of 8820 samples at hop 512 (seed, 2d)."""

_LAYERS = ("InputLayer", "Conv2D", "MaxPooling2D", "Flatten", "Dense", "Dropout", "Activation", "BatchNormalization")
_INITIALISERS = ("GlorotUniform", "GlorotNormal", "HeNormal", "HeUniform", "RandomNormal", "VarianceScaling", "Zeros", "Ones")
KNOWN_CLASSES = frozenset(("Sequential", "Functional", "Model", "Policy", "DTypePolicy", *_LAYERS, *_INITIALISERS))
"""All that a model file may name. A Lambda layer holds marshalled Python code, so whatever is not listed is refused."""

KNOWN_ACTIVATIONS = frozenset({"relu", "sigmoid", "linear"})

_ADVICE = "Run `backbeat models verify`, and `backbeat models fetch annoteator` to download the model again."


def load_network(path: Path) -> Network:
    """The network in the HDF5 file at `path`, as a function; raises ModelError when the file is damaged or not trusted.

    The function is deterministic and quiet, and computes on the CPU: the network is far too small to gain by a GPU.
    """
    check_model_file(path)
    keras = _quiet_keras()
    try:
        with warnings.catch_warnings():
            # The file was written by Keras 2.8; Keras 3 warns of its way to state the input's shape.
            warnings.simplefilter("ignore", UserWarning)
            model = keras.models.load_model(path, compile=False, safe_mode=True)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelError(f"The AnNOTEator model {path} cannot be loaded: {error}", advice=_ADVICE) from error
    shapes = tuple(model.input_shape[1:]), tuple(model.output_shape[1:])
    if shapes != (INPUT_SHAPE, (len(OUTPUTS),)):
        raise ModelError(f"{path} is a Keras model, but not AnNOTEator's: it maps {shapes[0]} to {shapes[1]}.", advice=_ADVICE)

    def network(mel: FloatArray) -> FloatArray:
        # Not `predict`: it draws a progress bar.
        answer: FloatArray = np.asarray(model.predict_on_batch(mel), dtype=np.float32)
        return answer

    return network


def check_model_file(path: Path) -> None:
    """Raise ModelError unless `path` is an HDF5 model that names nothing but plain layers (`KNOWN_CLASSES`)."""
    try:
        with h5py.File(path, "r") as file:
            text = file.attrs["model_config"]
        config = json.loads(text)
    except (OSError, KeyError, ValueError) as error:
        raise ModelError(f"{path} is not a Keras model file, or it is damaged.", advice=_ADVICE) from error
    strange = sorted(set(_strange_names(config)))
    if strange:
        raise ModelError(
            f"The model {path} was not loaded: it contains {', '.join(strange)}, which could run code from the file.",
            advice="Only use AnNOTEator's own complete_network.h5: `backbeat models fetch annoteator`.",
        )


def file_digest(path: Path) -> str:
    """SHA-256 of the file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _strange_names(node: Any) -> Iterator[str]:
    """Names of classes and activations in a model configuration that are not known to be harmless."""
    if isinstance(node, list):
        for item in node:
            yield from _strange_names(item)
    if not isinstance(node, dict):
        return
    if "class_name" in node and node["class_name"] not in KNOWN_CLASSES:
        yield str(node["class_name"])
    activation = node.get("activation")
    if activation is not None and str(activation) not in KNOWN_ACTIVATIONS:
        yield f"activation {activation}"
    for item in node.values():
        yield from _strange_names(item)


def _quiet_keras() -> Any:
    """Import Keras on TensorFlow. Its log settings are read at import, so they are set before."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    with _stderr_closed():
        import keras  # noqa: PLC0415 - the log settings must come first
        import tensorflow as tf  # noqa: PLC0415

        try:
            tf.config.set_visible_devices([], "GPU")
        except RuntimeError:  # somebody in this process computes with TensorFlow already: leave its devices alone
            return keras
    return keras


@contextmanager
def _stderr_closed() -> Iterator[None]:
    """Send file descriptor 2 nowhere: TensorFlow's C++ part writes there before any log level can be set."""
    try:
        kept = os.dup(2)
    except OSError:  # a process without standard error has nothing to keep quiet
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
