"""`backbeat transcribe`: recordings to results in this process, one after the other, without a daemon."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass, field, replace
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backbeat.cli.command import Subparsers, new_command
from backbeat.cli.console import explain, remark, say, say_json
from backbeat.cli.exit_codes import EXIT_CODE_HELP, ExitCode
from backbeat.cli.options import configured, job_options, json_option, said_on_command_line
from backbeat.cli.progress import shown_progress
from backbeat.config.schema import Config
from backbeat.errors import BackbeatError, OutputError

if TYPE_CHECKING:
    from backbeat.monitor import Monitor
    from backbeat.pipeline.analysis_to_files import RunSummary
    from backbeat.pipeline.request import Request
    from backbeat.pipeline.stage_context import Tools

DESCRIPTION = """\
Transcribe recordings here and now; no daemon is needed. Beside song.wav appear
  song.drums.mid            the hits at their true times, at one constant tempo
  song.drums.tempomap.mid   the same with the tempo map of the recording
  song.drums.musicxml       notation, and song.drums.pdf
  song.drums.json           everything that was heard
and with --picture png (or svg)
  song.drums.png            the hits as a picture
song.backbeat.json, if it is there, holds settings of that recording alone, such as {"bpm": 128, "meter": "7/8"};
they go before your config, and options of this command go before them.
Two recordings that differ in their ending only get song.drums.* and song.flac.drums.*.

An http(s) address of an audio file is downloaded first, into --out or else into the current folder; the recording
stays there, and its results appear beside it. Pages of video sites need the extra "url".
A file that cannot be done does not stop the others."""


def add_command(subparsers: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add `transcribe`."""
    parser = new_command(
        subparsers, common, "transcribe", "transcribe files or addresses now", description=DESCRIPTION, execute=_execute
    )
    parser.epilog = EXIT_CODE_HELP
    parser.add_argument("inputs", nargs="+", metavar="FILE|URL", help="recordings: wav, aiff, flac, ogg, mp3, m4a ...")
    parser.add_argument("--out", type=Path, metavar="DIR", help="put the results there (default: beside each recording)")
    json_option(parser, "print one line of JSON for each recording")
    job_options(parser)


def _execute(args: argparse.Namespace) -> int:
    config = configured(args).config
    batch = Batch.of(config, out_dir=None if args.out is None else make_folder(args.out), said=said_on_command_line(args))
    return transcribe(_inputs(args.inputs), batch, as_json=args.json, verbose=hasattr(args, "verbose"))


def transcribe(inputs: list[str], batch: Batch, *, as_json: bool = False, verbose: bool = False) -> int:
    """Do all inputs (paths or addresses), say how each went, and return the exit code."""
    failed = 0
    for n, text in enumerate(inputs, start=1):
        title = f"[{n}/{len(inputs)}] {_short(text)}" if len(inputs) > 1 else _short(text)
        try:
            with shown_progress(title, quiet=as_json) as monitor:
                path, summary = batch.do(text, monitor)
        except KeyboardInterrupt:
            remark(f"Interrupted: {n - 1} of {len(inputs)} done; nothing is left half written.")
            return ExitCode.INTERRUPTED
        except BackbeatError as error:
            failed += 1
            _say_failure(text, error, as_json=as_json, verbose=verbose)
        else:
            _say_result(path, summary, as_json=as_json)
    if failed and len(inputs) > 1:
        remark(f"{failed} of {len(inputs)} failed.")
    return ExitCode.FAILED if failed else ExitCode.OK


