"""What each part of the training recipe is worth on real recordings: writes tests/reports/net_ablations.md.

    uv run --all-extras python tests/benchmarks/net_ablations.py --steps 1000 --hours 2 --work FOLDER
    uv run --all-extras python tests/benchmarks/net_ablations.py --minutes 5 --hours 2 --work FOLDER

For each recipe: render so many hours with one part left out, train for so many steps (the same for all, so that a busy computer
changes nothing), choose thresholds as the shipped weights' were chosen, and score the seven recordings. --minutes is turned into
steps once, by timing some, and kept in the work folder. Everything goes on where it was interrupted; a finished recipe is not run
again. Needs the shared folder with recordings and the drum bank beside the checkout.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from backbeat.engines.net.engine import open_files
from backbeat.records import Hit
from backbeat.training.evaluation.heard import Heard
from backbeat.training.evaluation.recordings import Annotations, hear_recordings
from backbeat.training.learner import choose_device
from backbeat.training.long_run import AVERAGE, CHECKPOINT
from backbeat.training.recogniser.finish import Recordings, finish
from backbeat.training.recogniser.network import NetworkShape
from backbeat.training.recogniser.trainer import Trainer, TrainSettings
from backbeat.training.report.ablations import ABLATIONS, FULL, AblatedRender, Ablation, ablation_table
from backbeat.training.segments.files import SEGMENT_S, RenderSettings, render_dataset
from backbeat.training.segments.pool import SegmentPool
from backbeat.values import Instrument

REPOSITORY = Path(__file__).resolve().parents[2]
SHARED = REPOSITORY.parent / "shared"
DEV = SHARED / "eval/dev"
ANNOTATIONS = Annotations(classes=DEV / "ref", techniques=DEV / "ref_subclass")
MATERIALS = {"stems": "drum", "mixes": "mix"}
TIMED_STEPS = 30

TEXT = """# What each part of the recipe is worth

Written by `python tests/benchmarks/net_ablations.py`; do not edit. Each recipe: {hours:g} hours rendered, {steps} steps of
training, thresholds chosen globally on held-out kits and the seven songs, as for the shipped weights. F over five classes;
changes are paired with the full recipe on the same songs (or on stretches of 5 s within these songs), 4000 bootstrap rounds.
The intervals hold 95 %, but not the luck of a training run: what another seed changes shows how much that is.

