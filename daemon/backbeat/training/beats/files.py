"""Files of rendered songs to learn beats from: features at 50 frames per second and the beats; each file reproducible by itself.

A file `NNNNN.npz` holds, for 24 songs of 30 s: `features` (float16, (24, 1500, BEAT_BANDS)), `pulses` (float32, (n, 3): song,
time_s, number in the bar) and `meters` (int8, (24,): index into METER_CLASSES, -1 where there is no beat).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from scipy import fft

from backbeat.engines.net.features import features
from backbeat.engines.net_beats.features import BEAT_BANDS, BEAT_FPS, beat_features
from backbeat.records import FloatArray
from backbeat.training.backing.music import Backing
from backbeat.training.backing.synthesiser import draw_backing
from backbeat.training.beats.song import METER_CLASSES, BeatSong, draw_song
from backbeat.training.beats.steady_grooves import steady_grooves
from backbeat.training.mixing.mixdown import MixChances, mix_down
from backbeat.training.numbered_files import Arrays, Progress, Render, render_missing
from backbeat.training.playing.grooves import TRAINING_SPLITS, VALIDATION_SPLITS
from backbeat.training.playing.performance import Group, play, play_percussion
from backbeat.training.sounds.bank import VALIDATION, BankFilter
from backbeat.training.sources import Sources, load_sources
from backbeat.values import ANALYSIS_RATE_HZ

SONG_S = 30.0
SONGS_PER_FILE = 24
_TAIL_S = 2.0
"""Rendered and cut off: a reverberation that outlasts the song comes in again at its start, where it is cut off, too."""
_CLIP_SHARE = 0.1
_PERCUSSION_SHARE = 0.1


@dataclass(frozen=True, kw_only=True)
class BeatRenderSettings:
    """What to render; seed and the file's number decide everything that is in a file."""

    bank_root: Path
    out_folder: Path
    files: int
    seed: int = 1
    validation: bool = False
    songs_per_file: int = SONGS_PER_FILE
    song_s: float = SONG_S

    @property
    def audio_hours(self) -> float:
        """How much audio that is."""
        return self.files * self.songs_per_file * self.song_s / 3600

    def open_sources(self) -> Sources:
        """Bank and performances that keep time. Raises ConfigError when they are not there."""
        wanted = VALIDATION if self.validation else BankFilter()
        sources = load_sources(self.bank_root, wanted, VALIDATION_SPLITS if self.validation else TRAINING_SPLITS)
        return replace(
            sources,
            grooves=steady_grooves(sources.grooves),
            mix=MixChances(backing=0.5, separated=0.12),
        )


@dataclass(kw_only=True, eq=False)
class MusicInTime(Backing):
    """Music that plays along with a song: chords change on its bars, notes fall on its steps, time bends as it does."""

    clips: tuple[FloatArray, ...] = ()
    song: BeatSong = field(kw_only=True)

    def draw(self, rng: np.random.Generator, samples: int) -> FloatArray:
        """Music of that many samples, float32, RMS about 1; now and then a clip that keeps no time."""
        if self.clips and rng.random() < _CLIP_SHARE:
            return Backing(clips=self.clips).draw(rng, samples)
        song = self.song
        bent_s = np.arange(samples) / ANALYSIS_RATE_HZ
        steady_s = np.interp(bent_s, song.bent_s, song.steady_s) - song.first_bar_s
        bar_steps = max(round(song.bar_s / song.step_s), 1)
        chord_steps = int(rng.choice([bar_steps, bar_steps * 2, max(bar_steps // 2, 1)], p=[0.65, 0.2, 0.15]))
        step_s = song.step_s
        if step_s < 0.09 and bar_steps % 2 == 0 and chord_steps % 2 == 0:  # fast sixteenths: nobody strums them
            step_s, chord_steps = step_s * 2, chord_steps // 2
        whole = draw_backing(rng, float(steady_s[-1]) + 0.5, step_s=step_s, chord_steps=chord_steps)
        played: FloatArray = np.interp(steady_s * ANALYSIS_RATE_HZ, np.arange(len(whole)), whole).astype(np.float32)
        played[bent_s < max(song.pulses_s[0] - 0.05 if len(song.pulses_s) else 0.0, 0.0)] = 0
        return played


def render_song(rng: np.random.Generator, sources: Sources, song_s: float = SONG_S) -> tuple[FloatArray, BeatSong]:
    """Draw a song, a kit and a recording, and render them: float32 mono samples, and what is to be heard in them."""
    samples = fft.next_fast_len(round((song_s + _TAIL_S) * ANALYSIS_RATE_HZ), real=True)
    song = draw_song(rng, sources.grooves, song_s)
    performance = play(rng, sources.kit(rng), song.strokes, start_s=0.0, samples=samples)
    tracks = dict(performance.tracks)
    if rng.random() < _PERCUSSION_SHARE and song.meter is None:
        tracks[Group.PERCUSSION] = play_percussion(rng, sources.bank, samples=samples) * np.float32(0.05)
    frequencies, rooms = sources.rooms(rng, samples)
    music = MusicInTime(clips=sources.backing.clips, song=song)
    recording = mix_down(rng, tracks, rooms=rooms, frequencies=frequencies, backing=music, chances=sources.mix)
    return recording[: round(song_s * ANALYSIS_RATE_HZ)], song


def render_beats(settings: BeatRenderSettings, progress: Progress | None = None) -> int:
    """Render the files that are missing; returns how many were. An interrupted run goes on where it stopped.

    Raises ConfigError when bank or grooves are not there.
    """

    def open_render() -> Render:
        sources = settings.open_sources()
        return lambda number: _arrays_of_file(settings, sources.fresh(), number)

    return render_missing(settings.out_folder, settings.files, open_render, progress=progress)


def _arrays_of_file(settings: BeatRenderSettings, sources: Sources, number: int) -> Arrays:
    rng = np.random.default_rng((settings.seed, number, settings.validation, 4))
    return _arrays([render_song(rng, sources, settings.song_s) for _ in range(settings.songs_per_file)], settings.song_s)


def _arrays(songs: Sequence[tuple[FloatArray, BeatSong]], song_s: float) -> Arrays:
    frames = round(song_s * BEAT_FPS)
    heard = np.zeros((len(songs), frames, BEAT_BANDS), np.float16)
    pulses = []
    for index, (samples, song) in enumerate(songs):
        heard[index] = beat_features(features(samples))[:frames]
        pulses += [(index, time_s, number) for time_s, number in zip(song.pulses_s, song.numbers, strict=True)]
    meters = [METER_CLASSES.index(song.meter) if song.meter else -1 for _, song in songs]
    return {
        "features": heard,
        "pulses": np.array(pulses, np.float32).reshape(-1, 3),
        "meters": np.array(meters, np.int8),
    }