@dataclass(kw_only=True)
class Batch:
    """Recordings that are done one after the other and may not overwrite each other's results.

    said: names of the settings that the command line decides; what lies beside a recording cannot change them.
    """

    config: Config
    tools: Tools
    out_dir: Path | None
    said: frozenset[str] = frozenset()
    _owners: dict[Path, Path] = field(default_factory=dict)

    @classmethod
    def of(cls, config: Config, *, out_dir: Path | None, said: frozenset[str] = frozenset()) -> Batch:
        """A batch with its own tools; raises PresetError when there is no such note map or staff map."""
        from backbeat.host.chain import load_chain  # noqa: PLC0415 - not needed for --help
        from backbeat.outputs.notation.staff_map import load_staff_map  # noqa: PLC0415 - not needed for --help
        from backbeat.outputs.note_map import load_note_map  # noqa: PLC0415 - not needed for --help
        from backbeat.service.tools import tools_from_config  # noqa: PLC0415 - brings NumPy and more

        tools = tools_from_config(config)
        load_note_map(config.transcribe.preset, tools.user_presets)  # a slip in a name is told once, not for each file
        load_staff_map(config.transcribe.notation, tools.user_presets)
        load_chain(config.transcribe.chain, tools.user_presets)
        return cls(config=config, tools=tools, out_dir=out_dir, said=said)

    def do(self, text: str, monitor: Monitor) -> tuple[Path, RunSummary]:
        """Fetch (an address), read and transcribe one recording. Raises BackbeatError."""
        from backbeat.outputs.write_atomic import sweep_temps  # noqa: PLC0415 - not needed for --help
        from backbeat.pipeline.run import run_request  # noqa: PLC0415 - brings NumPy and more

        path = self._local(text, monitor)
        request = self._request(path, monitor)
        try:
            return path, run_request(request, tools=self.tools, monitor=monitor, announce=lambda _kind, _path: None)
        except BaseException:
            sweep_temps(request.out_base)
            raise

    def _local(self, text: str, monitor: Monitor) -> Path:
        from backbeat.intake.url_to_file import is_url, url_to_file  # noqa: PLC0415 - not needed for --help
        from backbeat.service.tools import download_limits  # noqa: PLC0415 - brings NumPy and more

        if not is_url(text):
            return Path(os.path.abspath(Path(text).expanduser()))  # noqa: PTH100 - without following links
        return url_to_file(text, self.out_dir or Path.cwd(), download_limits(self.config.limits), monitor)

    def _request(self, path: Path, monitor: Monitor) -> Request:
        from backbeat.intake.bounce_settings import bounce_options  # noqa: PLC0415 - not needed for --help
        from backbeat.pipeline.request import free_out_base, make_request  # noqa: PLC0415 - not needed for --help

        beside = {name: value for name, value in bounce_options(path).items() if name not in self.said}
        settings = replace(self.config.transcribe, **beside)
        out_base = free_out_base(path, self.out_dir or path.parent, lambda place: self._is_taken(place, path))
        self._owners[out_base] = path
        return make_request(path, out_base=out_base, settings=settings, monitor=monitor)

    def _is_taken(self, place: Path, path: Path) -> bool:
        """Whether results of another recording, of this batch or of an earlier one, are there."""
        from backbeat.outputs.read_result import read_result  # noqa: PLC0415 - not needed for --help
        from backbeat.values import OutputKind  # noqa: PLC0415 - not needed for --help

        if place in self._owners:
            return self._owners[place] != path
        try:
            source = read_result(place.with_name(place.name + OutputKind.JSON.suffix)).source
        except OutputError:
            return False
        return source != path and source.exists()


def make_folder(out: Path) -> Path:
    """Make the folder that results go to, and return its whole path; raises OutputError."""
    folder = Path(os.path.abspath(out.expanduser()))  # noqa: PTH100 - without following links
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"The folder {folder} cannot be made: {error.strerror or error}.", advice="Name another with --out."
        ) from error
    return folder


def _inputs(texts: list[str]) -> list[str]:
    """Expand `*.wav` where the shell has not done it (Windows), and drop repeats."""
    found: list[str] = []
    for text in texts:
        matches = sorted(glob(text)) if "*" in text and not Path(text).exists() else []  # noqa: PTH207 - may be absolute
        found += matches or [text]
    return list(dict.fromkeys(found))


def _short(text: str) -> str:
    return text if "://" in text else Path(text).name


def _say_failure(text: str, error: BackbeatError, *, as_json: bool, verbose: bool) -> None:
    if as_json:
        say_json({"file": text, "ok": False, "code": error.code, "message": error.message, "advice": error.advice})
        return
    remark(f"{_short(text)}: not done")
    explain(error, verbose=verbose)


def _say_result(path: Path, summary: RunSummary, *, as_json: bool) -> None:
    if as_json:
        say_json(summary_json(path, summary))
        return
    tempo = f"{summary.bpm:.1f} BPM" + (" (unsure)" if summary.bpm_unreliable else "")
    say(f"{path.name}: {summary.hits} hits, {tempo}, confidence {summary.confidence:.2f}")
    for output in summary.outputs.values():
        say(f"  {output}")
    for warning in summary.warnings:
        remark(f"  note: {warning}")


def summary_json(path: Path, summary: RunSummary) -> dict[str, Any]:
    """A finished recording as one line for scripts."""
    return {
        "file": str(path),
        "ok": True,
        "outputs": {str(kind): str(output) for kind, output in summary.outputs.items()},
        "hits": summary.hits,
        "bpm": summary.bpm,
        "bpm_unreliable": summary.bpm_unreliable,
        "midi_bpm": summary.midi_bpm,
        "confidence": summary.confidence,
        "warnings": list(summary.warnings),
        "timings_s": summary.timings_s,
    }
