"""The configuration as one frozen object, and the table of its keys.

A field's metadata holds its parser and its help text, as in `backbeat.settings`; load, show, the environment and the
tests walk over these. The defaults stand in `defaults.toml`, with their explanation; a test holds both together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from backbeat.config import folders, parse
from backbeat.osc_row import OscRow, parse_osc_rows
from backbeat.settings import OPTIONS, SECONDS_MAX, Settings
from backbeat.values import ClockSource

AUDIO_PATTERNS = (
    "*.wav", "*.wave", "*.w64", "*.rf64", "*.bwf", "*.aif", "*.aiff", "*.aifc", "*.flac", "*.ogg", "*.oga", "*.opus",
    "*.mp3", "*.m4a", "*.aac", "*.caf",
)  # fmt: skip


def _key(parser: parse.Parser, default: Any, help_text: str) -> Any:
    metadata = {"parse": parser, "help": help_text}
    if callable(default):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class WatchConfig:
    """One watched folder. `output` None puts results beside the bounce."""

    path: Path = field(metadata={"parse": parse.path, "help": "the folder to watch"})
    output: Path | None = _key(parse.optional_path, None, "where results go; empty: beside the bounce")
    recursive: bool = _key(parse.flag, False, "also watch the folders inside it")
    poll: bool = _key(parse.flag, False, "look at the folder regularly; for network drives, which do not report changes")
    pattern: tuple[str, ...] = _key(parse.words, AUDIO_PATTERNS, "names of the files to take")
    take_existing: bool = _key(parse.flag, False, "also take files that were there before the folder was first watched")
    settle_s: float = _key(parse.number(0.1, 3600), 2.0, "how long size and time of a file must be still, in seconds")
    give_up_s: float = _key(parse.number(1, 86400), 30.0, "how long a still but incomplete file is waited for, in seconds")
    settings: Settings = field(default_factory=Settings)


@dataclass(frozen=True, kw_only=True)
class OscConfig:
    """How scripts and DAWs reach the daemon."""

    enabled: bool = _key(parse.flag, True, "listen for OSC messages")
    host: str = _key(parse.word, "127.0.0.1", "address to listen on; 127.0.0.1 is this computer only")
    port: int = _key(parse.whole(1, 65535), 9753, "UDP port to listen on")
    allow: tuple[str, ...] = _key(parse.words, (), "addresses of other computers that may send messages")
    token: str | None = _key(parse.token, None, "word that other computers have to send with each message; empty: none")
    max_queue: int = _key(parse.whole(1, 1_000_000), 1000, "messages that may wait; more are counted and dropped")
    as_you_go: bool = _key(parse.flag, False, "send the hits of every job while it is being listened to")
    send: tuple[OscRow, ...] = _key(parse_osc_rows, (), "which hits are sent to whom, as which messages")


@dataclass(frozen=True, kw_only=True)
class JobsConfig:
    """The queue and the worker."""

    data_folder: Path = _key(
        parse.path_or(folders.default_data_folder), folders.default_data_folder, "where the job list and the inbox live"
    )
    cancel_grace_s: float = _key(parse.number(0, 60), 2.0, "how long a cancelled job may tidy up before it is ended, in seconds")
    stop_timeout_s: float = _key(parse.number(0.5, 600), 10.0, "how long the daemon takes to stop at most, in seconds")
    keep_days: int = _key(parse.whole(0, 36500), 90, "days that finished jobs are remembered; 0: for ever")
    preload: bool = _key(parse.flag, True, "load the models at start instead of with the first job")
    nice: bool = _key(parse.flag, True, "let the DAW go first: the worker runs at lower priority")

    @property
    def database(self) -> Path:
        """The job store."""
        return self.data_folder / "jobs.sqlite"


@dataclass(frozen=True, kw_only=True)
class QueueConfig:
    """Who does the jobs: this computer, or a farm of workers. `storage` and `broker` are the same for all of a farm."""

    backend: str = _key(parse.one_of("local", "celery"), "local", "who does the jobs: local (this computer) or celery (a farm)")
    broker: str = _key(
        parse.word, "redis://127.0.0.1:6379/0", "address of Redis or RabbitMQ (amqp://), which hands out the tasks"
    )
    state: str | None = _key(
        parse.optional_word, None, "address of the Redis that holds who works on what; empty: the broker, which then is Redis"
    )
    storage: str | None = _key(parse.optional_word, None, "folder that all computers see, or s3://bucket/folder")
    paths: tuple[str, ...] = _key(parse.pairs, (), "how this computer's folders are called in the farm: 'here = there'")
    name: str | None = _key(parse.optional_word, None, "name of this computer in the farm, unique; empty: its host name")
    in_flight: int = _key(parse.whole(1, 10_000), 32, "how many jobs of this daemon are in the farm at a time")
    heartbeat_s: float = _key(parse.number(0.2, 600), 5.0, "how often a worker says that it still works, in seconds")
    max_deaths: int = _key(parse.whole(0, 100), 3, "how often a job is begun again after a worker died in the middle of it")
    visibility_timeout_s: float = _key(
        parse.number(10, 2_592_000), 43_200.0, "after how long an unfinished task is handed out again in any case, in seconds"
    )
    memory_mb: int = _key(parse.whole(256, 1_000_000), 4096, "memory that a worker for heavy-compute may use, in megabytes")

    @property
    def is_farm(self) -> bool:
        """Whether jobs go to a farm."""
        return self.backend == "celery"


@dataclass(frozen=True, kw_only=True)
class LimitsConfig:
    """What is too much."""

    max_minutes: float = _key(parse.number(0.1, 1440), 90.0, "longest recording, in minutes")
    job_minutes: float = _key(parse.number(1, 100_000), 720.0, "longest time that a job may take, in minutes")
    worker_memory_mb: int = _key(
        parse.whole(0, 10_000_000), 0, "most memory of the worker, in megabytes (Linux); 0: as much as the computer has"
    )
    download_max_mb: int = _key(parse.whole(1, 100_000), 500, "largest download, in megabytes")
    download_timeout_s: float = _key(parse.number(1, 86400), 600.0, "longest time for one download, in seconds")
    allow_local_addresses: bool = _key(parse.flag, False, "download from this computer and the local network too")


@dataclass(frozen=True, kw_only=True)
class ModelsConfig:
    """Where the recogniser's model comes from and where models are kept."""

    cache_folder: Path = _key(
        parse.path_or(folders.default_models_folder), folders.default_models_folder, "where downloaded models are kept"
    )
    uri: str | None = _key(parse.optional_word, None, "where to get the AnNOTEator model: http(s)://, s3:// or file://")
    version: str | None = _key(parse.optional_word, None, "its version; change it to download again")
    sha256: str | None = _key(parse.sha256, None, "its checksum; a download that differs is refused")
    allow_unverified: bool = _key(parse.flag, False, "load models whose checksum nobody has stated; they can run code")
    net_weights: Path | None = _key(
        parse.optional_path, None, "folder with your own weights for the engine net, from backbeat train --kit; empty: built in"
    )


