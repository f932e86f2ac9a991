"""How well the recogniser hears, with intervals: writes tests/reports/net.md and its plots. Three minutes on two cores.

    uv run --all-extras python tests/benchmarks/net_report.py                  # the built-in network
    uv run --all-extras python tests/benchmarks/net_report.py --model FOLDER   # another net.onnx and net.json
    uv run --all-extras python tests/benchmarks/net_report.py --held-out FOLDER

Needs the shared folder with recordings and the drum bank beside the checkout. Without --held-out, two files of held-out kits are
rendered first; better: `backbeat train render BANK FOLDER --validation --files 4 --seed 77`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy as np
import soundfile as sf

from backbeat.engines.net.engine import NetEngine, open_files
from backbeat.engines.net.vocabulary import INSTRUMENTS
from backbeat.intake.fingerprint import fingerprint
from backbeat.monitor import Unwatched
from backbeat.pipeline.file_to_audio import AudioLimits, file_to_audio
from backbeat.records import DrumStem, FloatArray, Hit
from backbeat.training.evaluation.heard import Heard, families_right, instruments_right
from backbeat.training.evaluation.held_out import hear_folder
from backbeat.training.evaluation.probes import FLAM_DRUMS, SingleCount, count_flams, count_singles, flam_passage, single_passage
from backbeat.training.evaluation.recordings import NO_BEATS, Annotations, hear_recordings, read_stem
from backbeat.training.evaluation.references import FAMILY_LABELS, found_by_family
from backbeat.training.evaluation.reliability import reliability
from backbeat.training.evaluation.variants import Variant, likeness, variants
from backbeat.training.playing.grooves import VALIDATION_SPLITS
from backbeat.training.report.plots import interval_plot, reliability_plot
from backbeat.training.report.recordings import (
    CLASSES,
    class_marks,
    classes_section,
    instruments_section,
    lags_section,
    reliability_section,
    songs_section,
)
from backbeat.training.report.synthetic import (
    confusion_sections,
    flams_section,
    held_out_classes_section,
    held_out_section,
    likeness_section,
    singles_section,
)
from backbeat.training.segments.files import RenderSettings, render_dataset
from backbeat.training.segments.segment import render_segment
from backbeat.training.sounds.bank import VALIDATION
from backbeat.training.sources import Sources, load_sources
from backbeat.values import ANALYSIS_RATE_HZ, Instrument, StemOrigin

REPOSITORY = Path(__file__).resolve().parents[2]
SHARED = REPOSITORY.parent / "shared"
DEV = SHARED / "eval/dev"
ANNOTATIONS = Annotations(classes=DEV / "ref", techniques=DEV / "ref_subclass")
PEER = "ADTOF"
MATERIALS = {"drum stems": ("drum", "adtof_stem"), "full mixes": ("mix", "adtof_mix")}
PROBE_KITS = 6
ROBUST_SONG = "Rockabilly"
OF_LABEL = dict(
    zip(
        FAMILY_LABELS,
        (Instrument.KICK, Instrument.SNARE, Instrument.TOM_MID, Instrument.HIHAT_CLOSED, Instrument.RIDE),
        strict=True,
    )
)

INTRODUCTION = """# How well the recogniser `net` hears

Weights {version}. Written by `python tests/benchmarks/net_report.py`; do not edit.

F is the F-measure, strokes matched one to one within 50 ms. Intervals hold 95 % of 4000 bootstrap rounds. *Songs*: whole songs
are drawn anew, so the interval is about other songs like these; with seven songs it is wide, and still somewhat too narrow.
*These songs*: stretches of 5 s are drawn anew within each song, so it is about these seven only. Differences are paired (the same
songs or stretches for both systems) and bold where 0 is outside.
"""
NOTE_ON_DEV = """Seven songs of MDB Drums. Nothing was trained on them and nothing is set per song, but thresholds, rules of
picking and some choices of training material were made with them in view (the model card says how often), so these figures
flatter and the intervals do not know it. There are no toms in them.
"""
RIGHT_NOTE = """*Instrument*: right when a stroke of that very instrument was played there. *Class*: right when one of its
class (of five) was. A confidence is about the instrument, so the share of right classes may lie above it. Confidences were fitted
on segments of the same held-out kits.
"""


def shared_scorer() -> ModuleType:
    """`score.py` beside the recordings: the judge of the five-class figures."""
    spec = spec_from_file_location("score", SHARED / "eval/score.py")
    if spec is None or spec.loader is None:
        raise SystemExit("there is no score.py beside the recordings")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def hear_peer(scorer: ModuleType, peer: str, songs: list[Heard]) -> list[Heard]:
    """Another system's answers for the same songs; it knows only classes."""
    answers = []
    for song in songs:
        found = scorer.read_midi(SHARED / "eval/peers" / peer / f"{song.recording}.mid")
        hits = [Hit(float(time_s), OF_LABEL[label], 100, 1.0) for label, times_s in found.items() for time_s in times_s]
        answers.append(ANNOTATIONS.heard(song.recording, song.duration_s, sorted(hits, key=lambda hit: hit.time_s)))
    return answers


