"""Sound as a WAV file that appears whole or not at all."""

from __future__ import annotations

from pathlib import Path

import soundfile

from backbeat.errors import OutputError
from backbeat.outputs.write_atomic import atomic_path
from backbeat.records import DrumStem, FloatArray


def stem_to_wav(stem: DrumStem, path: Path) -> None:
    """Write `stem`, mono, at its own sample rate, as 32-bit float: nothing is clipped or rounded. Raises OutputError."""
    sound_to_wav(stem.samples, stem.sample_rate_hz, path, subtype="FLOAT", name="drum stem")


def sound_to_wav(samples: FloatArray, sample_rate_hz: int, path: Path, *, subtype: str, name: str) -> None:
    """Write samples, float32 (n,) or (n, channels). subtype: libsndfile's, such as PCM_24. Raises OutputError naming `name`."""
    with atomic_path(path) as temp:
        try:
            soundfile.write(temp, samples, sample_rate_hz, format="WAV", subtype=subtype)
        except soundfile.LibsndfileError as error:
            raise _cause(temp, name, error) from error


def _cause(temp: Path, name: str, error: soundfile.LibsndfileError) -> Exception:
    """The system's own error where there is one: libsndfile only says that writing failed."""
    try:
        with temp.open("ab") as file:
            file.write(b"\0")
            file.flush()
    except OSError as system_error:
        return system_error
    return OutputError(f"The {name} could not be written: {error.error_string}", advice="Check that the disk is not full.")