@dataclass(frozen=True, kw_only=True)
class MidiConfig:
    """Where results are played, and what playing keeps time with."""

    port: str | None = _key(parse.optional_word, None, "MIDI output port, or part of its name; empty: see midi.virtual")
    virtual: bool = _key(parse.flag, True, "without midi.port: open a port of our own called Backbeat (not on Windows)")
    clock: ClockSource = _key(
        parse.member_of(ClockSource), ClockSource.INTERNAL, "what playing keeps time with: internal, midi (MIDI clock) or mtc"
    )
    clock_port: str | None = _key(
        parse.optional_word, None, "MIDI input port of that clock, or part of its name; empty: one of our own called Backbeat"
    )
    clock_offset_s: float = _key(parse.number(0, SECONDS_MAX), 0.0, "where in the DAW's time the recording begins, in seconds")


@dataclass(frozen=True, kw_only=True)
class LiveConfig:
    """Ableton Live, through AbletonOSC: where it is, and where clips go. Tracks and slots count from 1, as on its screen."""

    enabled: bool = _key(parse.flag, False, "put each finished job into the Live set that is open")
    track: str = _key(parse.text_or_whole, "", "track, by number or name; empty: one called Backbeat Drums")
    slot: int = _key(parse.whole(0, 100_000), 0, "clip slot; 0: where this recording's clip is, or the first free one")
    fire: bool = _key(parse.flag, False, "play the clip at once")
    preset: str = _key(parse.word, "ableton-drum-rack", "note map of the clips")
    host: str = _key(parse.word, "127.0.0.1", "the computer that Live runs on")
    send_port: int = _key(parse.whole(1, 65535), 11000, "UDP port at which AbletonOSC listens")
    receive_port: int = _key(parse.whole(1, 65535), 11001, "UDP port at which AbletonOSC answers")


