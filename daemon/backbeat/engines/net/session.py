"""Backbeat's own networks opened with ONNX Runtime, as suits a daemon that waits beside a DAW."""

from __future__ import annotations

import os
from pathlib import Path

import onnxruntime

from backbeat.engines.net.files import DAMAGED_ADVICE
from backbeat.errors import ModelError

_PART_ELSEWHERE = b"\x0a\x08location"
"""How ONNX begins to say in which other file a tensor lies (StringStringEntryProto, `key` = "location")."""


def open_session(path: Path, *, whose: str, most_threads: int) -> onnxruntime.InferenceSession:
    """An exported network, ready to run.

    whose: for the message, such as "recogniser". most_threads: of the cores there are, at most so many; where layers are small,
    more threads wait for one another. Raises ModelError when the file is missing, is no network, or has parts in other files.
    """
    _refuse_other_files(path, whose)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(most_threads, os.cpu_count() or 1)
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # a waiting daemon leaves the cores to the DAW
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # it raises a dozen kinds of its own
        raise ModelError(f"The built-in {whose}'s network cannot be loaded: {error}", advice=DAMAGED_ADVICE) from error


def _refuse_other_files(path: Path, whose: str) -> None:
    """Our networks are one file each: one that names others could have any file of this computer read as its numbers."""
    try:
        names_others = _PART_ELSEWHERE in path.read_bytes()
    except OSError as error:
        raise ModelError(f"The built-in {whose}'s network cannot be loaded: {error}", advice=DAMAGED_ADVICE) from error
    if names_others:
        raise ModelError(f"The {whose}'s network {path} is not loaded: it has parts in other files.", advice=DAMAGED_ADVICE)
