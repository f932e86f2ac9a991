"""`backbeat train`: teach the built-in recogniser a kit, or render sounds, fit its network to them, export it, and score it."""

from __future__ import annotations

import argparse
import os
from functools import partial
from pathlib import Path

from backbeat.cli.command import Subparsers, new_command
from backbeat.cli.console import remark, say
from backbeat.cli.exit_codes import ExitCode
from backbeat.cli.train_beats import add_beat_actions
from backbeat.cli.training_needs import need_torch
from backbeat.config.folders import default_data_folder

TRAIN = """\
Teach the built-in recogniser your own kit, or make it anew.

With --kit it goes on learning on a folder of one-shots: one sound per file (WAV, FLAC, AIFF, OGG), named like
"Kick 01.wav", "snare_ghost.wav" or "HH open 3.wav", or in subfolders named so. Several files of one drum are its
layers, from soft to loud. The result is a folder with net.onnx and net.json; models.net_weights in the config uses it.
An interrupted run goes on where it stopped when it is started again."""
BACKING = """\
Render bands without a drummer to put behind the drums: songs of Backbeat's own, played by FluidSynth with the sound font
FluidR3_GM (Debian: fluidsynth and fluid-soundfont-gm). An interrupted run goes on where it stopped."""
RENDER = """\
Render labelled drumming from a bank of one-shots and grooves, as files of 64 segments of 8 s. An interrupted run goes on
where it stopped. Only sounds of the permissive licence tier are used."""
FIT = """\
Fit the network to rendered segments. An interrupted run goes on from its last checkpoint. Files that are still being
rendered join in as they appear."""
EXPORT = """\
Write the files that ship, net.onnx and net.json: thresholds and confidences come from held-out segments and, if given,
from annotated recordings, of which nothing is learned but one threshold per family of drums."""
EVALUATE = "Score the built-in recogniser, as it runs in the daemon, on annotated recordings."


