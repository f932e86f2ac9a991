"""The drum stem as a file: 32-bit float WAV, so that nothing is clipped or rounded."""

from __future__ import annotations

from pathlib import Path

import soundfile

from backbeat.errors import OutputError
from backbeat.outputs.write_atomic import atomic_path
from backbeat.records import DrumStem


def stem_to_wav(stem: DrumStem, path: Path) -> None:
    """Write `stem`, mono, at its own sample rate; `path` appears whole. Raises OutputError."""
    with atomic_path(path) as temp:
        try:
            soundfile.write(temp, stem.samples, stem.sample_rate_hz, format="WAV", subtype="FLOAT")
        except soundfile.LibsndfileError as error:
            raise _cause(temp, error) from error


def _cause(temp: Path, error: soundfile.LibsndfileError) -> Exception:
    """The system's own error where there is one: libsndfile only says that writing failed."""
    try:
        with temp.open("ab") as file:
            file.write(b"\0")
            file.flush()
    except OSError as system_error:
        return system_error
    return OutputError(f"The drum stem could not be written: {error.error_string}", advice="Check that the disk is not full.")
