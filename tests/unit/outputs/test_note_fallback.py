from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbeat.outputs.note_fallback import USUAL_CHAINS, circle, stand_in
from backbeat.values import FAMILIES, FAMILY_OF, Family
from backbeat.values import Instrument as Drum

INSTRUMENTS = st.sampled_from(list(Drum))
DRUMS = (Drum.KICK, Drum.SNARE, Drum.SIDE_STICK, Drum.TOM_HIGH, Drum.TOM_MID, Drum.TOM_LOW)


def test_every_instrument_is_in_one_family_and_has_a_chain() -> None:
    assert sorted(instrument for family in FAMILIES.values() for instrument in family) == sorted(Drum)
    assert set(USUAL_CHAINS) == set(FAMILY_OF) == set(Drum)
    assert all(chain and instrument not in chain for instrument, chain in USUAL_CHAINS.items())


def test_an_own_note_goes_before_everybodys() -> None:
    assert stand_in(Drum.CHINA, list(Drum), {Drum.CHINA: (Drum.CRASH,)}) is Drum.CHINA


@given(INSTRUMENTS, st.sets(INSTRUMENTS))
def test_somebody_of_the_family_goes_before_everybody_else(instrument: Drum, with_note: set[Drum]) -> None:
    found = stand_in(instrument, with_note, {})
    if with_note & set(FAMILIES[FAMILY_OF[instrument]]):
        assert found is not None
        assert FAMILY_OF[found] is FAMILY_OF[instrument]
    assert found is None or found in with_note


@given(INSTRUMENTS, st.sampled_from(DRUMS))
def test_one_drum_serves_everybody(instrument: Drum, only: Drum) -> None:
    assert stand_in(instrument, {only}, {}) is only


@pytest.mark.parametrize("drum", DRUMS)
def test_cymbals_alone_have_nothing_for_the_drums(drum: Drum) -> None:
    cymbals = {*FAMILIES[Family.CYMBALS], *FAMILIES[Family.HIHAT]}
    assert stand_in(drum, cymbals, {}) is None


@pytest.mark.parametrize("hat", FAMILIES[Family.HIHAT])
def test_a_hat_goes_to_a_cymbal_before_it_goes_to_a_drum(hat: Drum) -> None:
    assert stand_in(hat, {Drum.SNARE, Drum.SIDE_STICK, Drum.CRASH}, {}) is Drum.CRASH


def test_a_chain_of_ones_own_replaces_the_usual_one_and_is_asked_in_order() -> None:
    assert stand_in(Drum.CHINA, {Drum.CRASH, Drum.RIDE}, {}) is Drum.CRASH
    assert stand_in(Drum.CHINA, {Drum.CRASH, Drum.RIDE}, {Drum.CHINA: (Drum.RIDE, Drum.CRASH)}) is Drum.RIDE


def test_chains_lead_on_through_those_who_have_nothing() -> None:
    chains = {Drum.CHINA: (Drum.SPLASH,), Drum.SPLASH: (Drum.RIDE_BELL,), Drum.RIDE_BELL: (Drum.RIDE,)}
    assert stand_in(Drum.CHINA, {Drum.RIDE, Drum.CRASH}, chains) is Drum.RIDE


def test_circles_are_found_and_end() -> None:
    chains = {Drum.CHINA: (Drum.SPLASH,), Drum.SPLASH: (Drum.CRASH,), Drum.CRASH: (Drum.CHINA,), Drum.KICK: (Drum.SNARE,)}
    assert circle(Drum.CHINA, chains) == (Drum.CHINA, Drum.SPLASH, Drum.CRASH, Drum.CHINA)
    assert circle(Drum.KICK, chains) == ()
    assert stand_in(Drum.CHINA, {Drum.KICK}, chains) is None