def add_command(subparsers: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add `train --kit FOLDER`, `train backing|render|fit|export|evaluate` and the same for the beats."""
    parser = new_command(subparsers, common, "train", "train the built-in recogniser", description=TRAIN, execute=None)
    parser.set_defaults(execute=partial(_kit, parser))
    _add_kit_options(parser)
    actions = parser.add_subparsers(metavar="ACTION", title="to make it anew")
    _add_backing(actions, common)
    _add_render(actions, common)
    _add_fit(actions, common)
    _add_export(actions, common)
    _add_evaluate(actions, common)
    add_beat_actions(actions, common)


def _add_kit_options(parser: argparse.ArgumentParser) -> None:
    kit = parser.add_argument_group("to teach it a kit of yours")
    kit.add_argument("--kit", type=Path, metavar="FOLDER", help="the one-shots of your kit")
    kit.add_argument(
        "--out", type=Path, metavar="FOLDER", help="where net.onnx and net.json go (else kits/NAME in Backbeat's data folder)"
    )
    kit.add_argument(
        "--minutes",
        type=_minutes,
        default=10.0,
        metavar="N",
        help="the longest that it learns (default: 10); mostly it takes less",
    )
    kit.add_argument(
        "--bank", type=Path, metavar="BANK", help="a drum bank to go on hearing, so that less of the rest is forgotten"
    )
    kit.add_argument(
        "--start", type=Path, metavar="FOLDER", help="with net.onnx and net.json to start from (else the built-in ones)"
    )


def _minutes(text: str) -> float:
    minutes = float(text)
    if not 0 < minutes <= 1440:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1440")
    return minutes


def _add_backing(actions: Subparsers, common: argparse.ArgumentParser) -> None:
    backing = new_command(
        actions, common, "backing", "render music to play behind the drums", description=BACKING, execute=_backing
    )
    backing.add_argument("out", type=Path, metavar="FOLDER", help="where the files go")
    backing.add_argument("--clips", type=int, default=160, metavar="N", help="how many in all, of 16 s")
    backing.add_argument("--seed", type=int, default=1, metavar="N")
    backing.add_argument("--soundfont", type=Path, metavar="FILE", help="another sound font than FluidR3_GM.sf2")


def _add_render(actions: Subparsers, common: argparse.ArgumentParser) -> None:
    render = new_command(actions, common, "render", "render sounds to learn from", description=RENDER, execute=_render)
    render.add_argument("bank", type=Path, metavar="BANK", help="folder with manifest.csv, oneshots, grooves and backing")
    render.add_argument("out", type=Path, metavar="FOLDER", help="where the files go")
    render.add_argument("--bands", type=Path, metavar="FOLDER", help="music for full mixes, from `backbeat train backing`")
    render.add_argument("--files", type=int, default=200, metavar="N", help="how many in all (200 are 28 hours)")
    render.add_argument("--seed", type=int, default=1, metavar="N")
    render.add_argument("--processes", type=int, default=2, metavar="N")
    render.add_argument("--validation", action="store_true", help="render the held-out kits and performances instead")


def _add_fit(actions: Subparsers, common: argparse.ArgumentParser) -> None:
    fit = new_command(actions, common, "fit", "fit the network", description=FIT, execute=_fit)
    fit.add_argument("data", type=Path, metavar="FOLDER", help="rendered segments")
    fit.add_argument("valid", type=Path, metavar="HELD_OUT", help="rendered segments of held-out kits")
    fit.add_argument("run", type=Path, metavar="RUN", help="folder for checkpoints")
    fit.add_argument("--minutes", type=float, default=77.0, metavar="N", help="of the whole run")
    fit.add_argument("--seed", type=int, default=1, metavar="N")


def _add_export(actions: Subparsers, common: argparse.ArgumentParser) -> None:
    export = new_command(actions, common, "export", "write net.onnx and net.json", description=EXPORT, execute=_export)
    export.add_argument("run", type=Path, metavar="RUN", help="folder with checkpoints")
    export.add_argument(
        "--with",
        dest="others",
        type=Path,
        action="append",
        default=[],
        metavar="RUN",
        help="a run with another seed; what both hear is averaged; may be repeated",
    )
    export.add_argument("valid", type=Path, metavar="HELD_OUT", help="rendered segments of held-out kits")
    export.add_argument("out", type=Path, metavar="FOLDER", help="where the two files go")
    export.add_argument(
        "--recordings",
        type=Path,
        nargs=2,
        action="append",
        default=[],
        metavar=("AUDIO", "REFERENCES"),
        help="choose thresholds on these, too; may be repeated",
    )


def _add_evaluate(actions: Subparsers, common: argparse.ArgumentParser) -> None:
    evaluate = new_command(actions, common, "evaluate", "score it on recordings", description=EVALUATE, execute=_evaluate)
    evaluate.add_argument("audio", type=Path, metavar="AUDIO", help="folder of WAV or FLAC files")
    evaluate.add_argument("references", type=Path, metavar="REFERENCES", help="folder of NAME.txt: time, tab, KD SD TT HH or CY")
    evaluate.add_argument("--held-out", type=Path, metavar="FOLDER", help="figures per instrument on rendered segments, too")
    evaluate.add_argument("--model", type=Path, metavar="FOLDER", help="with net.onnx and net.json (else the built-in one)")


def _kit(parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    if args.kit is None:
        parser.error("name the folder of a kit with --kit, or an ACTION: backing, render, fit, export or evaluate")
    need_torch()
    from backbeat.training.fine_tuning.kit_training import KitTraining, train_on_kit  # noqa: PLC0415 - brings torch

    out = args.out or default_data_folder() / "kits" / args.kit.resolve().name
    training = KitTraining(
        kit=args.kit,
        out=out,
        minutes=args.minutes,
        bank=args.bank,
        start=args.start,
        processes=os.cpu_count() or 1,
    )
    comparison = train_on_kit(training, remark)
    for line in comparison.lines():
        say(line)
    say("Compared on rendered playing of these sounds; what it is worth in a recording of the kit, the recording shows.")
    say(f"To use it, write into your config, under [models]: net_weights = '{out.resolve()}'")
    return ExitCode.OK


def _backing(args: argparse.Namespace) -> int:
    from backbeat.training.backing.sound_font import render_backing  # noqa: PLC0415 - brings NumPy and more

    rendered = render_backing(args.out, clips=args.clips, seed=args.seed, soundfont=args.soundfont)
    say(f"{rendered} clips rendered; {args.out} holds {args.clips}.")
    return ExitCode.OK


def _render(args: argparse.Namespace) -> int:
    from backbeat.training.segments.files import RenderSettings, render_dataset  # noqa: PLC0415 - brings NumPy and more

    settings = RenderSettings(
        bank_root=args.bank,
        out_folder=args.out,
        files=args.files,
        seed=args.seed,
        processes=args.processes,
        validation=args.validation,
        bands_folder=args.bands,
    )
    rendered = render_dataset(settings, lambda done, wanted: remark(f"{done} of {wanted} files"))
    say(f"{rendered} files rendered; {args.out} holds {settings.audio_hours:.1f} hours.")
    return ExitCode.OK


def _fit(args: argparse.Namespace) -> int:
    need_torch()
    from backbeat.training.learner import choose_device  # noqa: PLC0415 - brings torch
    from backbeat.training.long_run import CHECKPOINT  # noqa: PLC0415
    from backbeat.training.recogniser.network import NetworkShape  # noqa: PLC0415
    from backbeat.training.recogniser.trainer import Trainer, TrainSettings  # noqa: PLC0415
    from backbeat.training.segments.pool import SegmentPool  # noqa: PLC0415

    trainer = Trainer(TrainSettings(minutes=args.minutes, seed=args.seed), NetworkShape(), choose_device())
    trainer.resume_if_begun(args.run / CHECKPOINT, remark)
    trainer.run(SegmentPool(args.data, args.seed), SegmentPool(args.valid, args.seed), args.run, remark)
    return ExitCode.OK


def _export(args: argparse.Namespace) -> int:
    need_torch()
    from backbeat.training.long_run import AVERAGE  # noqa: PLC0415 - brings torch
    from backbeat.training.recogniser.finish import Recordings, finish  # noqa: PLC0415

    real = [Recordings(audio_folder=audio, reference_folder=references) for audio, references in args.recordings]
    exported, settings = finish([run / AVERAGE for run in (args.run, *args.others)], args.valid, real, args.out)
    say(f"net.onnx {exported.sha256}, at most {exported.largest_difference:.1e} from torch.")
    for instrument, threshold in settings.picking.clear.items():
        say(f"{instrument}: threshold {threshold:.2f}, in mixes {settings.picking.dense[instrument]:.2f}")
    return ExitCode.OK


def _evaluate(args: argparse.Namespace) -> int:
    from backbeat.engines.net.engine import open_files  # noqa: PLC0415 - brings ONNX Runtime
    from backbeat.training.evaluation.held_out import hear_held_out  # noqa: PLC0415 - brings SciPy
    from backbeat.training.evaluation.recordings import evaluate  # noqa: PLC0415
    from backbeat.training.segments.pool import SegmentPool  # noqa: PLC0415

    engine = open_files(args.model)
    evaluation = evaluate(engine, args.audio, args.references)
    say(str(evaluation))
    for track, f_measure in evaluation.tracks.items():
        say(f"{track}: {f_measure:.3f}")
    if args.held_out:
        pool = SegmentPool(args.held_out, seed=0)
        for figures in hear_held_out(engine.network, engine.settings.picking, pool):
            say(str(figures))
    return ExitCode.OK
