from __future__ import annotations

import pytest

from backbeat.errors import PresetError
from backbeat.outputs.staff_map import Limb, Notehead, load_staff_map
from backbeat.values import Instrument


def test_every_instrument_has_a_place_of_its_own() -> None:
    places = load_staff_map()
    looks = {(place.height, place.head) for place in places.values()}
    assert len(looks) == len(Instrument)


def test_the_ride_is_not_where_the_hat_is() -> None:
    places = load_staff_map()
    assert places[Instrument.RIDE].height != places[Instrument.HIHAT_CLOSED].height


def test_hats_and_cymbals_have_crosses_and_drums_have_not() -> None:
    places = load_staff_map()
    assert places[Instrument.HIHAT_CLOSED].head is Notehead.CROSS
    assert places[Instrument.HIHAT_OPEN].head is Notehead.CIRCLED_CROSS
    assert {places[drum].head for drum in (Instrument.KICK, Instrument.SNARE, Instrument.TOM_LOW)} == {Notehead.NORMAL}


def test_the_feet_play_kick_and_pedal_hat_at_the_bottom() -> None:
    places = load_staff_map()
    feet = {instrument for instrument, place in places.items() if place.limb is Limb.FEET}
    assert feet == {Instrument.KICK, Instrument.HIHAT_PEDAL}
    hands = min(place.height for place in places.values() if place.limb is Limb.HANDS)
    assert all(places[instrument].height < hands for instrument in feet)


def test_an_unknown_staff_map_is_a_preset_error() -> None:
    with pytest.raises(PresetError, match="notation-none"):
        load_staff_map("none")
