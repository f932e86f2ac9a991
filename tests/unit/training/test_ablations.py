"""Recipes with one part left out, and the table of what that costs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from backbeat.records import Hit
from backbeat.training.evaluation.heard import Heard, played_families
from backbeat.training.playing.strokes import Stroke
from backbeat.training.report.ablations import ABLATIONS, FULL, OTHER_SEED, AblatedRender, Ablation, ablation_table
from backbeat.values import Instrument

ORDINARY = Ablation(name="ordinary")
PARTS = [ablation for ablation in ABLATIONS if ablation.name not in {FULL, OTHER_SEED}]


def chances(ablation: Ablation) -> dict[str, float]:
    return {
        f"{part}.{name}": value for part in ("mix", "play", "kits") for name, value in asdict(getattr(ablation, part)).items()
    }


def test_the_full_recipe_comes_first_and_is_the_ordinary_one() -> None:
    assert ABLATIONS[0].name == FULL
    assert chances(ABLATIONS[0]) == chances(ORDINARY)
    assert len({ablation.folder for ablation in ABLATIONS}) == len(ABLATIONS)


@pytest.mark.parametrize("ablation", PARTS, ids=lambda ablation: ablation.folder)
def test_a_part_is_left_out_wholly_and_nothing_else_is_touched(ablation: Ablation) -> None:
    """Patterns are what is played when no groove is: leaving them out means grooves always."""
    changed = {name: value for name, value in chances(ablation).items() if value != chances(ORDINARY)[name]}
    assert changed
    assert set(changed.values()) == ({1.0} if ablation.name == "generated patterns" else {0.0})
    assert ablation.seed == ORDINARY.seed


def test_every_chance_of_the_mix_is_left_out_by_one_recipe() -> None:
    """A chance that is added to the renderer is wanted in the table, too."""
    left_out = {name for ablation in PARTS for name, value in asdict(ablation.mix).items() if value == 0}
    assert left_out == set(asdict(ORDINARY.mix))


def test_rendering_uses_the_chances_of_the_recipe(tiny_bank: Path, tmp_path: Path) -> None:
    for ablation in PARTS[:2]:
        settings = AblatedRender(bank_root=tiny_bank, out_folder=tmp_path, files=1, ablation=ablation)
        sources = settings.open_sources().fresh()
        assert (sources.mix, sources.play, sources.kits) == (ablation.mix, ablation.play, ablation.kits)


def songs(missed: int) -> dict[str, list[Heard]]:
    """Three songs of twenty kicks, of which some are missed."""
    strokes = tuple(Stroke(0.5 * k, Instrument.KICK, 90) for k in range(20))
    hits = tuple(Hit(stroke.time_s, Instrument.KICK, 90, 0.9) for stroke in strokes[missed:])
    families = played_families(strokes)
    heard = [Heard(recording=name, duration_s=10.0, played=strokes, families=families, hits=hits) for name in "abc"]
    return {"stems": heard, "mixes": heard}


def test_the_table_says_what_is_lost() -> None:
    lines = ablation_table({FULL: songs(0), "backing music": songs(10)}).splitlines()
    assert lines[2].startswith("| full recipe | 1.000 (1.000 to 1.000) | - | - | - |")
    assert "| without backing music | 0.667 (0.667 to 0.667) | -0.333 | -0.333 to -0.333 |" in lines[3]