"""


def say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


def steps_for(minutes: float, data: Path, work: Path) -> int:
    """How many steps this computer does in that time; asked once per work folder."""
    plan = work / "plan.json"
    if not plan.exists():
        pool, settings = SegmentPool(data, seed=1), TrainSettings(steps=TIMED_STEPS)
        trainer = Trainer(settings, NetworkShape(), choose_device())
        with tempfile.TemporaryDirectory() as folder:
            trainer.run(pool, SegmentPool(Path(folder), seed=1), Path(folder) / "timed", lambda _: None)
        steps = max(round(minutes * 60 * TIMED_STEPS / trainer.elapsed_s), 1)
        plan.write_text(json.dumps({"minutes": minutes, "steps": steps}), encoding="utf-8")
    return int(json.loads(plan.read_text(encoding="utf-8"))["steps"])


def render(options: argparse.Namespace, ablation: Ablation) -> Path:
    data = options.work / ablation.folder / "data"
    files = max(math.ceil(options.hours * 3600 / (options.segments * SEGMENT_S)), 1)
    settings = AblatedRender(
        bank_root=options.bank,
        out_folder=data,
        files=files,
        seed=ablation.seed,
        processes=options.processes,
        segments_per_file=options.segments,
        bands_folder=options.bands,
        ablation=ablation,
    )
    render_dataset(settings, lambda done, wanted: say(f"{ablation.name}: {done} of {wanted} files"))
    return data


def held_out(options: argparse.Namespace) -> Path:
    """The segments that thresholds are chosen on, the same for all recipes."""
    if options.held_out:
        return options.held_out
    folder = options.work / "held_out"
    files = {"files": 1, "segments_per_file": options.segments, "seed": 77, "validation": True}
    render_dataset(RenderSettings(bank_root=options.bank, out_folder=folder, processes=1, **files))
    return folder


def train(options: argparse.Namespace, ablation: Ablation, data: Path) -> Path:
    """The averaged network of one recipe."""
    steps = options.steps or steps_for(options.minutes, data, options.work)
    settings = TrainSettings(steps=steps, workers=options.processes, seed=ablation.seed)
    if not ablation.spectral_jitter:
        settings = replace(settings, spectral_jitter=0.0)
    trainer = Trainer(settings, NetworkShape(), choose_device())
    run = options.work / ablation.folder / "run"
    trainer.resume_if_begun(run / CHECKPOINT, say)
    nothing = options.work / "nothing"
    nothing.mkdir(exist_ok=True)
    trainer.run(SegmentPool(data, ablation.seed), SegmentPool(nothing, ablation.seed), run, say)
    return run / AVERAGE


def answers(options: argparse.Namespace, ablation: Ablation) -> dict[str, list[Heard]]:
    """What the network of one recipe hears in the recordings; rendered, trained and heard once, then read."""
    folder = options.work / ablation.folder
    result = folder / "hits.json"
    if not result.exists():
        data = render(options, ablation)
        average = train(options, ablation, data)
        real = [Recordings(audio_folder=DEV / name, reference_folder=DEV / "ref") for name in MATERIALS.values()]
        finish([average], held_out(options), real, folder / "net")
        engine = open_files(folder / "net")
        heard = {name: hear_recordings(engine, DEV / audio, ANNOTATIONS) for name, audio in MATERIALS.items()}
        rows = {name: [(each.recording, each.duration_s, _rows(each)) for each in songs] for name, songs in heard.items()}
        part = result.with_suffix(".part")
        part.write_text(json.dumps(rows), encoding="utf-8")
        part.replace(result)
        if not options.keep_data:
            shutil.rmtree(data)
    content = json.loads(result.read_text(encoding="utf-8"))
    return {
        name: [ANNOTATIONS.heard(song, duration_s, [_hit(*row) for row in hits]) for song, duration_s, hits in songs]
        for name, songs in content.items()
    }


def _hit(time_s: float, instrument: str, velocity: int, confidence: float) -> Hit:
    return Hit(time_s, Instrument(instrument), velocity, confidence)


def _rows(heard: Heard) -> list[tuple[float, str, int, float]]:
    return [(hit.time_s, str(hit.instrument), hit.velocity, hit.confidence) for hit in heard.hits]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bank", type=Path, default=SHARED / "bank", help="the drum bank")
    parser.add_argument("--bands", type=Path, help="more backing music, as for `backbeat train render`")
    parser.add_argument("--held-out", type=Path, help="rendered segments of held-out kits (else 64 are rendered)")
    parser.add_argument("--work", type=Path, required=True, help="where data, networks and results are kept")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "tests/reports/net_ablations.md", help="the report")
    parser.add_argument("--hours", type=float, default=2.0, help="of sound to render per recipe (default: 2)")
    parser.add_argument("--segments", type=int, default=64, help="segments of 8 s per file (default: 64)")
    parser.add_argument("--steps", type=int, help="of training per recipe")
    parser.add_argument("--minutes", type=float, default=5.0, help="of training per recipe, if no --steps (default: 5)")
    parser.add_argument("--processes", type=int, default=2, help="cores (default: 2)")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these recipes, and the full one")
    parser.add_argument("--keep-data", action="store_true", help="keep what was rendered (11 MB per file)")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    chosen = [each for each in ABLATIONS if each.name == FULL or not options.only or each.name in options.only]
    heard: dict[str, dict[str, list[Heard]]] = {}
    for ablation in chosen:
        heard[ablation.name] = answers(options, ablation)
        steps = options.steps or json.loads((options.work / "plan.json").read_text(encoding="utf-8"))["steps"]
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(TEXT.format(hours=options.hours, steps=steps) + ablation_table(heard), encoding="utf-8")
        say(f"{ablation.name}: done, {options.out} written")
    print(ablation_table(heard))


if __name__ == "__main__":
    main()
