"""A MIDI file as FluidSynth plays it, and where strokes begin in what it played: the judge is a program that is not ours."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE_HZ = 44_100
SOUND_FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
"""Debian's fluid-soundfont-gm."""

HOP = 22  # samples: half a millisecond
RISE_HOPS = 8  # a stroke gets louder within 4 ms
THRESHOLD = 1.2  # natural logarithm of amplitude
APART_HOPS = 80  # 40 ms: beginnings that are closer are one

FloatArray = NDArray[np.floating]


def played_by_fluidsynth(fluidsynth: str, midi: Path, wav: Path) -> FloatArray:
    """Render offline, dry; float32 mono at RATE_HZ."""
    command = [fluidsynth, "-n", "-i", "-q", "-R", "0", "-C", "0", "-g", "0.4", "-r", str(RATE_HZ), "-F", str(wav)]
    subprocess.run([*command, str(SOUND_FONT), str(midi)], check=True, timeout=300, capture_output=True)
    samples, rate_hz = soundfile.read(wav, dtype="float32")
    wav.unlink()
    assert rate_hz == RATE_HZ
    mono: FloatArray = samples.mean(axis=1)
    return mono


def beginnings_s(samples: FloatArray) -> FloatArray:
    """Where it suddenly gets louder, in seconds, rising: the steepest place of each rise."""
    bright = np.diff(samples, prepend=0.0)  # highs tell beginnings apart from what still rings
    hops = len(bright) // HOP
    level = np.sqrt((bright[: hops * HOP].reshape(hops, HOP) ** 2).mean(axis=1))
    loudness = np.log(np.convolve(level, np.ones(4) / 4, mode="same") + 1e-4)
    rise = np.zeros(hops)
    rise[RISE_HOPS:] = loudness[RISE_HOPS:] - loudness[:-RISE_HOPS]
    found: list[int] = []
    for hop in np.flatnonzero(rise > THRESHOLD):
        if not found or hop - found[-1] > APART_HOPS:
            found.append(int(hop))
        elif rise[hop] > rise[found[-1]]:
            found[-1] = int(hop)
    return (np.array(found, dtype=float) - RISE_HOPS / 2) * HOP / RATE_HZ


def nearest_errors_s(wanted_s: FloatArray, found_s: FloatArray, within_s: float = 0.04) -> FloatArray:
    """For each wanted time the distance to the nearest found one; NaN where none is near. `found_s` is not empty."""
    after = np.clip(np.searchsorted(found_s, wanted_s), 1, len(found_s) - 1)
    nearest = np.where(wanted_s - found_s[after - 1] < found_s[after] - wanted_s, after - 1, after)
    error: FloatArray = found_s[nearest] - wanted_s
    error[np.abs(error) > within_s] = np.nan
    return error
