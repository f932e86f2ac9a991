"""Did you mean: the right section first, then the right word, then what merely looks alike."""

from __future__ import annotations

import pytest

from backbeat.config.schema import KEYS
from backbeat.config.suggest import suggest


@pytest.mark.parametrize(
    ("unknown", "meant"),
    [
        ("osc.prot", "osc.port"),
        ("osc.max_que", "osc.max_queue"),
        ("models.port", "osc.port"),
        ("port", "osc.port"),
        ("level", "log.level"),
        ("transcribe.seperation", "transcribe.separation"),
        ("oscc.host", "osc.host"),
        ("inbx", "inbox"),
        ("zzz.qqq", None),
    ],
)
def test_the_most_likely_setting_is_suggested(unknown: str, meant: str | None) -> None:
    assert suggest(unknown, KEYS) == meant
