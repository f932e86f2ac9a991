"""`backbeat plot`: a result as a picture, for people who would rather look than read."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

from backbeat.cli.command import Subparsers, new_command
from backbeat.cli.console import explain, remark, say, say_json
from backbeat.cli.exit_codes import EXIT_CODE_HELP, ExitCode
from backbeat.cli.options import json_option, seconds_option
from backbeat.cli.result_file import recording_of, result_of_job, result_of_recording
from backbeat.errors import BackbeatError, OutputError
from backbeat.values import OutputKind, Picture

DESCRIPTION = """\
Draw what was heard: the waveform, a lane for each drum with its hits (larger is louder, darker is surer), beats and
numbered bars. What is drawn is a result that is there already, named by
  a job of the daemon               backbeat plot 3f2a
  the recording, or the result      backbeat plot song.wav        backbeat plot song.drums.json
  a folder, with all results in it  backbeat plot ~/Bounces
The picture is put beside the result: song.drums.png. With `picture = "png"` in your config, or --picture png, each
transcription draws it by itself."""

ROW_SECONDS_MIN = 0.1

FORMATS = tuple(picture for picture in Picture if picture is not Picture.NONE)


def add_command(subparsers: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add `plot`."""
    parser = new_command(subparsers, common, "plot", "draw the hits of a result", description=DESCRIPTION, execute=_execute)
    parser.epilog = EXIT_CODE_HELP
    parser.add_argument("what", nargs="+", metavar="JOB|FILE|FOLDER", help="whose result: a job's id, a recording, a result")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the picture there; its ending chooses the format")
    parser.add_argument("--format", choices=[str(picture) for picture in FORMATS], help="png (as without it) or svg")
    parser.add_argument("--from", dest="start_s", type=seconds_option, default=0.0, metavar="S", help="begin there, in seconds")
    parser.add_argument("--to", dest="end_s", type=seconds_option, metavar="S", help="end there, in seconds")
    parser.add_argument(
        "--seconds-per-row", type=_row_seconds, metavar="S", help="how much of the recording one line shows (default: about 20)"
    )
    json_option(parser, "print one line of JSON for each picture")


def _execute(args: argparse.Namespace) -> int:
    results = [result for text in args.what for result in _results(text, args)]
    if args.out is not None and len(results) > 1:
        raise OutputError(f"--out names one file, but there are {len(results)} results to draw.", advice="Leave --out away.")
    picture = _picture(args)
    failed = 0
    for result in results:
        out = args.out or result.with_suffix(OutputKind(picture).suffix)
        try:
            _draw(result, Path(os.path.abspath(out.expanduser())), picture, args)  # noqa: PTH100 - without following links
        except BackbeatError as error:
            failed += 1
            if args.json:
                say_json(
                    {"result": str(result), "ok": False, "code": error.code, "message": error.message, "advice": error.advice}
                )
            else:
                explain(error, verbose=hasattr(args, "verbose"))
    if failed and len(results) > 1 and not args.json:
        remark(f"{failed} of {len(results)} failed.")
    return ExitCode.FAILED if failed else ExitCode.OK


def _draw(result: Path, out: Path, picture: Picture, args: argparse.Namespace) -> None:
    from backbeat.monitor import Unwatched  # noqa: PLC0415 - not needed for --help
    from backbeat.outputs.read_result import read_document  # noqa: PLC0415 - brings NumPy
    from backbeat.outputs.write_atomic import write_atomic  # noqa: PLC0415 - not needed for --help
    from backbeat.pipeline.result_to_picture import PictureOptions, result_to_picture  # noqa: PLC0415 - brings NumPy

    options = PictureOptions(start_s=args.start_s, end_s=args.end_s, seconds_per_row=args.seconds_per_row)
    document = read_document(result)
    recording = recording_of(result, Path(str(document.get("source", ""))))
    write_atomic(out, result_to_picture(document, recording=recording, picture=picture, monitor=Unwatched(), options=options))
    if args.json:
        say_json({"result": str(result), "ok": True, "picture": str(out)})
    else:
        say(str(out))


def _picture(args: argparse.Namespace) -> Picture:
    """The format that --format or the ending of --out names. Raises OutputError when they do not agree."""
    ending = args.out.suffix.lower().removeprefix(".") if args.out else ""
    if args.format is None:
        if not ending or ending in FORMATS:
            return Picture(ending or Picture.PNG)
        raise OutputError(
            f"Pictures are written as {' or '.join(FORMATS)}, not as {args.out.suffix}.", advice="Name the file .png or .svg."
        )
    if ending in FORMATS and ending != args.format:
        raise OutputError(f"{args.out.name} is to be {args.format}, but its name says {ending}.", advice="Leave --format away.")
    return Picture(args.format)


def _results(text: str, args: argparse.Namespace) -> Iterator[Path]:
    """The result files (JSON) that one word of the command line means. Raises OutputError, StoreError, ConfigError."""
    path = Path(os.path.abspath(Path(text).expanduser()))  # noqa: PTH100 - without following links
    if path.is_dir():
        found = sorted(path.glob(f"*.drums{OutputKind.JSON.suffix}"))
        if not found:
            raise OutputError(f"There are no results in {path}.", advice="Make some with: backbeat transcribe")
        yield from found
    elif path.suffix == OutputKind.JSON.suffix:
        yield path  # where it is not there, reading it says so
    elif path.exists():
        yield result_of_recording(path)
    elif path.suffix or os.sep in text:
        raise OutputError(f"There is no file {path}.", advice="Name a recording, a result (.drums.json) or a job.")
    else:
        yield result_of_job(text, args, "to draw")


def _row_seconds(text: str) -> float:
    seconds = seconds_option(text)
    if seconds < ROW_SECONDS_MIN:
        raise argparse.ArgumentTypeError(f"{text} is below {ROW_SECONDS_MIN:g}")
    return seconds
