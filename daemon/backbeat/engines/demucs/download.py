"""The child that `models/fetch_demucs.py` starts: lets demucs download a model. Not imported by anything else.

python -m backbeat.engines.demucs.download NAME FOLDER
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Put demucs's description of the model NAME into FOLDER, then download the weights into demucs's caches."""
    from demucs.pretrained import REMOTE_ROOT, get_model  # noqa: PLC0415 - the package is optional

    name, folder = arguments
    shutil.copyfile(REMOTE_ROOT / f"{name}.yaml", Path(folder) / f"{name}.yaml")
    get_model(name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
