"""What `backbeat train --kit` is worth: kits that the weights have never heard, before and after, and what is lost elsewhere.

    python tests/benchmarks/net_user_kit.py                        # three kits, about five minutes each
    python tests/benchmarks/net_user_kit.py --with-bank --kits sams_sonor

Needs the shared folder with the drum bank and the recordings beside the checkout. Of each drum of a kit every other recorded
stroke goes into the folder that is trained on, the rest is what it is measured with: segments of the same kit, rendered from
those other strokes with the grooves of the held-out split, other rooms and other music. Drums of which there is a single stroke
are in both; they are marked with a star. The recordings are stems of other drummers and kits: what they lose has been forgotten.
"""

from __future__ import annotations

import argparse
import os
import string
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import soundfile as sf

from backbeat.engines.net.engine import NetEngine, open_files
from backbeat.training.backing.music import Backing, load_backing_clips
from backbeat.training.evaluation.held_out import InstrumentFigures, hear_held_out
from backbeat.training.evaluation.recordings import Evaluation, evaluate
from backbeat.training.fine_tuning.kit_sources import SEGMENTS_PER_FILE, kit_sources
from backbeat.training.fine_tuning.kit_training import KitTraining, total, train_on_kit
from backbeat.training.playing.grooves import VALIDATION_SPLITS, load_grooves
from backbeat.training.segments.files import render_segments
from backbeat.training.segments.pool import SegmentPool
from backbeat.training.sounds.bank import VALIDATION_TIERS, Bank, BankFilter, Source, load_bank
from backbeat.values import ANALYSIS_RATE_HZ, Instrument

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
KITS = ("avl_black_pearl", "h2_forzee_stereo", "sams_sonor")
"""The validation kits with several recorded strokes of each drum."""

HELD_OUT_SEED = 900
HELD_OUT_FILES = 2


def kit_alone(name: str) -> Bank:
    return load_bank(SHARED / "bank", BankFilter(tiers=VALIDATION_TIERS, kits=(name,), without_kits=()))


def every_other(bank: Bank, first: int) -> Bank:
    """Every other stroke of each drum, from the first or the second on; a single stroke stays."""

    def part(source: Source) -> Source:
        return replace(source, shots=source.shots[first::2] if len(source.shots) > 1 else source.shots)

    return Bank(sources={i: tuple(part(source) for source in sources) for i, sources in bank.sources.items()}, percussion=())


def single_strokes(bank: Bank) -> set[Instrument]:
    """The instruments of which some drum has one recorded stroke only."""
    return {i for i, sources in bank.sources.items() if any(len(source.shots) == 1 for source in sources)}


def write_folder(bank: Bank, folder: Path) -> None:
    """A kit as a user would have it: `snare/snare b v2.flac`."""
    for instrument, sources in bank.sources.items():
        for letter, source in zip(string.ascii_lowercase, sources, strict=False):
            for layer, shot in enumerate(source.shots, start=1):
                path = folder / instrument / f"{instrument} {letter} v{layer}.flac"
                path.parent.mkdir(parents=True, exist_ok=True)
                sf.write(path, 0.89 * shot.samples, ANALYSIS_RATE_HZ)


def held_out_segments(bank: Bank, folder: Path, processes: int) -> SegmentPool:
    root = SHARED / "bank"
    sources = kit_sources(bank, grooves=load_grooves(root, VALIDATION_SPLITS), backing=Backing(clips=load_backing_clips(root)))
    render_segments(
        lambda: sources,
        folder,
        files=HELD_OUT_FILES,
        seed=HELD_OUT_SEED,
        processes=processes,
        segments_per_file=SEGMENTS_PER_FILE,
    )
    return SegmentPool(folder, seed=0)


def hear(engine: NetEngine, pool: SegmentPool) -> list[InstrumentFigures]:
    return hear_held_out(engine.network, engine.settings.picking, pool)


def dev_stems(engine: NetEngine) -> Evaluation:
    dev = SHARED / "eval/dev"
    return evaluate(engine, dev / "drum", dev / "ref")


def table(before: Sequence[InstrumentFigures], after: Sequence[InstrumentFigures], single: set[Instrument]) -> None:
    print("| instrument | strokes | F before | F after |\n|---|---|---|---|")
    print(f"| all | {total(before).expected} | {total(before).f_measure:.3f} | **{total(after).f_measure:.3f}** |")
    for one, other in zip(before, after, strict=True):
        if one.counts.expected:
            star = "*" if one.instrument in single else ""
            counts = one.counts
            print(f"| {one.instrument}{star} | {counts.expected} | {counts.f_measure:.2f} | {other.counts.f_measure:.2f} |")
    print(flush=True)


def measure(name: str, options: argparse.Namespace, before: NetEngine, dev_before: Evaluation, folder: Path) -> str:
    """Train on one kit and print its table; returns its row of the summary."""
    kit = kit_alone(name)
    write_folder(every_other(kit, 0), folder / name)
    pool = held_out_segments(every_other(kit, 1), folder / "held-out", options.processes)
    started = time.perf_counter()
    training = KitTraining(
        kit=folder / name,
        out=folder / "own",
        minutes=options.minutes,
        steps=options.steps,
        bank=SHARED / "bank" if options.with_bank else None,
        processes=options.processes,
    )
    train_on_kit(training, lambda line: print(f"  {line}", flush=True) if options.verbose else None)
    took_s = time.perf_counter() - started
    after = open_files(folder / "own")
    heard_before, heard_after = hear(before, pool), hear(after, pool)
    print(f"\n### {name} ({took_s / 60:.1f} min, {len(pool)} segments)\n")
    table(heard_before, heard_after, single_strokes(kit))
    dev_after = dev_stems(after)
    print(f"recordings before: {dev_before}\nrecordings after:  {dev_after}", flush=True)
    ours = f"{total(heard_before).f_measure:.3f} | {total(heard_after).f_measure:.3f}"
    return f"| {name} | {ours} | {dev_before.f_measure:.3f} | {dev_after.f_measure:.3f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kits", nargs="+", default=list(KITS), metavar="KIT")
    parser.add_argument("--minutes", type=float, default=10.0, help="the longest that it learns")
    parser.add_argument("--steps", type=int, default=KitTraining.steps, help="of learning")
    parser.add_argument("--with-bank", action="store_true", help="go on hearing the bank's training kits, too")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    before = open_files()
    dev_before = dev_stems(before)
    rows = []
    for name in options.kits:
        with tempfile.TemporaryDirectory() as folder:
            rows.append(measure(name, options, before, dev_before, Path(folder)))
    bank = ", with the bank" if options.with_bank else ""
    print(f"\nnet {before.version}, at most {options.steps} steps and {options.minutes:g} min{bank}\n")
    print("| kit | its F before | its F after | dev stems before | dev stems after |\n|---|---|---|---|---|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
