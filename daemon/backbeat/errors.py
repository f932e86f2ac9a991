"""Every error that Backbeat raises on purpose.

    BackbeatError
    |-- ConfigError            a setting is wrong: the daemon does not start
    |-- AlreadyRunning         a second daemon on the same data folder
    |-- DaemonGone             what needs a running daemon finds none
    |-- JobError               one job failed; the daemon goes on
    |   |-- AudioError         the file could not be used as audio
    |   |   |-- AudioMissing
    |   |   |-- AudioUnreadable
    |   |   |-- AudioTruncated
    |   |   |-- AudioTooLong
    |   |   `-- AudioChanged
    |   |-- PathRefused        the path is outside the configured roots
    |   |-- BounceSettingsWrong  the settings beside a recording have mistakes
    |   |-- DownloadError      an address could not be fetched
    |   |-- EngineMissing      an optional package or program is not installed
    |   |-- EngineFailed       an engine raised or gave nonsense
    |   |-- ModelError         a model file is missing, damaged or not trusted
    |   |-- PluginError        a drum plugin or an effect cannot be used
    |   |-- OutputError        a result could not be written
    |   |-- StorageError       the farm's storage could not be used
    |   |-- TookTooLong        the job did not end in the time that it may take
    |   `-- WorkerDied         the worker process ended in the middle of the job
    |-- PresetError            a note map is missing or wrong
    |-- MidiPortError          no usable MIDI port
    |-- PlayRefused            what was asked for does not go with the clock that playing follows
    |-- OscPortError           the OSC port cannot be opened
    |-- LiveError              Ableton Live cannot be reached, or refused something
    |-- FarmUnreachable        the farm's Redis does not answer
    |-- InstallError           there is no place for what goes into a DAW
    |-- StoreError             the job database could not be used
    `-- Cancelled              not a failure: somebody cancelled the job

A job error tells three things: `code` (stable, for scripts), the message (what happened, in a musician's
words) and `advice` (what to do). `retry` says whether doing the same again can help.
"""

from __future__ import annotations

from typing import ClassVar


class BackbeatError(Exception):
    """Base of all; raised when nothing more specific fits (it never should)."""

    code: ClassVar[str] = "error"
    advice: str = ""

    def __init__(self, message: str, *, advice: str | None = None) -> None:
        super().__init__(message)
        if advice is not None:
            self.advice = advice

    @property
    def message(self) -> str:
        return str(self.args[0])

    @property
    def in_words(self) -> str:
        """Message and advice as sentences."""
        return in_words(self.message, self.advice)


def in_words(message: str, advice: str | None) -> str:
    """What happened and what to do, each with its full stop."""
    return " ".join(text if text.endswith((".", "!", "?")) else f"{text}." for text in (message, advice) if text)


class ConfigError(BackbeatError):
    """Raised when the configuration has mistakes; the message lists all of them."""

    code = "config"


class AlreadyRunning(BackbeatError):
    """Raised when another daemon holds the data folder."""

    code = "already_running"


class DaemonGone(BackbeatError):
    """Raised when something is asked of the running daemon and none is running."""

    code = "no_daemon"


class JobError(BackbeatError):
    """Raised when one job cannot be done."""

    code = "failed"
    retry: ClassVar[bool] = False


class AudioError(JobError):
    """Raised when a file cannot be used as audio."""

    code = "audio"


class AudioMissing(AudioError):
    """Raised when the file is not there (deleted, renamed, unmounted)."""

    code = "missing"
    advice = "Check the name, and that its drive is connected, or bounce the track again."


class AudioUnreadable(AudioError):
    """Raised when the file is not audio, is empty, or is in a format that cannot be decoded here."""

    code = "unreadable"
    advice = "Export the track as WAV, AIFF, FLAC, OGG or MP3 and try again."


class AudioTruncated(AudioError):
    """Raised when the file's header promises more audio than the file holds."""

    code = "truncated"
    advice = "The export was interrupted: bounce the track again."


class AudioTooLong(AudioError):
    """Raised when the recording is longer than `limits.max_minutes`."""

    code = "too_long"
    advice = "Split the recording, or raise limits.max_minutes in the config."


class AudioChanged(AudioError):
    """Raised when the file was replaced while it was being read; in a watched folder the new version gets a job of its own."""

    code = "changed"
    retry = True


class PathRefused(JobError):
    """Raised when a path is outside the configured roots."""

    code = "refused"
    advice = "Put the file into a watched folder or the inbox folder (`backbeat config show` lists them)."


class BounceSettingsWrong(JobError):
    """Raised when the settings beside a recording (`NAME.backbeat.json`) cannot be used; the message lists every mistake."""

    code = "bounce_settings"
    advice = "Mend that file or delete it, then bounce again, or run `backbeat send` with the recording."


class DownloadError(JobError):
    """Raised when an address cannot be fetched, is too large, or is not allowed."""

    code = "download"


class EngineMissing(JobError):
    """Raised when a job needs an optional package or program that is not installed."""

    code = "engine_missing"


class EngineFailed(JobError):
    """Raised when an engine raised an error of its own or answered with nonsense."""

    code = "engine_failed"


class ModelError(JobError):
    """Raised when a model file is missing, damaged, or not one that may be loaded."""

    code = "model"


class PluginError(JobError):
    """Raised when a drum plugin or an effect cannot be loaded, crashes, hangs, or gives nonsense; it has a process of its own."""

    code = "plugin"


class OutputError(JobError):
    """Raised when a result cannot be written."""

    code = "output"
    retry = True


class StorageError(JobError):
    """Raised when the storage that the computers of a farm share cannot be read or written."""

    code = "storage"
    retry = True
    advice = "Check that the shared folder (queue.storage) is mounted and has room, on the daemon and on the workers."


class TookTooLong(JobError):
    """Raised when a job has not ended within `limits.job_minutes`."""

    code = "took_too_long"
    advice = "If the computer was only busy, try again, or raise limits.job_minutes in the config."


class WorkerDied(JobError):
    """Raised when the worker process ended in the middle of a job (crash, out of memory, killed)."""

    code = "worker_died"
    retry = True
    advice = "If it happens again, report it with the log and, if you can, the recording."


class PresetError(BackbeatError):
    """Raised when a note map cannot be found or has mistakes."""

    code = "preset"


class MidiPortError(BackbeatError):
    """Raised when there is no usable MIDI port to play the hits on, or to hear a clock at."""

    code = "midi_port"


class PlayRefused(BackbeatError):
    """Raised when hits are to be played in a way that the clock which playing follows does not allow."""

    code = "play_refused"


class OscPortError(BackbeatError):
    """Raised when the UDP port for OSC cannot be opened."""

    code = "osc_port"


class LiveError(BackbeatError):
    """Raised when Ableton Live does not answer through AbletonOSC, or did not do what was asked."""

    code = "live"


class FarmUnreachable(BackbeatError):
    """Raised when a command wants to look at a farm whose Redis does not answer."""

    code = "farm_unreachable"
    advice = "Start Redis, or mend queue.broker and queue.state in the config."


class InstallError(BackbeatError):
    """Raised when what goes into a DAW or a notation program cannot be put there."""

    code = "install"


class StoreError(BackbeatError):
    """Raised when the job database cannot be opened or is from a newer version."""

    code = "store"


class StoreDamaged(StoreError):
    """Raised when the job database is broken; the daemon moves it aside and makes a new one (`jobs/rescue.py`)."""

    code = "store_damaged"


class Cancelled(BackbeatError):
    """Raised inside a job when somebody cancelled it."""

    code = "cancelled"
