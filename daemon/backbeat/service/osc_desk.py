"""Answers what comes over OSC: one method for each kind of request. Lives on the loop's thread."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from backbeat import __version__
from backbeat.config.schema import Config
from backbeat.engines.registry import EngineKind, engine_info
from backbeat.errors import BackbeatError, Cancelled, JobError, OutputError, StoreError
from backbeat.host.chain import load_chain
from backbeat.intake import osc_requests as ask
from backbeat.intake.bounce_settings import bounce_options
from backbeat.intake.file_stamp import FileStamp, stamp_of
from backbeat.intake.fingerprint import fingerprint_of
from backbeat.intake.roots import Roots
from backbeat.intake.url_to_file import is_url, url_to_file
from backbeat.jobs.job import Job, JobState, Origin, Priority
from backbeat.jobs.store import Store
from backbeat.monitor import Monitor
from backbeat.osc import Peer
from backbeat.outputs import hits_to_osc as say
from backbeat.outputs.hits_to_rows import hits_to_rows
from backbeat.outputs.live_midi import MidiPlayer
from backbeat.outputs.notation.staff_map import load_staff_map
from backbeat.outputs.note_map import load_note_map
from backbeat.outputs.osc_sender import OscSender
from backbeat.outputs.playing.host_clock import HostClock
from backbeat.outputs.read_result import Result, read_result
from backbeat.pipeline.request import Request, free_out_base
from backbeat.service.announcer import Announcer
from backbeat.service.background import in_background
from backbeat.service.job_desk import JobDesk
from backbeat.service.live_desk import LiveDesk
from backbeat.service.loop import Loop
from backbeat.service.play_desk import PlayDesk
from backbeat.service.tools import download_limits
from backbeat.settings import HEARING_SETTINGS, Settings
from backbeat.values import Instrument, OutputKind, Stage

log = logging.getLogger(__name__)

UNFINISHED = (JobState.QUEUED, JobState.RUNNING)
IDLE = "idle"
"""The state in answer to a status request when no job waits or runs: no answer would look like no daemon."""

STATUS_LIMIT = 200
"""At most this many jobs are told of in answer to a status request without a job."""


class OscDesk:
    """`answer` is given every request in turn.

    pool: reads files. downloads: has the downloads, which may take minutes, to itself; without it they share the pool.
    others: sends to those whom `[[osc.send]]` names, who may be out of reach of `sender`; without it `sender` does.
    host_clock: what playing follows; without it, playing keeps its own time.
    """

    def __init__(
        self,
        *,
        config: Config,
        loop: Loop,
        store: Store,
        desk: JobDesk,
        announcer: Announcer,
        sender: OscSender,
        player: MidiPlayer,
        pool: Executor,
        monitor: Monitor,
        user_presets: Path | None,
        live: LiveDesk,
        downloads: Executor | None = None,
        others: OscSender | None = None,
        host_clock: HostClock | None = None,
    ) -> None:
        self._config = config
        self._roots = Roots(config.roots)
        self._loop = loop
        self._store = store
        self._desk = desk
        self._announcer = announcer
        self._sender = sender
        self._others = others or sender
        self._playing = PlayDesk(config=config, player=player, sender=sender, others=self._others, host_clock=host_clock)
        self._pool = pool
        self._downloads = downloads or pool
        self._monitor = monitor
        self._user_presets = user_presets
        self._live = live
        self._preset = config.transcribe.preset
        self._answers: dict[type[ask.OscRequest], tuple[str, Callable[..., None]]] = {
            ask.Ping: ("/backbeat/ping", self._ping),
            ask.Transcribe: ("/backbeat/transcribe", self._transcribe),
            ask.Repick: ("/backbeat/repick", self._repick),
            ask.Cancel: ("/backbeat/cancel", self._cancel),
            ask.Status: ("/backbeat/status", self._status),
            ask.Subscribe: ("/backbeat/subscribe", self._subscribe),
            ask.Unsubscribe: ("/backbeat/unsubscribe", self._unsubscribe),
            ask.Play: ("/backbeat/play", self._play),
            ask.StopPlaying: ("/backbeat/stop", self._stop_playing),
            ask.SendHits: ("/backbeat/hits", self._send_hits),
            ask.ToLive: ("/backbeat/to_live", self._to_live),
            ask.ChangePreset: ("/backbeat/preset", self._change_preset),
        }

    def answer(self, request: ask.OscRequest) -> None:
        """Do what is asked; what cannot be done is answered with `/backbeat/error`."""
        address, method = self._answers[type(request)]
        try:
            method(request)
        except BackbeatError as error:
            self._refuse(address, error, request.sender)

    def _refuse(self, address: str, error: BackbeatError, to: Peer) -> None:
        """Also to those at the same computer who subscribed: Max cannot hear at the port that it sends from."""
        message = say.error(address, error.in_words)
        for peer in dict.fromkeys((to, *(peer for peer in self._sender.subscribers if peer.host == to.host))):
            self._sender.send(message, peer)

    # One method for each request

    def _ping(self, request: ask.Ping) -> None:
        self._sender.send(say.pong(__version__), request.sender)

    def _transcribe(self, request: ask.Transcribe) -> None:
        configured = replace(self._config.transcribe, preset=self._preset)
        settings = replace(configured, **request.options)
        load_note_map(settings.preset, self._user_presets)
        load_staff_map(settings.notation, self._user_presets)
        load_chain(settings.chain, self._user_presets)
        engine_info(settings.engine, EngineKind.HITS)
        if is_url(request.path):
            in_background(self._downloads, self._download, request, configured)
        else:
            path = self._roots.confine(request.path)  # told at once, and before the disk is read
            in_background(self._pool, self._read, path, configured, request)

    def _repick(self, request: ask.Repick) -> None:
        job = self._finished(request.job)
        if hearing := [name for name in request.options if name in HEARING_SETTINGS]:
            raise StoreError(
                f"{', '.join(hearing)}: to change this, the recording has to be heard again.", advice="Use /backbeat/transcribe."
            )
        settings = replace(job.settings, **request.options)
        load_note_map(settings.preset, self._user_presets)
        load_staff_map(settings.notation, self._user_presets)
        again = replace(job.request, settings=settings)
        self._desk.submit(again, origin=Origin.OSC, priority=Priority.OSC, reply_to=request.sender)

    def _cancel(self, request: ask.Cancel) -> None:
        job = self._job(request.job)
        self._announcer.listen(job.id, request.sender)
        self._desk.cancel(job.id)

    def _status(self, request: ask.Status) -> None:
        if request.job is not None:
            jobs = [self._job(request.job)]
        elif not (jobs := self._store.jobs(states=UNFINISHED, limit=STATUS_LIMIT)):
            self._sender.send(say.job_state("", IDLE, 0.0, ""), request.sender)
        for job in jobs:
            self._sender.send(say.job_state(job.id, job.state, _fraction(job), job.path), request.sender)

    def _subscribe(self, request: ask.Subscribe) -> None:
        peer = _at_port(request.sender, request.port)
        self._sender.subscribe(peer)
        self._sender.send(say.subscribed(peer.port), request.sender)

    def _unsubscribe(self, request: ask.Unsubscribe) -> None:
        self._sender.unsubscribe(_at_port(request.sender, request.port))
        self._sender.send(say.subscribed(0), request.sender)

    def _play(self, request: ask.Play) -> None:
        if job := self._unfinished(request.job):
            self._announcer.listen(job.id, request.sender)
            self._playing.play_as_heard(job, self._announcer.hits.source(job.id), self._notes, request)
        else:
            job, result = self._played(request.job)
            self._playing.play(job, result, self._notes, request)

    def _stop_playing(self, _request: ask.OscRequest) -> None:
        self._playing.stop()

    def _send_hits(self, request: ask.SendHits) -> None:
        if running := self._unfinished(request.job):
            self._announcer.listen(running.id, request.sender)
            self._announcer.hits.follow(running.id, request.sender, self._notes)
            return
        job, result = self._played(request.job)
        if not self._sender.stream(say.hits_to_messages(job.id, result.hits, self._notes), request.sender):
            raise StoreError("Too many hit streams are being sent already.", advice="Try again in a moment.")
        rows = hits_to_rows(self._config.osc.send, job.id, result.hits, self._notes)
        if rows and not self._others.stream_all(rows):
            raise StoreError("Too many hit streams are being sent to others already.", advice="Try again in a moment.")

    def _to_live(self, request: ask.ToLive) -> None:
        job, json_path = self._result(request.job)
        self._live.put(job.id, json_path, track=request.track, slot=request.slot, reply_to=request.sender)

    def _change_preset(self, request: ask.ChangePreset) -> None:
        self._preset = load_note_map(request.name, self._user_presets).name
        self._sender.send(say.preset(self._preset), request.sender)

    # On the pool's threads

    def _download(self, request: ask.Transcribe, configured: Settings) -> None:
        try:
            path = url_to_file(
                request.path,
                self._config.inbox,
                download_limits(self._config.limits),
                self._monitor,
            )
        except Cancelled:
            return
        except BackbeatError as error:
            self._refuse("/backbeat/transcribe", error, request.sender)
        else:
            self._read(path, configured, request)

    def _read(self, path: Path, configured: Settings, request: ask.Transcribe) -> None:
        """What the message says goes before what lies beside the recording, and that before the configuration."""
        try:
            with self._roots.open(path) as opened:
                stamp = stamp_of(opened.file)
                content = fingerprint_of(opened.file, self._monitor)
            settings = replace(configured, **{**bounce_options(path, self._roots), **request.options})
        except Cancelled:
            return
        except JobError as error:
            self._refuse("/backbeat/transcribe", error, request.sender)
        else:
            self._loop.post(partial(self._submit, path, content, stamp, settings, request.sender))

    # Back on the loop

    def _submit(self, path: Path, content: str, stamp: FileStamp, settings: Settings, sender: Peer) -> None:
        try:
            request = Request(path=path, fingerprint=content, out_base=self._out_base(path), settings=settings)
            submission = self._desk.submit(request, origin=Origin.OSC, priority=Priority.OSC, reply_to=sender)
            # A watched folder must not take the same version of the file again with its own settings.
            self._store.remember(path, stamp, submission.job.id)
        except StoreError as error:
            self._refuse("/backbeat/transcribe", error, sender)

    def _out_base(self, path: Path) -> Path:
        return free_out_base(path, self._out_dir(path), lambda place: self._store.output_base_taken(place, path))

    def _out_dir(self, path: Path) -> Path:
        """Where the watched folder that it lies in would put it; beside the recording otherwise."""
        folders = {watch.path.resolve(): watch for watch in self._config.watch}
        covering = [f for f, watch in folders.items() if path.parent == f or (watch.recursive and f in path.parents)]
        innermost = max(covering, key=lambda folder: len(folder.parts), default=None)
        output = folders[innermost].output if innermost else None
        return path.parent if output is None or innermost is None else output / path.parent.relative_to(innermost)

    def _job(self, job_id: str) -> Job:
        job = self._store.job(job_id)
        if job is None:
            raise StoreError(f"There is no job {job_id!r}.", advice="/backbeat/status lists the jobs there are.")
        return job

    def _finished(self, job_id: str) -> Job:
        """A finished job whose result has not made way for that of another bounce."""
        job = self._job(job_id)
        if job.state is not JobState.DONE:
            raise StoreError(f"Job {job.id} is {job.state}: only finished jobs can be picked again.")
        with suppress(OutputError):  # a result that is gone is written again
            if read_result(job.request.output(OutputKind.JSON)).fingerprint != job.fingerprint:
                raise StoreError(
                    f"The result of a newer bounce lies where job {job.id} put its own.", advice="Transcribe the recording again."
                )
        return job

    @property
    def _notes(self) -> Mapping[Instrument, int]:
        """The note map that holds now; raises PresetError when it is gone."""
        return load_note_map(self._preset, self._user_presets).notes

    def _unfinished(self, job_id: str) -> Job | None:
        """The job, if its hits are still to come. Raises StoreError where there is none."""
        job = self._job(job_id)
        return job if job.state in UNFINISHED else None

    def _played(self, job_id: str) -> tuple[Job, Result]:
        """A finished job with its result."""
        job, json_path = self._result(job_id)
        return job, read_result(json_path)

    def _result(self, job_id: str) -> tuple[Job, Path]:
        """A finished job and its result file."""
        job = self._job(job_id)
        files = self._store.outputs(job.id)
        if job.state is not JobState.DONE or OutputKind.JSON not in files:
            raise StoreError(f"Job {job.id} is {job.state}: only finished jobs have hits.")
        if files[OutputKind.JSON].overwritten:
            raise StoreError(
                f"A newer job has written over the result of job {job.id}.", advice="Transcribe the recording again."
            )
        return job, files[OutputKind.JSON].path


def _at_port(sender: Peer, port: int | None) -> Peer:
    return sender if port is None else Peer(sender.host, port)


STAGE_SHARE = {stage: n / len(Stage) for n, stage in enumerate(Stage)}
"""Where each stage begins in a job's overall fraction: they count alike, for want of anything better known beforehand."""


def _fraction(job: Job) -> float:
    if job.state is JobState.DONE:
        return 1.0
    return 0.0 if job.stage is None else STAGE_SHARE[job.stage] + job.fraction / len(Stage)
