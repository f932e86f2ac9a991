"""Clips for Ableton Live: takes the wishes in, on the loop's thread, and writes them on a thread of its own."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from concurrent.futures import Executor
from pathlib import Path

from backbeat.config.schema import LiveConfig
from backbeat.errors import BackbeatError, Cancelled, PresetError
from backbeat.jobs.job import Job
from backbeat.live.ableton_osc import LiveAddress
from backbeat.live.to_live import InLive, LiveTarget, to_live
from backbeat.monitor import Monitor
from backbeat.osc import Peer
from backbeat.outputs import hits_to_osc as say
from backbeat.outputs.note_map import NoteMap, load_note_map
from backbeat.outputs.osc_sender import OscSender
from backbeat.values import OutputKind

log = logging.getLogger(__name__)

ADDRESS = "/backbeat/to_live"


def live_address(config: LiveConfig) -> LiveAddress:
    """Where Live is, as configured."""
    return LiveAddress(host=config.host, send_port=config.send_port, receive_port=config.receive_port)


class LiveDesk:
    """A clip that cannot be written is reported; its job stays done. pool: one thread, for one clip at a time."""

    def __init__(
        self, *, config: LiveConfig, sender: OscSender, pool: Executor, monitor: Monitor, user_presets: Path | None
    ) -> None:
        self._config = config
        self._sender = sender
        self._pool = pool
        self._monitor = monitor
        self._user_presets = user_presets

    def put(self, job_id: str, json_path: Path, *, track: str | None, slot: int | None, reply_to: Peer | None) -> None:
        """Write a job's result into the set that is open, and tell `reply_to` and all subscribers; returns at once.

        track, slot: as in `LiveTarget`; None is as configured. Raises PresetError when the configured note map is not usable.
        """
        note_map = load_note_map(self._config.preset, self._user_presets)
        target = LiveTarget(
            track=self._config.track if track is None else track,
            slot=self._config.slot if slot is None else slot,
            fire=self._config.fire,
        )
        self._pool.submit(self._write, job_id, json_path, note_map, target, reply_to)

    def job_done(self, job: Job, outputs: Mapping[OutputKind, Path]) -> None:
        """What is configured to happen after each job."""
        if not self._config.enabled or OutputKind.JSON not in outputs:
            return
        try:
            self.put(job.id, outputs[OutputKind.JSON], track=None, slot=None, reply_to=None)
        except PresetError as error:
            self._refuse(job.id, error, None)

    # On the pool's thread

    def _write(self, job_id: str, json_path: Path, note_map: NoteMap, target: LiveTarget, reply_to: Peer | None) -> None:
        try:
            there = to_live(
                json_path, notes=note_map.notes, target=target, address=live_address(self._config), monitor=self._monitor
            )
        except Cancelled:
            return
        except BackbeatError as error:
            self._refuse(job_id, error, reply_to)
        except Exception:
            log.exception("%s: the clip for Live could not be written", job_id)
        else:
            self._announce(job_id, there, reply_to)

    def _announce(self, job_id: str, there: InLive, reply_to: Peer | None) -> None:
        remark = " ".join(there.remarks)
        log.info("%s: in Live, track %d (%s), slot %d. %s", job_id, there.track, there.track_name, there.slot, remark)
        message = say.in_live(job_id, track=there.track, slot=there.slot, notes=there.note_count, remark=remark)
        self._sender.broadcast(message, also=[reply_to] if reply_to else [])

    def _refuse(self, job_id: str, error: BackbeatError, reply_to: Peer | None) -> None:
        """To who asked; where nobody did, to all subscribers."""
        log.warning("%s: no clip in Live: %s", job_id, error.in_words)
        message = say.error(ADDRESS, error.in_words)
        if reply_to is None:
            self._sender.broadcast(message)
        else:
            self._sender.send(message, reply_to)
