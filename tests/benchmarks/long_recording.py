"""A long stereo recording for benchmarks: one file, or the shared drum stems one after another, repeated as needed."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import soundfile

RATE_HZ = 44_100
STEMS = Path(__file__).resolve().parents[2].parent / "shared" / "eval" / "dev" / "drum"


def long_recording(recording: Path | None, minutes: float) -> np.ndarray:
    """Stereo float32, shape (n, 2), at 44.1 kHz; ends the program with a message where there is no such recording."""
    paths = [recording] if recording else sorted(STEMS.glob("*.flac"))
    if not paths:
        sys.exit("The shared folder with real recordings is not beside the repository: name a --recording.")
    parts = []
    for path in paths:
        samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
        if rate_hz != RATE_HZ:
            sys.exit(f"{path} is not at 44.1 kHz.")
        parts.append(np.stack([samples[:, 0], samples[:, -1]], axis=1))
    return np.resize(np.concatenate(parts), (round(minutes * 60 * RATE_HZ), 2))
