"""Beats and tempo with librosa: dynamic programming over onset strength.

After D. Ellis, "Beat Tracking by Dynamic Programming" (2007). It knows one steady tempo and has no sense of the bar: the
downbeat is a guess, and the tempo is always flagged.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
from librosa.beat import beat_track
from librosa.feature import tempo, tempogram
from librosa.onset import onset_strength

from backbeat.engines.protocols import BeatHint, EngineOptions, ModelFiles
from backbeat.errors import Cancelled, EngineFailed
from backbeat.monitor import Monitor
from backbeat.pipeline.beat_grid import CountedBeats, grid_of_beats, number_beats, tempo_of_beats
from backbeat.pipeline.pulse import pulse_bpm_of, pulse_of, pulses_to_beats
from backbeat.records import BeatGrid, FloatArray, TimeArray
from backbeat.values import FOUR_FOUR, Meter, Stage

HOP_S = 512 / 44_100
"""librosa's own choice for beats."""
SECTION_FRAMES = 2_584
"""30 s: onsets and the tempogram are computed in sections of this length, which bounds the memory."""
MARGIN_FRAMES = 8
"""Heard on both sides of a section and thrown away: longer than a window of the spectrum."""
USUAL_BPM = 120.0
"""The middle of librosa's prior, in quarter notes per minute."""
ONSET_LAG_S = 0.012
"""How late the beats come: 10 ms after clicks, 15 ms after the kicks and snares of seven real recordings."""
KICK_HZ = 150.0
_KICK_S = 0.1


class LibrosaBeats:
    """A BeatEngine. Its memory is bounded: a few MB for each minute."""

    name = "librosa"

    def beats(self, samples: FloatArray, sample_rate_hz: int, hint: BeatHint, monitor: Monitor) -> BeatGrid:
        """The grid of mono `samples`, float32 (n,), any rate, from the first beat heard to the last.

        Confidence is the clarity of the pulse: the autocorrelation of the onset strength one beat later, 0..1. Reports
        `Stage.BEATS`; can be cancelled inside. Raises EngineFailed where there are no onsets to follow.
        """
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # librosa warns of short input, which is padded and fine here
                return _grid(samples, sample_rate_hz, hint, monitor)
        except (Cancelled, EngineFailed):
            raise
        except Exception as error:
            raise EngineFailed(f"librosa failed: {error}") from error


def open_engine(options: EngineOptions, models: ModelFiles) -> LibrosaBeats:  # noqa: ARG001 - all openers take the same
    """The engine; it has no models to load."""
    return LibrosaBeats()


def _grid(samples: FloatArray, rate_hz: int, hint: BeatHint, monitor: Monitor) -> BeatGrid:
    meter = hint.meter or FOUR_FOUR
    hop = max(round(HOP_S * rate_hz), 1)
    onsets = _onset_strength(samples, rate_hz, hop, monitor)
    if hint.bpm is None:
        pulse_bpm = _tempo(onsets, rate_hz, hop, pulse_bpm_of(USUAL_BPM, meter), monitor)
    else:
        pulse_bpm = pulse_bpm_of(hint.bpm, meter)
    _, frames = beat_track(onset_envelope=onsets, sr=rate_hz, hop_length=hop, bpm=pulse_bpm, trim=True)
    times_s = np.asarray(frames, dtype=np.float64) * hop / rate_hz - ONSET_LAG_S
    times_s = times_s[times_s >= 0.0]
    if len(times_s) < 2:
        raise EngineFailed("librosa heard no steady beat.", advice="Give the tempo if you know it.")
    pulse = pulse_of(meter)
    first = _downbeat_guess(samples, rate_hz, times_s, pulse.per_bar)
    numbers = number_beats(len(times_s), Meter(pulse.per_bar, 4), first=1 - first + pulse.per_bar)
    monitor.progress(Stage.BEATS, 1.0)
    return grid_of_beats(
        pulses_to_beats(CountedBeats(times_s=times_s, numbers=numbers), meter),
        meter,
        tempo_bpm=tempo_of_beats(times_s) * float(pulse.beats),
        confidence=_clarity(onsets, float(np.median(np.diff(frames)))),
        bpm_unreliable=hint.bpm is None,
        engine=LibrosaBeats.name,
    )


def _onset_strength(samples: FloatArray, rate_hz: int, hop: int, monitor: Monitor) -> FloatArray:
    """The onset strength by librosa, one value per `hop` samples, computed section by section."""
    count = len(samples) // hop + 1
    sections = []
    for start in range(0, count, SECTION_FRAMES):
        monitor.check()
        monitor.progress(Stage.BEATS, 0.9 * start / count)
        heard = max(start - MARGIN_FRAMES, 0)
        part = samples[heard * hop : (start + SECTION_FRAMES + MARGIN_FRAMES) * hop]
        strength = onset_strength(y=part, sr=rate_hz, hop_length=hop, aggregate=np.median)
        sections.append(strength[start - heard : start - heard + SECTION_FRAMES])
    onsets: FloatArray = np.concatenate(sections)[:count].astype(np.float32)
    return onsets


def _sections(onsets: FloatArray) -> Iterator[FloatArray]:
    return (onsets[start : start + SECTION_FRAMES] for start in range(0, len(onsets), SECTION_FRAMES))


def _tempo(onsets: FloatArray, rate_hz: int, hop: int, usual_bpm: float, monitor: Monitor) -> float:
    """The strongest tempo in pulses per minute, by the mean of the tempograms of all sections."""
    total = np.zeros(0)
    for section in _sections(onsets):
        monitor.check()
        strengths = tempogram(onset_envelope=section, sr=rate_hz, hop_length=hop).sum(axis=1)
        total = strengths if not len(total) else total + strengths
    mean = total[:, np.newaxis] / len(onsets)
    return float(tempo(tg=mean, sr=rate_hz, hop_length=hop, start_bpm=usual_bpm)[0])


def _downbeat_guess(samples: FloatArray, rate_hz: int, times_s: TimeArray, per_bar: int) -> int:
    """Index, below `per_bar`, of the first beat that begins a bar: where the bass is strongest, on average."""
    size = round(_KICK_S * rate_hz)
    bass = np.zeros(len(times_s))
    below = np.fft.rfftfreq(size, 1.0 / rate_hz) <= KICK_HZ
    for n, time_s in enumerate(times_s):
        start = round(time_s * rate_hz)
        spectrum = np.fft.rfft(samples[start : start + size], size)
        bass[n] = np.sqrt((np.abs(spectrum[below]) ** 2).sum())
    places = [float(bass[place::per_bar].mean()) for place in range(min(per_bar, len(bass)))]
    return int(np.argmax(places))


def _clarity(onsets: FloatArray, interval_frames: float) -> float:
    """Autocorrelation coefficient of the onset strength at the beat interval, averaged over the sections, 0..1."""
    lag = round(interval_frames)
    later, now = 0.0, 0.0
    for section in _sections(onsets):
        if len(section) > 2 * lag:
            centred = section - section.mean()
            near = [float(centred[: -k or None] @ centred[k:]) for k in (lag - 1, lag, lag + 1)]
            later += max(near)
            now += float(centred @ centred)
    return min(max(later / now, 0.0), 1.0) if now > 0 else 0.0
