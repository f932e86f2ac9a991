"""Make a library of short synthetic loops: `python tests/benchmarks/make_loops.py FOLDER [COUNT]`.

Each differs from the others: tempo, pattern, sounds. Two bars of mono WAV at 44.1 kHz, in folders of a hundred. The first folder
also has what libraries have: two names that differ in their ending only, a file that is no audio, one that is cut off.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE_HZ = 44_100
STEPS = 16
TEMPOS_BPM = (84, 96, 104, 112, 120, 128, 140, 160)
FOLDER_SIZE = 100


def loop(number: int) -> NDArray[np.float32]:
    """Two bars in sixteenths: a kick, a snare and a hat, each with chances of its own."""
    random = np.random.default_rng(number)
    step_s = 15.0 / TEMPOS_BPM[number % len(TEMPOS_BPM)]
    samples = np.zeros(round(2 * STEPS * step_s * RATE_HZ))
    for step in range(2 * STEPS):
        if step % 8 == 0 or random.random() < 0.1:
            _add(samples, step * step_s, _drum(random, 55.0, 0.25, noise=0.05), 0.8)
        if step % 8 == 4 or random.random() < 0.05:
            _add(samples, step * step_s, _drum(random, 190.0, 0.16, noise=0.7), 0.6)
        if step % 2 == 0:
            _add(samples, step * step_s, _drum(random, 7000.0, 0.05, noise=0.95), 0.25)
    return (samples / max(np.abs(samples).max(), 1.0)).astype(np.float32)


def _drum(random: np.random.Generator, frequency_hz: float, length_s: float, *, noise: float) -> NDArray[np.float64]:
    time_s = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    tone = np.sin(2 * np.pi * frequency_hz * time_s * random.uniform(0.95, 1.05))
    return ((1 - noise) * tone + noise * random.uniform(-1, 1, time_s.size)) * np.exp(-5 * time_s / length_s)


def _add(samples: NDArray[np.float64], time_s: float, sound: NDArray[np.float64], level: float) -> None:
    start = round(time_s * RATE_HZ)
    end = min(start + sound.size, samples.size)
    samples[start:end] += level * sound[: end - start]


def make_loops(folder: Path, count: int) -> None:
    """`count` good loops, and four files that are odd."""
    for number in range(count):
        inside = folder / f"pack {number // FOLDER_SIZE + 1:03}"
        inside.mkdir(parents=True, exist_ok=True)
        soundfile.write(inside / f"loop {number:05}.wav", loop(number), RATE_HZ, subtype="PCM_16")
    first = folder / "pack 001"
    soundfile.write(first / "loop 00000.aiff", loop(count), RATE_HZ, subtype="PCM_16")
    (first / "cover.wav").write_text("not a recording\n", "utf-8")
    shutil.copyfile(first / "loop 00001.wav", first / "cut off.wav")
    with (first / "cut off.wav").open("r+b") as file:
        file.truncate((first / "cut off.wav").stat().st_size // 2)
    (first / "empty.wav").touch()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("count", type=int, nargs="?", default=500)
    options = parser.parse_args()
    make_loops(options.folder, options.count)


if __name__ == "__main__":
    main()
