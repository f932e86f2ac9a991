"""What `backbeat train` needs that the plain install lacks."""

from __future__ import annotations

from importlib.util import find_spec

from backbeat.errors import EngineMissing
from backbeat.extras import how_to_add


def need_torch() -> None:
    """Raises EngineMissing, with what to type, where torch is not installed; does not import it."""
    if find_spec("torch") is None:
        raise EngineMissing("Training needs torch, which is not installed.", advice=how_to_add("train"))
