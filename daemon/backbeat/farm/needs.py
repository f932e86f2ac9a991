"""Whether this installation has what a farm needs; imports none of it."""

from __future__ import annotations

from importlib.util import find_spec

from backbeat.errors import EngineMissing
from backbeat.extras import how_to_add

PACKAGES = ("celery", "redis", "fsspec")


def need_farm() -> None:
    """Raises EngineMissing where the packages of the extra `farm` are not there."""
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise EngineMissing(f"A farm needs {', '.join(missing)}, which is not installed.", advice=how_to_add("farm"))
