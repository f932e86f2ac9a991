"""`backbeat send`: asks the running daemon over OSC, as a DAW script does."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backbeat.cli.answers_file import AnswersFile
from backbeat.cli.command import Subparsers, new_command
from backbeat.cli.console import remark, say, say_json
from backbeat.cli.exit_codes import EXIT_CODE_HELP, ExitCode
from backbeat.cli.options import configured, job_options, job_overrides, json_option
from backbeat.cli.osc_client import DaemonSilent, OscClient
from backbeat.cli.progress import STAGE_WORDS
from backbeat.visible_text import visible_text

if TYPE_CHECKING:
    from backbeat.osc import OscMessage

DESCRIPTION = """\
Ask the running daemon to transcribe a file or an address, and go on at once; with --wait, stay until it is done and
say what came back. The file has to lie in a watched folder, the inbox or an extra root (`backbeat config show`).
Job settings that are left out are as NAME.backbeat.json beside the file says, else the daemon's."""

QUIET_S = 5.0
"""After so long without news the daemon is asked how things are."""

PATIENCE = 3
"""How many questions may stay unanswered."""

ENDED_WORDS = {"done": ExitCode.OK, "failed": ExitCode.FAILED, "cancelled": ExitCode.FAILED, "superseded": ExitCode.FAILED}


def add_command(subparsers: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add `send`."""
    parser = new_command(
        subparsers, common, "send", "ask the running daemon to transcribe a file", description=DESCRIPTION, execute=_execute
    )
    parser.epilog = EXIT_CODE_HELP
    parser.add_argument("path", metavar="FILE|URL")
    parser.add_argument("--wait", action="store_true", help="stay until the job is done")
    json_option(parser, "print each answer as a line of JSON")
    parser.add_argument(
        "--answers", type=Path, metavar="FILE", help="write each answer to FILE too, as a line of JSON: for scripts that poll"
    )
    job_options(parser)


def _execute(args: argparse.Namespace) -> int:
    path = args.path if "://" in args.path else str(Path.cwd() / Path(args.path).expanduser())
    return ask_daemon(args, "/backbeat/transcribe", path)


def ask_daemon(args: argparse.Namespace, address: str, subject: str) -> int:
    """Send `address` with its subject and the settings that were given, and follow the job that comes of it."""
    osc = configured(args).config.osc
    settings = [text for name, value in job_overrides(args).items() for text in (name, str(value))]
    with AnswersFile(getattr(args, "answers", None)) as answers:
        try:
            with OscClient(osc) as client:
                client.ping()
                client.send(address, subject, *settings)
                conversation = Conversation(client, address=address, as_json=args.json, answers=answers)
                code = conversation.follow(until_done=args.wait)
        except DaemonSilent:
            remark(f"backbeat: No daemon answers at {osc.host}, port {osc.port}.")
            remark("  Start it with: backbeat run")
            answers.tell("no_daemon", host=osc.host, port=osc.port)
            code = ExitCode.NO_DAEMON
        answers.tell("ended", code=int(code))
    return code


class Conversation:
    """What the daemon says about one request, and what that means."""

    def __init__(self, client: OscClient, *, address: str, as_json: bool, answers: AnswersFile) -> None:
        self._client = client
        self._address = address
        self._as_json = as_json
        self._answers = answers
        self._job: str | None = None
        self._stage = ""

    def follow(self, *, until_done: bool) -> int:
        """Hear answers until the request is accepted or refused, or until the job has ended; returns the exit code.

        The daemon accepts a request when it has read the file, or downloaded it: that may take its time.
        """
        unanswered = 0
        try:
            while self._job is None or until_done:
                reply = self._client.receive(QUIET_S)
                if reply is not None:
                    unanswered = 0
                    code = self._heard(reply)
                    if code is not None:
                        return code
                elif unanswered == PATIENCE:
                    raise DaemonSilent
                else:
                    unanswered += 1
                    self._ask()
        except KeyboardInterrupt:
            if self._job is None:
                raise
            remark(f"The job goes on. To cancel it: backbeat jobs cancel {self._job}")
            return ExitCode.INTERRUPTED
        return ExitCode.OK

    def _ask(self) -> None:
        """UDP may lose what was said: ask how things are."""
        if self._job is None:
            self._client.send("/backbeat/ping")
        else:
            self._client.send("/backbeat/status", self._job)

    def _heard(self, reply: OscMessage) -> int | None:
        """Say what came; returns the exit code when it was the last word on our request."""
        kind = reply.address.removeprefix("/backbeat/")
        values = [*reply.arguments, *[""] * 8]
        if kind == "error" and values[0] == self._address:
            return self._say(kind, {"message": values[1]}, f"Refused: {values[1]}", ExitCode.FAILED)
        if kind == "accepted" and self._job is None:
            self._job = str(values[0])
            return self._say(kind, {"job": values[0], "path": values[1]}, f"Job {values[0]}", None)
        if kind == "failed" and self._job in (None, values[0]):
            fields = {"job": values[0], "code": values[1], "message": values[2]}
            return self._say(kind, fields, f"Failed: {values[2]}", ExitCode.FAILED)
        return self._heard_of_job(kind, values) if self._job is not None and values[0] == self._job else None

    def _heard_of_job(self, kind: str, values: list[Any]) -> int | None:
        if kind == "progress":
            self._say_progress(str(values[1]), values[2])
            return None
        if kind == "ready":
            return self._say(kind, {"job": values[0], "kind": values[1], "path": values[2]}, f"  {values[2]}", None)
        if kind == "done":
            names = ("job", "midi", "musicxml", "pdf", "json", "bpm", "confidence", "hits")
            fields = dict(zip(names, values, strict=False))
            words = f"Done: {fields['hits']} hits, {_number(fields['bpm'], 1)} BPM, confidence {_number(fields['confidence'], 2)}"
            return self._say(kind, fields, words, ExitCode.OK)
        if kind == "cancelled":
            return self._say(kind, {"job": values[0]}, "Cancelled.", ExitCode.FAILED)
        if kind == "job" and values[1] in ENDED_WORDS:
            return self._say(
                kind, {"job": values[0], "state": values[1]}, f"{str(values[1]).capitalize()}.", ENDED_WORDS[values[1]]
            )
        if kind == "job":
            self._answers.tell(kind, job=values[0], state=values[1])
        return None

    def _say_progress(self, stage: str, fraction: Any) -> None:
        self._answers.tell("progress", job=self._job, stage=stage, fraction=fraction)
        if self._as_json:
            say_json({"event": "progress", "job": self._job, "stage": stage, "fraction": fraction})
        elif sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{STAGE_WORDS.get(stage, stage)} {100 * float(fraction):.0f} %")
            sys.stderr.flush()
        elif stage != self._stage:
            remark(STAGE_WORDS.get(stage, stage))
        self._stage = stage

    def _say(self, event: str, fields: dict[str, Any], words: str, code: ExitCode | None) -> ExitCode | None:
        self._answers.tell(event, **fields)
        if self._as_json:
            say_json({"event": event, **fields})
        else:
            if self._stage and sys.stderr.isatty():
                sys.stderr.write("\r\x1b[K")
            say(visible_text(words))
        return code


def _number(value: Any, digits: int) -> str:
    return f"{value:.{digits}f}" if isinstance(value, float | int) else str(value)
