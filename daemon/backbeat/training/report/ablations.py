"""What each part of the recipe is worth: the same training with one part left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from backbeat.training.evaluation.bootstrap import difference_interval, f_interval
from backbeat.training.evaluation.heard import Heard, over_recordings, within_recordings
from backbeat.training.mixing.mixdown import MixChances
from backbeat.training.playing.part import PlayChances
from backbeat.training.report.markdown import table
from backbeat.training.report.recordings import CLASSES
from backbeat.training.segments.files import RenderSettings
from backbeat.training.sounds.kit import KitChances
from backbeat.training.sources import Sources

FULL = "full recipe"
OTHER_SEED = "full recipe, another seed"
"""What it differs by is what chance does: smaller changes of others mean nothing."""


@dataclass(frozen=True, kw_only=True)
class Ablation:
    """A recipe. spectral_jitter: whether training draws an equaliser for each segment's features. seed: of data and training."""

    name: str
    mix: MixChances = field(default_factory=MixChances)
    play: PlayChances = field(default_factory=PlayChances)
    kits: KitChances = field(default_factory=KitChances)
    spectral_jitter: bool = True
    seed: int = 1

    @property
    def folder(self) -> str:
        """A name for files."""
        return self.name.replace(",", "").replace(" ", "_")

    @property
    def title(self) -> str:
        """What it is, in words."""
        return self.name if self.name in {FULL, OTHER_SEED} else f"without {self.name}"


_MIX, _PLAY, _KITS = MixChances(), PlayChances(), KitChances()

ABLATIONS: tuple[Ablation, ...] = (
    Ablation(name=FULL),
    Ablation(name=OTHER_SEED, seed=2),
    Ablation(name="rooms and overheads", mix=replace(_MIX, overheads=0.0, room=0.0, crushed_room=0.0)),
    Ablation(name="equalisers", mix=replace(_MIX, equaliser=0.0, clicky_kick=0.0), spectral_jitter=False),
    Ablation(name="compression and saturation", mix=replace(_MIX, bus_compression=0.0, pumping=0.0, saturation=0.0)),
    Ablation(name="low pass and noise", mix=replace(_MIX, low_pass=0.0, thin_band=0.0, noise=0.0)),
    Ablation(name="separation artefacts", mix=replace(_MIX, separated=0.0)),
    Ablation(name="backing music", mix=replace(_MIX, backing=0.0)),
    Ablation(
        name="percussion, wash and wires",
        mix=replace(_MIX, wash=0.0, wires=0.0, loud_wires=0.0),
        play=replace(_PLAY, percussion=0.0),
    ),
    Ablation(name="new timbres of cymbals", kits=replace(_KITS, recast=0.0, lent=0.0, forged=0.0, wires_off=0.0)),
    Ablation(name="recorded grooves", play=replace(_PLAY, groove=0.0)),
    Ablation(name="generated patterns", play=replace(_PLAY, groove=1.0)),
    Ablation(
        name="other orchestration and thinning",
        play=replace(
            _PLAY,
            other_keeper=0.0,
            other_crash=0.0,
            side_stick=0.0,
            no_timekeeper=0.0,
            group_silent=0.0,
            thinned=0.0,
        ),
    ),
)
"""The full recipe, and recipes without what they are named after."""

_TITLES = {ablation.name: ablation.title for ablation in ABLATIONS}


@dataclass(frozen=True, kw_only=True)
class AblatedRender(RenderSettings):
    """Render with the chances of one ablation."""

    ablation: Ablation

    def open_sources(self) -> Sources:
        sources = super().open_sources()
        sources.mix, sources.play, sources.kits = self.ablation.mix, self.ablation.play, self.ablation.kits
        return sources


def ablation_table(answers: Mapping[str, Mapping[str, Sequence[Heard]]]) -> str:
    """F of all classes per recipe and material, and what is lost against the full recipe, with paired 95 % intervals.

    answers: by the recipes' names, then by material; recipes that are not there yet are left out, but the full one must be.
    """
    materials = list(answers[FULL])
    rows = []
    for name, by_material in answers.items():
        cells = []
        for material in materials:
            heard, full = by_material[material], answers[FULL][material]
            songs, full_songs = over_recordings(heard, CLASSES["all"]), over_recordings(full, CLASSES["all"])
            stretches, full_stretches = within_recordings(heard, CLASSES["all"]), within_recordings(full, CLASSES["all"])
            cells.append(f"{songs.total.f_measure:.3f} ({f_interval(songs)})")
            cells.append("-" if name == FULL else f"{songs.total.f_measure - full_songs.total.f_measure:+.3f}")
            cells.append("-" if name == FULL else f"{difference_interval(songs, full_songs)}")
            cells.append("-" if name == FULL else f"{difference_interval(stretches, full_stretches)}")
        rows.append([_TITLES.get(name, name), *cells])
    header = [f"{material}: {what}" for material in materials for what in ("F (95 %, songs)", "change", "songs", "these songs")]
    return table(["recipe", *header], rows)
