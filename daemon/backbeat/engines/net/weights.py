"""Where the weights of the engine `net` are: `net.onnx` and `net.json` beside this file, or in a folder of the user's own.

`backbeat train --kit` writes such a folder.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from backbeat.engines.net.files import content_mark
from backbeat.engines.net.settings import NetSettings, read_settings
from backbeat.errors import ModelError

NETWORK = "net.onnx"
SETTINGS = "net.json"
BUILT_IN = Path(__file__).parent
"""The folder of the weights that ship."""
ADVICE = "Train them again (backbeat train --kit), or take net_weights out of [models] in your config."


def check_weights(folder: Path) -> NetSettings:
    """The settings of a folder whose two files are there, whole, and belong together.

    Raises ModelError that says what is wrong. The network itself is not loaded.
    """
    missing = [name for name in (NETWORK, SETTINGS) if not (folder / name).is_file()]
    if missing:
        raise ModelError(f"Your weights are not in {folder}: there is no {' and no '.join(missing)}.", advice=ADVICE)
    try:
        settings = read_settings(folder / SETTINGS)
        found = hashlib.sha256((folder / NETWORK).read_bytes()).hexdigest()
    except (ModelError, OSError) as error:
        raise ModelError(f"Your weights in {folder} cannot be read: {error}", advice=ADVICE) from error
    if not found.startswith(settings.version):
        raise ModelError(
            f"Your weights in {folder} are damaged: {NETWORK} is not the file that {SETTINGS} was written for.", advice=ADVICE
        )
    return settings


def weights_mark(folder: Path | None) -> str:
    """Text that changes whenever the weights do, also those that ship; never raises. What was heard is kept under it."""
    return content_mark((folder or BUILT_IN) / SETTINGS)  # which names the version of the network beside it
