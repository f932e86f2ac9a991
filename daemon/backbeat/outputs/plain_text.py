"""Names that come from file names, made fit for formats that allow less than file systems do."""

from __future__ import annotations


def plain_text(text: str) -> str:
    """`text` without control characters, safe in XML 1.0, in MIDI text events and in UTF-8.

    Bytes of a file name that are not UTF-8 become question marks.
    """
    encoded = text.encode(errors="replace").decode()
    return "".join(char if char.isprintable() else " " for char in encoded).strip()
