"""The records of a run between its stages, as files: a line of JSON, then samples as NumPy has them. Nothing that could run."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Any, BinaryIO

import numpy as np

from backbeat import __version__
from backbeat.errors import StorageError
from backbeat.farm.storage import Storage
from backbeat.pipeline.analysis_json import analysis_from_json, analysis_to_json
from backbeat.pipeline.request import Request
from backbeat.records import Analysis, Audio, DrumStem
from backbeat.values import StemOrigin

Timings = dict[str, float]


@dataclass(frozen=True)
class RunRecords:
    """What the stages of a run hand to one another. Each is there whole or not at all, and says that its stage is done.

    Every method may raise StorageError.
    """

    storage: Storage
    run: str

    @property
    def folder(self) -> str:
        """Where they lie; records of another version are none."""
        return f"{__version__}/{self.run}"

    def has(self, record: type[Audio] | type[DrumStem] | type[Analysis]) -> bool:
        """Whether that record is there."""
        return self.storage.has(self._name(record))

    def put_audio(self, audio: Audio, timings_s: Timings) -> None:
        """Keep the recording, and how long the stages took that led to it."""
        with self.storage.writing(self._name(Audio)) as file:
            _write_head(file, {**_plain(audio, without=("samples", "path", "fingerprint")), "timings_s": timings_s})
            _write_samples(file, audio.samples)

    def audio(self, request: Request) -> tuple[Audio, Timings]:
        """The recording of that request."""
        with self.storage.reading(self._name(Audio)) as file:
            head = _read_head(file)
            timings_s = head.pop("timings_s")
            head["warnings"] = tuple(head["warnings"])
            audio = Audio(samples=_read_samples(file), path=request.path, fingerprint=request.fingerprint, **head)
            return audio, timings_s

    def put_stem(self, stem: DrumStem, timings_s: Timings) -> None:
        """Keep the stem. Where nothing was separated it is the recording itself, and its samples are not kept twice."""
        with self.storage.writing(self._name(DrumStem)) as file:
            _write_head(file, {**_plain(stem, without=("samples",)), "timings_s": timings_s})
            if stem.origin is StemOrigin.SEPARATED:
                _write_samples(file, stem.samples)

    def stem(self, audio: Audio) -> tuple[DrumStem, Timings]:
        """The drum stem of that recording."""
        with self.storage.reading(self._name(DrumStem)) as file:
            head = _read_head(file)
            timings_s = head.pop("timings_s")
            head["warnings"] = tuple(head["warnings"])
            head["origin"] = StemOrigin(head["origin"])
            samples = _read_samples(file) if head["origin"] is StemOrigin.SEPARATED else audio.mono()
            return DrumStem(samples=samples, **head), timings_s

    def put_analysis(self, analysis: Analysis) -> None:
        """Keep what was heard."""
        with self.storage.writing(self._name(Analysis)) as file:
            file.write(analysis_to_json(analysis))

    def analysis(self) -> Analysis:
        """What was heard."""
        with self.storage.reading(self._name(Analysis)) as file:
            return analysis_from_json(json.loads(file.read()))

    def remove(self) -> None:
        """The run is over."""
        self.storage.remove(self.folder)

    def _name(self, record: type[Any]) -> str:
        return f"{self.folder}/{record.__name__.lower()}"


def _plain(record: Audio | DrumStem, *, without: tuple[str, ...]) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in fields(record) if field.name not in without}


def _write_head(file: BinaryIO, head: dict[str, Any]) -> None:
    file.write(json.dumps(head).encode("ascii") + b"\n")


def _read_head(file: BinaryIO) -> dict[str, Any]:
    head: dict[str, Any] = json.loads(file.readline())
    return head


def _write_samples(file: BinaryIO, samples: np.ndarray[Any, Any]) -> None:
    np.lib.format.write_array(file, np.ascontiguousarray(samples, dtype=np.float32), allow_pickle=False)


def _read_samples(file: BinaryIO) -> np.ndarray[Any, Any]:
    samples: np.ndarray[Any, Any] = np.lib.format.read_array(file, allow_pickle=False)
    if samples.dtype != np.float32:
        raise StorageError("A recording in the farm's storage is not one of ours.")
    return samples
