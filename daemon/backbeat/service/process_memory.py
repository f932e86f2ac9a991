"""What a process takes of the memory, as the system counts it."""

from __future__ import annotations

from pathlib import Path


def resident_bytes(pid: int) -> int | None:
    """The resident set of a process on Linux; None elsewhere, and for one that is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))
    except (OSError, StopIteration, ValueError):
        return None