@dataclass(frozen=True, kw_only=True)
class ResultConfig:
    """How results are judged."""

    low_confidence_threshold: float = _key(parse.number(0, 1), 0.5, "results below this confidence are marked, 0 to 1")


@dataclass(frozen=True, kw_only=True)
class LogConfig:
    """What the daemon says."""

    level: str = _key(parse.one_of("debug", "info", "warning", "error"), "info", "how much: debug, info, warning or error")
    json: bool = _key(parse.flag, False, "one JSON object per line, for programs that read logs")
    file: Path | None = _key(parse.optional_path, None, "also write to this file; empty: to the terminal only")
    max_mb: float = _key(parse.number(0.01, 1000), 2.0, "how large the log file grows before a new one is begun, in megabytes")
    keep: int = _key(parse.whole(1, 1000), 4, "how many full log files stay beside it")


@dataclass(frozen=True, kw_only=True)
class MetricsConfig:
    """Figures for Prometheus, over HTTP."""

    enabled: bool = _key(parse.flag, False, "give figures to Prometheus")
    host: str = _key(parse.word, "127.0.0.1", "address to give them at; 127.0.0.1 is this computer only")
    port: int = _key(parse.whole(1, 65535), 9754, "TCP port to give them at")


@dataclass(frozen=True, kw_only=True)
class Config:
    """Everything that is configured. `transcribe` holds for jobs that say nothing else."""

    inbox: Path = _key(
        parse.optional_path, folders.default_inbox, "folder that scripts render into; empty: inbox in the data folder"
    )
    extra_roots: tuple[Path, ...] = _key(parse.paths, (), "further folders whose files may be named over OSC")
    transcribe: Settings = field(default_factory=Settings)
    watch: tuple[WatchConfig, ...] = ()
    osc: OscConfig = field(default_factory=OscConfig)
    jobs: JobsConfig = field(default_factory=JobsConfig)
    queue: QueueConfig = field(default_factory=QueueConfig)
    limits: LimitsConfig = field(default_factory=LimitsConfig)
    models: ModelsConfig = field(default_factory=ModelsConfig)
    midi: MidiConfig = field(default_factory=MidiConfig)
    live: LiveConfig = field(default_factory=LiveConfig)
    result: ResultConfig = field(default_factory=ResultConfig)
    log: LogConfig = field(default_factory=LogConfig)
    metrics: MetricsConfig = field(default_factory=MetricsConfig)

    @property
    def roots(self) -> tuple[Path, ...]:
        """The folders whose files may be named over OSC: watched folders, inbox, extra roots; each once, in that order."""
        return tuple(dict.fromkeys((*(watch.path for watch in self.watch), self.inbox, *self.extra_roots)))


SECTIONS: dict[str, type[Any]] = {
    "transcribe": Settings,
    "osc": OscConfig,
    "jobs": JobsConfig,
    "queue": QueueConfig,
    "limits": LimitsConfig,
    "models": ModelsConfig,
    "midi": MidiConfig,
    "live": LiveConfig,
    "result": ResultConfig,
    "log": LogConfig,
    "metrics": MetricsConfig,
}
"""The TOML sections and the class that each becomes."""


def options_of(section: type[Any]) -> dict[str, Mapping[str, Any]]:
    """Key to {"parse", "help"} of one section's class."""
    return {f.name: f.metadata for f in fields(section) if "parse" in f.metadata}


SECRET_KEYS = ("osc.token",)
"""Values that are never shown."""

TOP_KEYS = options_of(Config)
"""Keys that stand above all sections."""

WATCH_KEYS = options_of(WatchConfig) | OPTIONS
"""Keys of a [[watch]] entry: its own, and every setting of a job."""

KEYS: dict[str, Mapping[str, Any]] = TOP_KEYS | {
    f"{name}.{key}": option for name, section in SECTIONS.items() for key, option in options_of(section).items()
}
"""Full key, such as `osc.port`, to {"parse", "help"}."""
