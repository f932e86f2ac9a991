"""What is known about a file in the cache: where it came from and which bytes it had. Kept beside it as JSON."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from backbeat.errors import ModelError
from backbeat.models.download import sha256_of


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """uri: without secrets; None where somebody put the file there by hand."""

    uri: str | None
    sha256: str
    size_bytes: int


def receipt_path(path: Path) -> Path:
    """Where the receipt of the file at `path` is."""
    return path.with_name(f"{path.name}.receipt.json")


def write_receipt(path: Path, *, uri: str | None, sha256: str) -> Receipt:
    """Note what the file at `path` is. A folder that cannot be written is put up with: then it is worked out each time."""
    receipt = Receipt(uri=uri, sha256=sha256, size_bytes=path.stat().st_size)
    target = receipt_path(path)
    temp = target.with_name(f".{target.name}.part")
    with contextlib.suppress(OSError):
        temp.write_text(json.dumps(asdict(receipt)) + "\n", "utf-8")
        temp.replace(target)
    return receipt


def read_receipt(path: Path) -> Receipt | None:
    """The receipt of the file at `path`; made on the spot for a file that has none; None when there is no file.

    Raises ModelError when the file cannot be read.
    """
    try:
        if not path.is_file():
            return None
        return Receipt(**json.loads(receipt_path(path).read_text("utf-8")))
    except PermissionError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.", advice="Check its permissions.") from error
    except (OSError, ValueError, TypeError):
        return write_receipt(path, uri=None, sha256=sha256_of(path))
