"""Bands without a drummer, rendered by FluidSynth from a General MIDI sound font (such as Debian's fluid-soundfont-gm, MIT).

Songs are rendered in medleys, because starting FluidSynth costs more than playing a song: once what is used as it comes, once
the guitars that then go through two amplifiers. Medleys are fixed by seed and number, so that a rendering that was interrupted
goes on to the same files.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np
import soundfile as sf

from backbeat.errors import ConfigError
from backbeat.outputs.write_atomic import atomic_path
from backbeat.records import FloatArray
from backbeat.training.backing.desk import finish, noises
from backbeat.training.backing.songs import Part, Song, write_song
from backbeat.training.mixing.dynamics import rms
from backbeat.values import ANALYSIS_RATE_HZ

SONGS_PER_MEDLEY = 12
SOUND_FONTS = (
    Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"),
    Path("/usr/share/soundfonts/FluidR3_GM.sf2"),
    Path("/usr/share/sounds/sf2/default-GM.sf2"),
)
"""Where Debian, Fedora and Arch install it."""

_SOUND_FONT_MARKS = b"RIFFsfbk"
_DRUM_CHANNEL = 9
_CHANNELS = tuple(channel for channel in range(16) if channel != _DRUM_CHANNEL)
_TICKS_PER_BEAT = 960
_TICKS_PER_S = 2 * _TICKS_PER_BEAT  # at the 120 quarter notes per minute that a file without a tempo has
_PAN = (64, 0, 127)
"""Of each bus: what is used as it comes, and the two amplifiers, which are kept apart as left and right."""
_GAP_S = 0.5
_RENDER_TIMEOUT_S = 600
_PEAK = 0.9


@dataclass(frozen=True, kw_only=True)
class _Medley:
    """Songs one after the other: where each begins, in seconds."""

    songs: tuple[Song, ...]
    starts_s: tuple[float, ...]
    rngs: tuple[np.random.Generator, ...]

    @classmethod
    def draw(cls, seed: int, numbers: range) -> _Medley:
        rngs = tuple(np.random.default_rng((seed, number)) for number in numbers)
        songs = tuple(write_song(rng) for rng in rngs)
        starts_s = np.cumsum([0.0, *(song.stop_s + _GAP_S for song in songs)])[:-1]
        return cls(songs=songs, starts_s=tuple(float(start_s) for start_s in starts_s), rngs=rngs)


def render_backing(folder: Path, *, clips: int, seed: int, soundfont: Path | None = None) -> int:
    """Write `clips` FLAC files (mono, 44.1 kHz, about 16 s, whole bars) into `folder`; returns how many were written now.

    Files that are there already stay. Raises ConfigError when FluidSynth or the sound font is missing or fails.
    """
    program, font = _program(), _sound_font(soundfont)
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for first in range(0, clips, SONGS_PER_MEDLEY):
        numbers = range(first, min(first + SONGS_PER_MEDLEY, clips))
        missing = {number for number in numbers if not _clip_path(folder, seed, number).exists()}
        if not missing:
            continue
        for number, samples in zip(numbers, _render(_Medley.draw(seed, numbers), program, font), strict=True):
            if number in missing:
                _write(_clip_path(folder, seed, number), samples)
                written += 1
    return written


def load_gm_clips(folder: Path) -> tuple[FloatArray, ...]:
    """The clips in `folder`, float32 mono, RMS 1, sorted by name; empty without the folder. A clip of 16 s takes 2.8 MB."""
    clips = []
    for path in sorted(folder.glob("*.flac")) if folder.is_dir() else ():
        samples, rate_hz = sf.read(path, dtype="float32")
        if samples.ndim == 1 and rate_hz == ANALYSIS_RATE_HZ and len(samples):
            clips.append((samples / np.float32(rms(samples))).astype(np.float32))
    return tuple(clips)


def medley_midi(songs: Sequence[Song], starts_s: Sequence[float], wanted: Callable[[Part], bool]) -> mido.MidiFile:
    """Songs one after the other as one MIDI track, with those parts that are `wanted`; never on channel 10."""
    events: list[tuple[int, int, mido.Message]] = []
    for song, start_s in zip(songs, starts_s, strict=True):
        start, stop = _ticks(start_s), _ticks(start_s + song.stop_s)
        for channel, part in zip(_CHANNELS, song.parts, strict=False):
            if not wanted(part):
                continue
            controls = {7: part.level, 10: _PAN[_bus_of(song, part)], 11: 127}
            events += [
                (start, 1, mido.Message("control_change", channel=channel, control=c, value=v)) for c, v in controls.items()
            ]
            events.append((start, 1, mido.Message("program_change", channel=channel, program=part.program)))
            for note in part.notes:
                on = _ticks(start_s + note.start_s)
                off = min(_ticks(start_s + note.start_s + note.duration_s), stop)
                if on >= off:
                    continue
                events.append((on, 2, mido.Message("note_on", channel=channel, note=note.pitch, velocity=note.velocity)))
                events.append((off, 0, mido.Message("note_off", channel=channel, note=note.pitch)))
        events += [(stop, 3, mido.Message("control_change", channel=c, control=120, value=0)) for c in _CHANNELS]  # all sound off
    track, at = mido.MidiTrack(), 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=tick - at))
        at = tick
    track.append(mido.MetaMessage("end_of_track", time=_ticks(_GAP_S)))
    return mido.MidiFile(type=0, ticks_per_beat=_TICKS_PER_BEAT, tracks=[track])


def _bus_of(song: Song, part: Part) -> int:
    """0 without an amplifier, else 1 and 2 in turn."""
    return 1 + song.parts.index(part) % 2 if part.driven else 0


def _ticks(seconds: float) -> int:
    return round(seconds * _TICKS_PER_S)


def _clip_path(folder: Path, seed: int, number: int) -> Path:
    return folder / f"gm_{seed}_{number:04d}.flac"


def _program() -> str:
    program = shutil.which("fluidsynth")
    if program is None:
        raise ConfigError("FluidSynth is not installed", advice="Install the packages fluidsynth and fluid-soundfont-gm.")
    return program


def _sound_font(soundfont: Path | None) -> Path:
    """That file, or the first installed one. FluidSynth itself takes another without a word when it cannot read the one named."""
    candidates = SOUND_FONTS if soundfont is None else (soundfont,)
    for path in candidates:
        if path.is_file():
            with path.open("rb") as file:
                head = file.read(12)
            if head[:4] + head[8:] != _SOUND_FONT_MARKS:
                raise ConfigError(f"{path} is not a sound font", advice="Name an .sf2 or .sf3 file.")
            return path
    names = ", ".join(str(path) for path in candidates)
    raise ConfigError(
        f"There is no General MIDI sound font at {names}", advice="Install the package fluid-soundfont-gm, or name one."
    )


def _render(medley: _Medley, program: str, font: Path) -> list[FloatArray]:
    with tempfile.TemporaryDirectory(prefix="backbeat-") as name:
        plain = _bus(medley, lambda part: not part.driven, program=program, font=font, folder=Path(name), effects=True)
        driven = _bus(medley, lambda part: part.driven, program=program, font=font, folder=Path(name), effects=False)
    buses_of_all = (plain.mean(axis=1), driven[:, 0], driven[:, 1])
    finished = []
    for song, start_s, rng in zip(medley.songs, medley.starts_s, medley.rngs, strict=True):
        first, stop = (round((start_s + at_s) * ANALYSIS_RATE_HZ) for at_s in (0.0, song.stop_s))
        buses = []
        for index, samples in enumerate(buses_of_all):
            bus = samples[first:stop]
            parts = [part for part in song.parts if _bus_of(song, part) == index]
            buses.append(bus + noises(rng, parts, len(bus), level=rms(bus)))
        lead_in = round(song.start_s * ANALYSIS_RATE_HZ)
        finished.append(finish(rng, plain=buses[0], driven=buses[1:])[lead_in:])
    return finished


def _bus(medley: _Medley, wanted: Callable[[Part], bool], *, program: str, font: Path, folder: Path, effects: bool) -> FloatArray:
    """The wanted parts of all songs, float32 (samples, 2); effects: with FluidSynth's reverberation and chorus."""
    samples = np.zeros((_samples(medley), 2), np.float32)
    if not any(wanted(part) for song in medley.songs for part in song.parts):
        return samples
    midi, wav = folder / "medley.mid", folder / "medley.wav"
    medley_midi(medley.songs, medley.starts_s, wanted).save(midi)
    switch = "1" if effects else "0"
    command = [program, "-ni", "-q", "-g", "0.4", "-r", str(ANALYSIS_RATE_HZ), "-R", switch, "-C", switch]
    command += ["-O", "float", "-T", "wav", "-F", str(wav), str(font), str(midi)]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=_RENDER_TIMEOUT_S)
        stereo, _ = sf.read(wav, dtype="float32", always_2d=True)
    except (OSError, subprocess.SubprocessError, sf.LibsndfileError) as error:
        raise ConfigError(f"FluidSynth could not render with {font}: {error}", advice="Try another sound font.") from error
    heard = min(len(stereo), len(samples))
    samples[:heard] = stereo[:heard]
    return samples


def _samples(medley: _Medley) -> int:
    return round((medley.starts_s[-1] + medley.songs[-1].stop_s) * ANALYSIS_RATE_HZ) + 1


def _write(path: Path, samples: FloatArray) -> None:
    peak = float(np.abs(samples).max(initial=0.0))
    with atomic_path(path) as temp:
        sf.write(temp, samples * (_PEAK / max(peak, 1e-9)), ANALYSIS_RATE_HZ, format="FLAC", subtype="PCM_16")
