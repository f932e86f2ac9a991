"""What a download may cost, and where it may go."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class DownloadLimits:
    """max_bytes: larger files are refused. timeout_s: for the whole download, however steadily it trickles.

    allow_local_addresses: also fetch from this computer and the local network.
    """

    max_bytes: int
    timeout_s: float
    allow_local_addresses: bool = False