def check_against_scorer(scorer: ModuleType, songs: list[Heard], micro_f: float) -> None:
    """Our counting must be the shared scorer's, to the last stroke."""
    pairs = []
    for song in songs:
        found = found_by_family(song.hits)
        hypothesis = {label: found[family] for label, family in FAMILY_LABELS.items()}
        pairs.append((song.recording, scorer.read_ref(DEV / "ref" / f"{song.recording}.txt"), hypothesis))
    theirs = scorer.score(pairs)["F"]
    if abs(theirs - micro_f) > 1e-9:
        raise SystemExit(f"the shared scorer says F {theirs:.4f}, this report {micro_f:.4f}")


def recordings_part(engine: NetEngine, out: Path) -> tuple[str, dict[str, list[Heard]]]:
    scorer = shared_scorer()
    text, heard = [f"## Real recordings\n\n{NOTE_ON_DEV}"], {}
    marks: dict[str, list] = {}
    for material, (folder, peer) in MATERIALS.items():
        ours = heard[material] = hear_recordings(engine, DEV / folder, ANNOTATIONS)
        theirs = hear_peer(scorer, peer, ours)
        by_class = class_marks({"net": ours, PEER: theirs})
        check_against_scorer(scorer, ours, by_class["all"][0].figure)
        marks |= {f"{label}, {material.split()[1]}": row for label, row in by_class.items()}
        text.append(f"### {material.capitalize()}, five classes\n\n{classes_section(ours, theirs, PEER)}")
        text.append(songs_section(ours, theirs, PEER))
    for material, songs in heard.items():
        text.append(f"### {material.capitalize()}, fourteen instruments\n\n{instruments_section(songs)}")
    text.append(f"### Times: found minus annotated\n\n{lags_section(heard)}")
    (out / "net_classes.svg").write_text(interval_plot(marks), encoding="utf-8")
    text.insert(1, f"![F per class with its interval over songs, net and {PEER}](net_classes.svg)\n")
    return "\n".join(text), heard


def reliability_part(materials: dict[str, list[Heard]], out: Path) -> str:
    judges = {"instrument": instruments_right, "class": families_right}
    hits = {
        name: {
            meaning: [(hit.confidence, right) for each in heard for hit, right in zip(each.hits, judge(each), strict=True)]
            for meaning, judge in judges.items()
        }
        for name, heard in materials.items()
    }
    panels = {
        name: {meaning: reliability([c for c, _ in pairs], [r for _, r in pairs]) for meaning, pairs in meanings.items()}
        for name, meanings in hits.items()
    }
    (out / "net_reliability.svg").write_text(reliability_plot(panels), encoding="utf-8")
    columns = {f"{name}, {meaning}": pairs for name, meanings in hits.items() for meaning, pairs in meanings.items()}
    plot = "![Share right over confidence](net_reliability.svg)"
    return f"## Confidence\n\n{RIGHT_NOTE}\n{plot}\n\nMean confidence: share right (hits).\n\n{reliability_section(columns)}"


def held_out_part(segments: list[Heard]) -> str:
    minutes = sum(each.duration_s for each in segments) / 60
    kits = len({each.recording for each in segments})
    return f"""## Held-out synthetic kits

{len(segments)} rendered segments ({minutes:.0f} minutes, {kits} drawn kits), mixes and badly separated ones among them.

{held_out_classes_section(segments)}
{held_out_section(segments)}
### What is taken for what

Strokes by what was played (rows) and found (columns).

{confusion_sections(segments)}"""


