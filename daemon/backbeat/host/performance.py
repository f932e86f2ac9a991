"""Notes through an instrument, a second at a time, each on its sample. Runs in the plugin process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count

import numpy as np
import pedalboard

from backbeat.errors import PluginError
from backbeat.host.tasks import Note
from backbeat.records import FloatArray

NOTE_ON, NOTE_OFF, CONTROL = 0x99, 0x89, 0xB9
"""Channel 10, that of the drums in General MIDI; drum plugins listen to all."""

SILENCE = (bytes((CONTROL, 120, 0)), bytes((CONTROL, 123, 0)))
"""All sound off, all notes off."""

HEARD = 1e-3
"""-60 dBFS: an instrument that is louder has loaded its sounds."""
GONE = 1e-4
"""-80 dBFS: what is softer has died away."""

RINGING_MAX_S = 15
BUFFER_SAMPLES = 512

Message = tuple[bytes, float]


class Instrument:
    """A plugin that is played second by second.

    pedalboard takes the times of notes as float32: in one call for a whole song notes would miss their sample after a minute
    or two, while within a second every sample is met. It does not take out the latency of an instrument: that is done here.
    """

    def __init__(self, plugin: pedalboard.ExternalPlugin, sample_rate_hz: int) -> None:
        self._plugin = plugin
        self._sample_rate_hz = sample_rate_hz
        self._channels = 2

    @property
    def latency(self) -> int:
        """Samples that the instrument says it is late."""
        return int(self._plugin.reported_latency_samples)

    def second(self, messages: list[Message]) -> FloatArray:
        """The next second, float32 (channels, rate); times of messages are seconds within it. Raises PluginError."""
        try:
            return self._second(messages)
        except ValueError as error:
            if self._channels == 1:
                raise PluginError(f"{self._plugin.name} plays neither in stereo nor in mono: {error}") from error
            self._channels = 1
            return self.second(messages)

    def _second(self, messages: list[Message]) -> FloatArray:
        sound: FloatArray = self._plugin(
            messages,
            duration=1.0,
            sample_rate=self._sample_rate_hz,
            num_channels=self._channels,
            buffer_size=BUFFER_SAMPLES,
            reset=False,
        )
        return sound


def perform(
    instrument: Instrument,
    notes: tuple[Note, ...],
    length: int,
    sample_rate_hz: int,
    loading_s: float,
) -> Iterator[FloatArray]:
    """The performance, float32 (channels, n), at least `length` samples and until it has died away.

    Sample 0 is that of the notes: the latency that the instrument reports is taken out.
    loading_s: how long, by the clock on the wall, a sampler may load in the background until its first note is heard.
    """
    if notes:
        _wait_until_loaded(instrument, notes[0], loading_s)
    late = instrument.latency
    length = max(length, max((note.off for note in notes), default=0))
    seconds = _messages_by_second(notes, sample_rate_hz)
    for number in count():
        sound = instrument.second(seconds.get(number, []))
        yield sound[:, min(max(late - number * sample_rate_hz, 0), sample_rate_hz) :]
        over = (number + 1) * sample_rate_hz - late - length
        if over >= 0 and (over > RINGING_MAX_S * sample_rate_hz or not _peak(sound) > GONE):
            return


def _messages_by_second(notes: tuple[Note, ...], sample_rate_hz: int) -> dict[int, list[Message]]:
    """A note that ends on the sample where the next begins ends first."""
    events = [(note.on, 1, bytes((NOTE_ON, note.note, note.velocity))) for note in notes]
    events += [(note.off, 0, bytes((NOTE_OFF, note.note, 0))) for note in notes]
    seconds: dict[int, list[Message]] = {}
    for sample, _, message in sorted(events):
        second, within = divmod(sample, sample_rate_hz)
        seconds.setdefault(second, []).append((message, (within + 0.5) / sample_rate_hz))  # pedalboard rounds down
    return seconds


def _wait_until_loaded(instrument: Instrument, note: Note, loading_s: float) -> None:
    """Strike the first note until it is heard, then let everything die away; a silent instrument is found out by the caller."""
    until = time.monotonic() + loading_s
    strike = [(bytes((NOTE_ON, note.note, 100)), 0.0), (bytes((NOTE_OFF, note.note, 0)), 0.1)]
    while _peak(instrument.second(strike)) <= HEARD and time.monotonic() < until:
        pass
    for _ in range(RINGING_MAX_S):
        if not _peak(instrument.second([(message, 0.0) for message in SILENCE])) > GONE:
            return


def _peak(sound: FloatArray) -> float:
    return float(np.abs(sound).max(initial=0.0))
