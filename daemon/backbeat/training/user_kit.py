"""A user's own kit: a folder of one-shots, one subfolder per instrument, as sources to fine-tune on.

    my kit/kick/soft.wav
    my kit/kick/hard.wav
    my kit/hihat_closed/1.flac

The files of a folder are one drum's layers, ordered by how loud they were recorded.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile as sf
import soxr

from backbeat.errors import ConfigError
from backbeat.training.bank import Bank, Shot, Source, attack_of
from backbeat.values import ANALYSIS_RATE_HZ, Instrument

_SUFFIXES = {".wav", ".flac", ".aif", ".aiff", ".ogg"}
_LONGEST_S = 4.0
_SILENT = 1e-4


def load_user_kit(folder: Path) -> Bank:
    """Read the one-shots of a folder: any rate and channels; each is cut after 4 s.

    Raises ConfigError when no subfolder is named after an instrument, or a file in one is not audio or silent.
    """
    sources = {instrument: _sources(folder, instrument) for instrument in Instrument}
    if not any(sources.values()):
        names = ", ".join(Instrument)
        raise ConfigError(f"{folder} has no one-shots", advice=f"Put WAV or FLAC files into subfolders called {names}.")
    return Bank(sources=sources, percussion=())


def with_kit(bank: Bank, kit: Bank) -> Bank:
    """The bank with the sources of a kit added to each instrument."""
    both = {instrument: (*bank.sources[instrument], *kit.sources[instrument]) for instrument in Instrument}
    return Bank(sources=both, percussion=(*bank.percussion, *kit.percussion))


def _sources(folder: Path, instrument: Instrument) -> tuple[Source, ...]:
    files = sorted(path for path in (folder / instrument).glob("*") if path.suffix.lower() in _SUFFIXES)
    if not files:
        return ()
    shots = [shot for _, shot in sorted((_read(path) for path in files), key=lambda levelled: levelled[0])]
    return (Source(kit=folder.name, electronic=False, sound=instrument.value, name=instrument.value, shots=tuple(shots)),)


def _read(path: Path) -> tuple[float, Shot]:
    """A file's peak, and the stroke in it."""
    try:
        samples, rate_hz = sf.read(path, dtype="float32", always_2d=True)
    except sf.LibsndfileError as error:
        raise ConfigError(f"{path} cannot be read as audio", advice="Export it again as WAV or FLAC.") from error
    mono = np.ascontiguousarray(samples.mean(axis=1)[: int(_LONGEST_S * rate_hz)])
    if rate_hz != ANALYSIS_RATE_HZ:
        mono = soxr.resample(mono, rate_hz, ANALYSIS_RATE_HZ)
    peak = float(np.abs(mono).max(initial=0.0))
    if not np.isfinite(peak) or peak < _SILENT:
        raise ConfigError(f"{path} is silent or damaged", advice="Take it out of the folder, or export it again.")
    first = max(int(np.argmax(np.abs(mono) > 0.01 * peak)) - 64, 0)  # recordings may begin with a long silence
    trimmed = (mono[first:] / peak).astype(np.float32)
    return peak, Shot(samples=trimmed, attack_samples=attack_of(trimmed))
