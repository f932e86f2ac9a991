from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backbeat.errors import ConfigError
from backbeat.training.sounds.bank import VALIDATION, VALIDATION_KITS, BankFilter, attack_of, load_bank, source_name
from backbeat.values import Instrument


def test_only_permissive_kits_are_read_unless_more_is_asked_for(tiny_bank: Path) -> None:
    assert load_bank(tiny_bank).kits == ("north", "south")


def test_another_licence_tier_is_read_on_request(tiny_bank: Path) -> None:
    wanted = BankFilter(tiers={"permissive", "gpl"})
    assert load_bank(tiny_bank, wanted).kits == ("copyleft", "north", "south")


def test_held_out_kits_are_never_trained_on_whatever_the_licence(tiny_bank: Path) -> None:
    everything = BankFilter(tiers={"permissive", "gpl", "share-alike"})
    assert not set(load_bank(tiny_bank, everything).kits) & set(VALIDATION_KITS)


def test_validation_reads_the_held_out_kits_and_nothing_else(tiny_bank: Path) -> None:
    assert load_bank(tiny_bank, VALIDATION).kits == ("sams_sonor",)


def test_kits_can_be_chosen_by_name(tiny_bank: Path) -> None:
    assert load_bank(tiny_bank, BankFilter(kits={"south"})).kits == ("south",)


def test_a_folder_without_a_manifest_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no manifest\.csv"):
        load_bank(tmp_path)


def test_a_filter_that_leaves_nothing_is_a_sentence(tiny_bank: Path) -> None:
    with pytest.raises(ConfigError, match="no sound in"):
        load_bank(tiny_bank, BankFilter(kits={"nowhere"}))


@pytest.mark.parametrize(
    ("kind", "sub", "instrument"),
    [
        ("snare", "cross_stick", Instrument.SIDE_STICK),
        ("snare", "rimshot", Instrument.SNARE),
        ("crash", "china", Instrument.CHINA),
        ("crash", "splash", Instrument.SPLASH),
        ("crash", "edge", Instrument.CRASH),
        ("hihat_open", "half_open", Instrument.HIHAT_OPEN),
    ],
)
def test_subclasses_become_instruments(empty_bank: Any, kind: str, sub: str, instrument: Instrument) -> None:
    empty_bank.add("north", kind, sub)
    bank = load_bank(empty_bank.write())
    assert [i for i, sources in bank.sources.items() if sources] == [instrument]


@pytest.mark.parametrize(("kind", "sub"), [("hihat_open", "half_closed"), ("crash", "bell")])
def test_sounds_that_could_be_either_of_two_instruments_are_left_out(empty_bank: Any, kind: str, sub: str) -> None:
    empty_bank.add("north", kind, sub)
    empty_bank.add("north", "kick")
    bank = load_bank(empty_bank.write())
    assert sum(len(sources) for sources in bank.sources.values()) == 1
    assert not bank.percussion


def test_other_percussion_is_kept_apart_from_the_instruments(tiny_bank: Path) -> None:
    bank = load_bank(tiny_bank)
    assert {source.sound for source in bank.percussion} == {"shaker"}


def test_layers_of_one_drum_are_one_source_from_soft_to_loud(empty_bank: Any) -> None:
    for layer, seconds in ((3, 0.3), (1, 0.1), (2, 0.2)):
        empty_bank.add("north", "snare", layer=layer, name=f"snare_vl{layer}_rr1.wav", samples=np.ones(int(seconds * 44_100)))
    (source,) = load_bank(empty_bank.write()).sources[Instrument.SNARE]
    assert [len(shot.samples) for shot in source.shots] == [4410, 8820, 13230]


def test_without_layers_the_recorded_level_gives_the_order(empty_bank: Any) -> None:
    empty_bank.add("north", "kick", name="kick_OH_FF_1.wav", peak_dbfs=-1, samples=np.ones(2000))
    empty_bank.add("north", "kick", name="kick_OH_P_1.wav", peak_dbfs=-20, samples=np.ones(1000))
    (source,) = load_bank(empty_bank.write()).sources[Instrument.KICK]
    assert [len(shot.samples) for shot in source.shots] == [1000, 2000]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SMM_CRASH15_V01_VEL002_RR01.wav", "SMM_CRASH17_V01_VEL002_RR01.wav"),
        ("1-RideL.flac", "1-RideR.flac"),
        ("3-Tom2.flac", "3-Tom3.flac"),
        ("kit note 49 vel 40", "kit note 57 vel 40"),
        ("ride-mid-in1.wav", "ride-mid-out1.wav"),
    ],
)
def test_two_cymbals_or_drums_of_a_kit_are_two_sources(one: str, other: str) -> None:
    assert source_name(_row(one)) != source_name(_row(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SMM_CRASH15_V01_VEL002_RR01.wav", "SMM_CRASH15_V01_VEL045_RR02.wav"),
        ("1-RideL.flac", "10-RideL.flac"),
        ("hc_vl3_rr2.wav", "hc_vl4_rr4.wav"),
        ("hihatClosed_OH_F_1.wav", "hihatClosed_OH_P_10.wav"),
        ("kit note 49 vel 40", "kit note 49 vel 80"),
        ("drum_snare_soft.flac", "drum_snare_hard.flac"),
        ("chh1.wav", "chh22.wav"),
        ("49-SabianCrash-1.wav", "49-SabianCrash-3.wav"),
    ],
)
def test_takes_and_loudnesses_of_one_drum_are_one_source(one: str, other: str) -> None:
    assert source_name(_row(one)) == source_name(_row(other))


def test_settings_of_a_drum_machine_are_sources_of_their_own() -> None:
    machine = {"kit_type": "electronic", "velocity_layer_or_-1": "-1"}
    assert source_name(_row("BD0000.ogg") | machine) != source_name(_row("BD0010.ogg") | machine)


def _row(name: str) -> dict[str, str]:
    return {"orig_path": name, "kit_type": "acoustic", "velocity_layer_or_-1": "1", "sub": ""}


def test_the_attack_is_where_the_waveform_rises_not_where_the_file_begins(empty_bank: Any) -> None:
    empty_bank.add("north", "snare")
    (source,) = load_bank(empty_bank.write()).sources[Instrument.SNARE]
    assert source.shots[0].attack_samples == 66


def test_a_slow_swell_is_struck_within_its_first_40_ms() -> None:
    swell = np.linspace(0, 1, 44_100, dtype=np.float32)
    assert attack_of(swell) == pytest.approx(0.25 * 0.040 * 44_100, abs=2)


def test_silence_has_its_attack_at_its_start() -> None:
    assert attack_of(np.zeros(100, np.float32)) == 0


@pytest.mark.parametrize(
    ("samples", "rate_hz", "why"),
    [(np.ones((500, 2)), 44_100, "mono"), (np.ones(500), 48_000, "44100"), (np.zeros(500), 44_100, "silent")],
)
def test_a_sound_that_cannot_be_used_is_named(empty_bank: Any, samples: np.ndarray, rate_hz: int, why: str) -> None:
    empty_bank.add("north", "kick", samples=samples, rate_hz=rate_hz)
    with pytest.raises(ConfigError, match=why):
        load_bank(empty_bank.write())
