"""Backbeat's own networks opened with ONNX Runtime, as suits a daemon that waits beside a DAW."""

from __future__ import annotations

import os
from pathlib import Path

import onnxruntime

from backbeat.engines.net.files import DAMAGED_ADVICE
from backbeat.errors import ModelError


def open_session(path: Path, *, whose: str, most_threads: int) -> onnxruntime.InferenceSession:
    """An exported network, ready to run.

    whose: for the message, such as "recogniser". most_threads: of the cores there are, at most so many; where layers are small,
    more threads wait for one another. Raises ModelError when the file is missing or is no network.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(most_threads, os.cpu_count() or 1)
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # a waiting daemon leaves the cores to the DAW
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # it raises a dozen kinds of its own
        raise ModelError(f"The built-in {whose}'s network cannot be loaded: {error}", advice=DAMAGED_ADVICE) from error
