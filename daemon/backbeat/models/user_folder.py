"""A demucs repository that the user names by its path, and whether its files may be loaded."""

from __future__ import annotations

from pathlib import Path

from backbeat.errors import ModelError
from backbeat.models.download import sha256_of

PICKLES = {".th", ".pt", ".pth", ".ckpt", ".pkl"}
"""Loading one of these runs what is written in it."""


def is_path(name: str) -> bool:
    """Whether a model's name is meant as a path."""
    return "/" in name or "\\" in name or name.startswith("~")


def user_folder(name: str, trusted: frozenset[str], *, allow_unverified: bool) -> Path:
    """The folder that `name` (a folder, or a file in it) stands for.

    Raises ModelError when it is not there, or when it holds a pickle that is not in `trusted` (SHA-256) and the user
    has not given their word.
    """
    path = Path(name).expanduser()
    folder = path if path.is_dir() else path.parent
    if not path.is_absolute() or not path.exists():
        raise ModelError(
            f"There is no demucs model at {name}.", advice="Give the full path of a folder with a model, or htdemucs."
        )
    if allow_unverified:
        return folder
    try:
        unknown = [file for file in sorted(folder.iterdir()) if file.suffix.lower() in PICKLES and sha256_of(file) not in trusted]
    except OSError as error:
        raise ModelError(
            f"{folder} cannot be read: {error.strerror or error}.", advice="Check the folder's permissions."
        ) from error
    if unknown:
        raise ModelError(
            f"{unknown[0].name} in {folder} is not a file that Backbeat knows, and loading such a file can run any program.",
            advice="If you trust where it came from, set models.allow_unverified = true in the config.",
        )
    return folder
