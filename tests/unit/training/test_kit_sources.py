"""What fine-tuning on a kit hears: the kit's own sounds as they are, and how often those of a bank."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from backbeat.training.fine_tuning.kit_sources import (
    SEGMENTS_PER_KIT,
    KitSources,
    kit_sources,
    kit_sources_with_bank,
    with_practice,
)
from backbeat.training.sounds.bank import load_bank
from backbeat.values import Instrument


def test_the_sounds_of_the_kit_keep_their_timbre_and_ringing_and_nearly_their_pitch(tiny_bank: Path) -> None:
    own = load_bank(tiny_bank)
    sources = kit_sources(own)
    rng = np.random.default_rng(1)
    for kit in (sources.draw_kit(rng) for _ in range(100)):
        for instrument, voices in kit.voices.items():
            for voice in voices:
                assert voice.source in own.sources[instrument]
                assert voice.timbre is None, f"{instrument} is not as it is: no cymbal is recast, no snare without its wires"
                assert voice.decay_s is None
                assert 2 ** (-2 / 12) < voice.pitch < 2 ** (2 / 12)


def test_a_kit_is_kept_for_a_few_segments_and_forgotten_with_fresh_sources(tiny_bank: Path) -> None:
    sources = kit_sources(load_bank(tiny_bank))
    rng = np.random.default_rng(1)
    kits = [sources.kit(rng) for _ in range(SEGMENTS_PER_KIT + 1)]
    assert kits[0] is kits[SEGMENTS_PER_KIT - 1]
    assert kits[0] is not kits[-1]
    fresh = sources.fresh()
    assert isinstance(fresh, KitSources)
    assert fresh.kit(rng) is not kits[-1]
    assert sources.kit(rng) is kits[-1]


def test_with_a_bank_some_kits_are_the_banks(tiny_bank: Path) -> None:
    own = load_bank(tiny_bank)
    sources = kit_sources_with_bank(own, tiny_bank).fresh()
    rng = np.random.default_rng(1)
    timbres = [any(voice.timbre for voices in sources.draw_kit(rng).voices.values() for voice in voices) for _ in range(100)]
    assert 15 < sum(timbres) < 60  # only those of the bank get others, and 4 kits in 10 are the bank's


def test_practice_strikes_every_drum_that_the_kit_has(tiny_bank: Path) -> None:
    sources = with_practice(kit_sources(load_bank(tiny_bank)), seed=1)
    assert {stroke.instrument for groove in sources.grooves for stroke in groove.strokes} == set(Instrument)
