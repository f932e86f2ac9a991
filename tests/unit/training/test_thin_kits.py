"""Playing that recorded grooves lack: kick and snare without a timekeeper, a beater that clicks."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from backbeat.training.mixing.mixdown import MixChances
from backbeat.training.playing.part import PlayChances
from backbeat.training.playing.performance import GROUPS, Group
from backbeat.training.segments.segment import render_segment
from backbeat.training.sources import Sources, load_sources

NOTHING = MixChances(**{field.name: 0.0 for field in fields(MixChances)})


@pytest.fixture
def sources(tiny_bank: Path) -> Sources:
    return load_sources(tiny_bank)


def test_there_is_playing_without_hats_and_rides(sources: Sources) -> None:
    sources.play = PlayChances(no_timekeeper=1.0, group_silent=0.0)
    rng = np.random.default_rng(0)
    struck = [{GROUPS[hit.instrument] for hit in render_segment(rng, sources, 4.0).hits} for _ in range(10)]
    without = [groups for groups in struck if groups and not groups & {Group.HATS, Group.RIDE}]
    assert len(without) >= 8  # who plays nothing else keeps the hats


def test_a_clicking_beater_is_brighter(sources: Sources) -> None:
    def brightness(chances: MixChances) -> float:
        fresh = sources.fresh()
        fresh.mix = chances
        fresh.play = PlayChances(no_timekeeper=1.0, group_silent=0.0, percussion=0.0, no_drums=0.0)
        power = np.zeros(4 * 44_100 // 2 + 1)
        for seed in range(6):
            power += np.abs(np.fft.rfft(render_segment(np.random.default_rng(seed), fresh, 4.0).samples)) ** 2
        hz = np.fft.rfftfreq(4 * 44_100, 1 / 44_100)
        return float(power[hz > 4000].sum() / power.sum())

    clicking = MixChances(**{field.name: 1.0 if field.name == "clicky_kick" else 0.0 for field in fields(MixChances)})
    assert brightness(clicking) > 1.2 * brightness(NOTHING)
