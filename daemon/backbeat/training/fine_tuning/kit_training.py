"""From a folder of one-shots to a recogniser of one's own: render, learn, compare, and write `net.onnx` and `net.json`."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from backbeat.engines.net.engine import open_files
from backbeat.engines.net.runtime import load_network
from backbeat.engines.net.settings import NetSettings, write_settings
from backbeat.engines.net.weights import BUILT_IN, NETWORK, SETTINGS
from backbeat.errors import ConfigError
from backbeat.training.evaluation.held_out import InstrumentFigures, hear_held_out
from backbeat.training.evaluation.scoring import Counts
from backbeat.training.fine_tuning.kit_sources import (
    SEGMENTS_PER_FILE,
    KitSources,
    kit_sources,
    kit_sources_with_bank,
    with_practice,
)
from backbeat.training.fine_tuning.starting_point import read_back
from backbeat.training.fine_tuning.tuner import FineTuner, FineTuneSettings
from backbeat.training.learner import Report, choose_device
from backbeat.training.long_run import CHECKPOINT
from backbeat.training.recogniser.export import export
from backbeat.training.segments.files import render_segments
from backbeat.training.segments.pool import SegmentPool
from backbeat.training.sounds.user_kit import UserKit, read_user_kit, sound_files
from backbeat.values import Instrument

_CHECK_FILES = 2
_CHECK_SEED = 7919
WORK = "work"
"""What an interrupted run goes on from: a folder inside the result's, gone when all is done."""


@dataclass(frozen=True, kw_only=True)
class KitTraining:
    """What to do.

    kit: the folder of one-shots; out: where the two files go. minutes, steps: of learning, at most. bank: a drum bank to go on
    hearing, or None. start: folder with the network to start from; None is the one in the package. processes, files,
    segments_per_file: of rendering.
    """

    kit: Path
    out: Path
    minutes: float = 5.0
    steps: int = FineTuneSettings.steps
    bank: Path | None = None
    start: Path | None = None
    seed: int = 1
    processes: int = 2
    files: int = 8
    segments_per_file: int = SEGMENTS_PER_FILE


@dataclass(frozen=True, kw_only=True)
class KitComparison:
    """How rendered playing of the kit is heard before and after: the same sounds, but other playing, rooms and music."""

    before: tuple[InstrumentFigures, ...]
    after: tuple[InstrumentFigures, ...]

    def lines(self) -> list[str]:
        """For the terminal."""
        rows = [("all instruments", total(self.before), total(self.after))]
        rows += [
            (str(a.instrument), a.counts, b.counts) for a, b in zip(self.before, self.after, strict=True) if a.counts.expected
        ]
        return [f"{name}: F {a.f_measure:.2f} before, {b.f_measure:.2f} after ({a.expected} strokes)" for name, a, b in rows]


def total(figures: Sequence[InstrumentFigures]) -> Counts:
    """Counts of all instruments together."""
    return Counts.sum(each.counts for each in figures)


def train_on_kit(training: KitTraining, report: Report) -> KitComparison:
    """Fine-tune on a kit and write `net.onnx` and `net.json` into `training.out`. An interrupted run goes on where it stopped.

    Raises ConfigError for a kit or bank that cannot be used, ModelError for a network that cannot be gone on from.
    """
    if training.out.resolve() == training.kit.resolve():
        raise ConfigError("The result cannot go into the folder of the kit itself.", advice="Name another folder with --out.")
    kit = read_user_kit(training.kit)
    for line in kit.report.lines():
        report(line)
    engine = open_files(training.start)
    work = _work_folder(training, engine.settings.version, report)
    sounds, checks = _render(training, kit, work, report)
    tuner = FineTuner(
        FineTuneSettings(minutes=training.minutes, steps=training.steps, seed=training.seed),
        read_back((training.start or BUILT_IN) / NETWORK),
        unheard=() if training.bank else kit.report.unheard,
        device=choose_device(),
    )
    tuner.resume_if_begun(work / CHECKPOINT, report)
    tuner.run(sounds, work / CHECKPOINT, report)
    exported = export(tuner.tuned(), tuner.start.positive_weight, work / NETWORK)
    settings = NetSettings(
        version=exported.sha256[:12],
        context_frames=tuner.start.network.shape.context_frames,
        picking=engine.settings.picking,
        training=_record(training, kit, engine.settings, tuner.step),
    )
    before = hear_held_out(engine.network, engine.settings.picking, checks)
    after = hear_held_out(load_network(work / NETWORK), settings.picking, checks)
    write_settings(settings, work / SETTINGS)
    for name in (NETWORK, SETTINGS):
        (work / name).replace(training.out / name)
    shutil.rmtree(work)
    return KitComparison(before=tuple(before), after=tuple(after))


def _work_folder(training: KitTraining, start_version: str, report: Report) -> Path:
    """The folder of a run like this one that was interrupted, or an empty one."""
    work = training.out / WORK
    plan = {
        "kit": _kit_mark(training.kit),
        "start": start_version,
        "minutes": training.minutes,
        "steps": training.steps,
        "bank": str(training.bank) if training.bank else None,
        "seed": training.seed,
    }
    note = work / "plan.json"
    if note.is_file() and _same_plan(note, plan):
        report("An interrupted run is gone on with.")
        return work
    if work.exists() and not note.is_file():
        raise ConfigError(f"{work} is not from an earlier run.", advice="Name another folder with --out.")
    if work.exists():
        shutil.rmtree(work)
    work.mkdir(parents=True)
    note.write_text(json.dumps(plan), encoding="utf-8")
    return work


def _same_plan(note: Path, plan: dict[str, object]) -> bool:
    try:
        return bool(json.loads(note.read_text(encoding="utf-8")) == plan)
    except ValueError:
        return False


def _kit_mark(folder: Path) -> str:
    """Changes when a file of the kit does."""
    stamps = [(str(path.relative_to(folder)), path.stat().st_size, path.stat().st_mtime_ns) for path in sound_files(folder)]
    return hashlib.sha256(json.dumps(stamps).encode()).hexdigest()[:16]


def _render(training: KitTraining, kit: UserKit, work: Path, report: Report) -> tuple[SegmentPool, SegmentPool]:
    """Sounds to learn from, and others of the kit alone to compare on."""
    sources: KitSources = kit_sources_with_bank(kit.bank, training.bank) if training.bank else kit_sources(kit.bank)
    plans = (
        ("sounds", with_practice(sources, training.seed), training.files, training.seed),
        ("checks", replace(sources, others=None), _CHECK_FILES, _CHECK_SEED),
    )
    pools = []
    for name, heard, files, seed in plans:
        render_segments(
            lambda heard=heard: heard,  # type: ignore[misc]
            work / name,
            files=files,
            seed=seed,
            processes=training.processes,
            segments_per_file=training.segments_per_file,
            progress=lambda done, wanted, name=name: report(f"rendering {name}: {done} of {wanted} files"),  # type: ignore[misc]
        )
        pools.append(SegmentPool(work / name, training.seed))
    return pools[0], pools[1]


def _record(training: KitTraining, kit: UserKit, start: NetSettings, steps: int) -> dict[str, object]:
    """What `net.json` says of how it came about."""
    return {
        "kit": training.kit.resolve().name,
        "kit_files": sum(len(names) for names in kit.report.taken.values()),
        "kit_instruments": [str(instrument) for instrument in Instrument if instrument in kit.report.taken],
        "with_bank": training.bank is not None,
        "steps": steps,
        "started_from": start.version,
        "start": start.training,
    }
