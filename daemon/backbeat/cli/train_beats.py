"""`backbeat train beats-render|beats-fit|beats-export`: teach the built-in beat tracker."""

from __future__ import annotations

import argparse
from pathlib import Path

from backbeat.cli.command import Subparsers, new_command
from backbeat.cli.console import remark, say
from backbeat.cli.exit_codes import ExitCode
from backbeat.cli.training_needs import need_torch

RENDER = """\
Render drumming whose beats and bars are known, as files of 24 songs of 30 s. An interrupted run goes on where it stopped."""
FIT = """\
Fit the beat network to rendered songs. An interrupted run goes on from its last checkpoint. Files that are still being
rendered join in as they appear."""
EXPORT = "Write the files that ship, net_beats.onnx and net_beats.json."


def add_beat_actions(actions: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add the three actions to those of `backbeat train`."""
    render = new_command(actions, common, "beats-render", "render songs to learn beats from", description=RENDER, execute=_render)
    render.add_argument("bank", type=Path, metavar="BANK", help="folder with manifest.csv, oneshots, grooves and backing")
    render.add_argument("out", type=Path, metavar="FOLDER", help="where the files go")
    render.add_argument("--files", type=int, default=50, metavar="N", help="how many in all (50 are 10 hours)")
    render.add_argument("--seed", type=int, default=1, metavar="N")
    render.add_argument("--validation", action="store_true", help="render the held-out kits and performances instead")
    fit = new_command(actions, common, "beats-fit", "fit the beat network", description=FIT, execute=_fit)
    fit.add_argument("data", type=Path, metavar="FOLDER", help="rendered songs")
    fit.add_argument("valid", type=Path, metavar="HELD_OUT", help="rendered songs of held-out kits")
    fit.add_argument("run", type=Path, metavar="RUN", help="folder for checkpoints")
    fit.add_argument("--minutes", type=float, default=14.0, metavar="N", help="of processor time")
    fit.add_argument("--seed", type=int, default=1, metavar="N")
    export = new_command(actions, common, "beats-export", "write net_beats.onnx", description=EXPORT, execute=_export)
    export.add_argument("run", type=Path, metavar="RUN", help="folder with checkpoints")
    export.add_argument("out", type=Path, metavar="FOLDER", help="where the two files go")


def _render(args: argparse.Namespace) -> int:
    from backbeat.training.beats.files import BeatRenderSettings, render_beats  # noqa: PLC0415 - brings NumPy and more

    settings = BeatRenderSettings(
        bank_root=args.bank, out_folder=args.out, files=args.files, seed=args.seed, validation=args.validation
    )
    rendered = render_beats(settings, lambda done, wanted: remark(f"{done} of {wanted} files"))
    say(f"{rendered} files rendered; {args.out} holds {settings.audio_hours:.1f} hours.")
    return ExitCode.OK


def _fit(args: argparse.Namespace) -> int:
    need_torch()
    from backbeat.training.beats.network import BeatNetworkShape  # noqa: PLC0415 - brings torch
    from backbeat.training.beats.pool import BeatPool  # noqa: PLC0415
    from backbeat.training.beats.trainer import BeatFitSettings, BeatTrainer  # noqa: PLC0415
    from backbeat.training.long_run import CHECKPOINT  # noqa: PLC0415

    trainer = BeatTrainer(BeatFitSettings(minutes=args.minutes, seed=args.seed), BeatNetworkShape())
    trainer.resume_if_begun(args.run / CHECKPOINT, remark)
    trainer.run(BeatPool(args.data, args.seed), BeatPool(args.valid, args.seed), args.run, remark)
    return ExitCode.OK


def _export(args: argparse.Namespace) -> int:
    need_torch()
    from backbeat.training.beats.export import export_beats  # noqa: PLC0415 - brings torch
    from backbeat.training.long_run import AVERAGE  # noqa: PLC0415

    exported = export_beats(args.run / AVERAGE, args.out)
    say(f"net_beats.onnx {exported.sha256}, {exported.parameters} weights, at most {exported.largest_difference:.1e} from torch.")
    return ExitCode.OK
