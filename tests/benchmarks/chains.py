"""What each shipped effect chain does to accuracy: on good recordings, and on the same ones made worse in several ways.

    uv run --all-extras python tests/benchmarks/chains.py

Needs the shared folder with recordings beside the checkout. Each figure is one micro F-measure over all seven recordings,
by the shared scorer (five classes, 50 ms). The chains have not been fitted to these recordings: nothing in them was changed
after the first look at these figures but that chains which did not help were left out.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import soundfile as sf
from recordings import SHARED, score, transcribe
from worsened import WAYS

from backbeat.outputs.preset_files import chain_files

DEV = SHARED / "eval/dev"


def mono(path: Path) -> tuple:
    samples, rate_hz = sf.read(path, dtype="float32", always_2d=True)
    return samples.mean(axis=1), rate_hz


def prepared(kind: str, way: str, folder: Path) -> list[Path]:
    """The seven recordings of a kind, made worse; where they lie."""
    recordings = sorted((DEV / kind).glob("*.flac"))
    if way == "as it is":
        return recordings
    paths = []
    for recording in recordings:
        samples, rate_hz = mono(recording)
        paths.append(folder / f"{recording.stem}.wav")
        sf.write(paths[-1], WAYS[way](samples, rate_hz, mono(DEV / "mix" / recording.name)[0]), rate_hz, subtype="FLOAT")
    return paths


def main() -> None:
    chains = ["none", *sorted(chain_files())]
    print(f"{'':20}" + "".join(f"{chain:>18}" for chain in chains))
    rows = [("drum", "as it is"), ("mix", "as it is"), *(("drum", way) for way in WAYS)]
    for kind, way in rows:
        with tempfile.TemporaryDirectory() as folder:
            paths = prepared(kind, way, Path(folder))
            figures = []
            for chain in chains:
                with tempfile.TemporaryDirectory() as out:
                    transcribe(paths, Path(out), "--engine", "net", "--beats", "none", "--chain", chain)
                    figures.append(score(DEV / "ref", Path(out))["F"])
        print(f"{kind + ', ' + way:20}" + "".join(f"{figure:18.4f}" for figure in figures), flush=True)


if __name__ == "__main__":
    sys.exit(main())