def probes_part(engine: NetEngine, sources: Sources) -> str:
    rng = np.random.default_rng(7)
    flams = {drum: [] for drum in FLAM_DRUMS}
    singles = dict.fromkeys(INSTRUMENTS, SingleCount())
    for _ in range(PROBE_KITS):
        for drum in FLAM_DRUMS:
            passage = flam_passage(rng, sources, drum)
            flams[drum] += count_flams(passage, hits_of(engine, passage.samples))
        for drum in INSTRUMENTS:
            passage = single_passage(rng, sources, drum)
            singles[drum] += count_singles(passage, hits_of(engine, passage.samples))
    return f"""## Flams and double triggers

Rendered passages of one drum of the held-out kits, without music, {PROBE_KITS} drawn kits per drum. A flam's grace stroke has 40
to 80 % of the velocity of the main one; as two: each of its strokes has a hit within 12.5 ms.

{flams_section(flams)}
Single strokes 0.5 to 0.75 s apart; heard twice: more than one hit on the drum's family from 50 ms before to 150 ms after.

{singles_section(singles)}"""


def hits_of(engine: NetEngine, samples: FloatArray) -> list[Hit]:
    stem = DrumStem(samples=samples, sample_rate_hz=ANALYSIS_RATE_HZ, origin=StemOrigin.GIVEN, reason="report")
    return list(engine.hits(stem, NO_BEATS, Unwatched()))


def robustness_part(engine: NetEngine, sources: Sources) -> str:
    rng = np.random.default_rng(11)
    rendered = np.concatenate([render_segment(rng, sources.fresh(), 10.0).samples for _ in range(3)])
    real = read_stem(DEV / "drum" / f"{ROBUST_SONG}.flac").samples
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, samples in {"rendered, 3 kits": rendered, f"real ({ROBUST_SONG})": real}.items():
            plain = bounced(engine, Variant(name="plain", samples=samples, sample_rate_hz=ANALYSIS_RATE_HZ), Path(folder))
            found[name] = {variant.name: likeness(plain, bounced(engine, variant, Path(folder))) for variant in variants(samples)}
    return f"""## The same recording, bounced otherwise

Written as a 32-bit WAV file and read as the daemon reads it. Equal: the same instrument within 5 ms.

{likeness_section(found)}"""


def bounced(engine: NetEngine, variant: Variant, folder: Path) -> list[Hit]:
    path = folder / "bounce.wav"
    sf.write(path, variant.samples, variant.sample_rate_hz, subtype="FLOAT")
    limits = AudioLimits(max_minutes=10)
    audio = file_to_audio(path, fingerprint=fingerprint(path, Unwatched()), channels=2, limits=limits, monitor=Unwatched())
    return hits_of(engine, audio.mono())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="folder with net.onnx and net.json (else the built-in network)")
    parser.add_argument("--held-out", type=Path, help="folder of rendered segments of held-out kits")
    parser.add_argument("--bank", type=Path, default=SHARED / "bank", help="the drum bank")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "tests/reports", help="where the report goes")
    options = parser.parse_args()
    started = time.monotonic()

    def say(what: str) -> None:
        print(f"{time.monotonic() - started:4.0f} s  {what}", file=sys.stderr, flush=True)

    options.out.mkdir(parents=True, exist_ok=True)
    engine = open_files(options.model)
    text, materials = recordings_part(engine, options.out)
    parts = [INTRODUCTION.format(version=engine.settings.version), text]
    say(f"recordings heard: {', '.join(_micro(name, heard) for name, heard in materials.items())}")
    with tempfile.TemporaryDirectory() as folder:
        held_out = options.held_out or Path(folder)
        if not options.held_out:
            render_dataset(RenderSettings(bank_root=options.bank, out_folder=held_out, files=2, seed=77, validation=True))
            say("held-out kits rendered")
        segments = hear_folder(engine.network, engine.settings.picking, held_out)
    parts += [reliability_part({**materials, "held-out kits": segments}, options.out), held_out_part(segments)]
    say("held-out kits heard")
    sources = load_sources(options.bank, VALIDATION, VALIDATION_SPLITS)
    parts += [probes_part(engine, sources), robustness_part(engine, sources)]
    (options.out / "net.md").write_text("\n".join(parts), encoding="utf-8")
    say(f"written: {options.out / 'net.md'}")


def _micro(name: str, heard: list[Heard]) -> str:
    return f"{name} F {class_marks({'net': heard})['all'][0].figure:.3f} over {len(CLASSES) - 1} classes"


if __name__ == "__main__":
    main()
