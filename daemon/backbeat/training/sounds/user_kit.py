"""A user's own kit: a folder of one-shots as sources to fine-tune on.

    my kit/Kick 01.wav
    my kit/snare_ghost.wav
    my kit/hihat_closed/1.flac
    my kit/Toms/Floor 3.aif

`drum_names` says what is what. The files of one drum are its layers: ordered by what their names say of it (`v3`, `soft`), else
by how loud they were recorded.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf
import soxr

from backbeat.errors import ConfigError
from backbeat.records import FloatArray
from backbeat.training.sounds.bank import Bank, Shot, Source, attack_of
from backbeat.training.sounds.drum_names import named, read_name, words
from backbeat.values import ANALYSIS_RATE_HZ, Instrument

SUFFIXES = frozenset({".wav", ".wave", ".flac", ".aif", ".aiff", ".aifc", ".ogg", ".oga"})
MOST_FILES = 3000
"""More sounds than any kit has: somebody named a whole sample library."""

_LONGEST_S = 4.0
_LONGEST_FILE_S = 30.0
_LEVEL_S = 0.1
_SILENT = 1e-4
_MOST_NAMED = 8

_LAYER_NUMBER = re.compile(r"\b(?:v|vl|vel|velocity|layer|lyr|dyn) (\d+)\b")
_LOUDNESS = {"ghost": 0, "ppp": 0, "pp": 1, "soft": 1, "quiet": 1, "p": 2, "mp": 3, "med": 3, "medium": 3, "mf": 4}
_LOUDNESS |= {"f": 5, "hard": 5, "loud": 5, "ff": 6, "accent": 6, "fff": 7}
_TAKE = re.compile(r"\b(?:v|vl|vel|velocity|layer|lyr|dyn|rr|take|hit|round|robin)\b|\b\d+\b")


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A file that is not used, and why, in words."""

    name: str
    why: str


@dataclass(frozen=True, kw_only=True)
class KitReport:
    """What was taken for what: names of files, relative to the folder, per instrument and of other percussion."""

    taken: Mapping[Instrument, tuple[str, ...]]
    percussion: tuple[str, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def unheard(self) -> tuple[Instrument, ...]:
        """The instruments that the kit lacks."""
        return tuple(instrument for instrument in Instrument if instrument not in self.taken)

    def lines(self) -> list[str]:
        """For the terminal: one line per instrument, then what was not understood."""
        lines = [f"{instrument}: {_listed(names)}" for instrument, names in self.taken.items()]
        if self.percussion:
            lines.append(f"other percussion, not to be taken for drums: {_listed(self.percussion)}")
        lines += [f"left out: {each.name} ({each.why})" for each in self.left_out[:_MOST_NAMED]]
        if more := len(self.left_out) - _MOST_NAMED:
            lines += [f"left out: {more} more"] if more > 0 else []
        return lines


@dataclass(frozen=True, kw_only=True, eq=False)
class UserKit:
    """The sounds of a folder, and the report of how it was read."""

    bank: Bank
    report: KitReport


@dataclass(frozen=True, kw_only=True, eq=False)
class _File:
    """One sound. name: its path below the kit's folder; sound: the instrument, or the name of other percussion."""

    name: str
    sound: str
    shot: Shot
    level: float


def read_user_kit(folder: Path) -> UserKit:
    """Read the one-shots of a folder and its subfolders: any rate and channels; each is cut after 4 s.

    Raises ConfigError when there is no such folder, no sound in it, none whose name is understood, or files among those that
    cannot be read or are silent (all of them are named).
    """
    understood, left_out = _sorted_by_name(folder)
    files: list[_File] = []
    broken: list[str] = []
    for path, sound in understood:
        name = str(path.relative_to(folder))
        try:
            if sf.info(path).duration > _LONGEST_FILE_S:
                left_out.append(LeftOut(name=name, why=f"longer than {_LONGEST_FILE_S:g} s, so it is no single stroke"))
                continue
            files.append(_read(path, name, sound))
        except (sf.LibsndfileError, OSError):
            broken.append(f"{path} cannot be read as audio")
        except ValueError as error:
            broken.append(f"{path} {error}")
    if broken:
        more = [f"and {len(broken) - _MOST_NAMED} more"] if len(broken) > _MOST_NAMED else []
        raise ConfigError(
            "; ".join([*broken[:_MOST_NAMED], *more]), advice="Take such files out of the folder, or export them again."
        )
    if not any(file.sound in set(Instrument) for file in files):
        raise _nothing_known(folder, left_out)
    return UserKit(bank=_bank(folder, files), report=_report(files, left_out))


def _sorted_by_name(folder: Path) -> tuple[list[tuple[Path, str]], list[LeftOut]]:
    """The files that a name was understood of, with what they are, and the others."""
    if not folder.is_dir():
        raise ConfigError(f"There is no folder {folder}.", advice="Name the folder that the one-shots of your kit are in.")
    understood: list[tuple[Path, str]] = []
    left_out: list[LeftOut] = []
    count = 0
    for count, path in enumerate(sound_files(folder), start=1):
        if count > MOST_FILES:
            raise ConfigError(
                f"{folder} has more than {MOST_FILES} sounds: that is no kit, but a library.",
                advice="Name the folder of one kit, or copy its sounds into a folder of their own.",
            )
        parts = path.relative_to(folder).with_suffix("").parts
        meaning = named(parts)
        if sound := meaning.instrument or meaning.percussion:
            understood.append((path, str(sound)))
        else:
            left_out.append(LeftOut(name=str(path.relative_to(folder)), why=meaning.why or "its name says no drum"))
    if not count:
        raise ConfigError(
            f"{folder} has no one-shots: there is no WAV, FLAC, AIFF or OGG file in it.",
            advice=f"Put one sound per file into it, named like Kick 1.wav, or into subfolders called {', '.join(Instrument)}.",
        )
    return understood, left_out


def sound_files(folder: Path) -> Iterator[Path]:
    """The sound files of a folder and its subfolders, by name; links to folders and hidden files are passed over."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        for name in sorted(names):
            if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES:
                yield Path(parent) / name


def _nothing_known(folder: Path, left_out: Sequence[LeftOut]) -> ConfigError:
    names = ", ".join(each.name for each in left_out[:_MOST_NAMED])
    return ConfigError(
        f"{folder} has no one-shots whose names say what they are ({names}).",
        advice=f"Name them like Kick 1.wav or HH open 3.wav, or put them into subfolders called {', '.join(Instrument)}.",
    )


def _read(path: Path, name: str, sound: str) -> _File:
    """One file. Raises ValueError when it is silent or damaged, and what soundfile raises when it is no audio."""
    rate_hz = sf.info(path).samplerate
    samples, _ = sf.read(path, frames=int((_LONGEST_FILE_S + 1) * rate_hz), dtype="float32", always_2d=True)
    mono = np.ascontiguousarray(samples.mean(axis=1))
    peak = float(np.abs(mono).max(initial=0.0))
    if not np.isfinite(peak) or peak < _SILENT:
        raise ValueError("is silent or damaged")
    first = max(int(np.argmax(np.abs(mono) > 0.01 * peak)) - rate_hz // 700, 0)  # recordings may begin with a long silence
    mono = mono[first : first + int(_LONGEST_S * rate_hz)]
    level = float(np.sqrt(np.mean(mono[: int(_LEVEL_S * rate_hz)] ** 2)))
    if rate_hz != ANALYSIS_RATE_HZ:
        mono = soxr.resample(mono, rate_hz, ANALYSIS_RATE_HZ)
    scaled: FloatArray = (mono / max(float(np.abs(mono).max()), _SILENT)).astype(np.float32)
    return _File(name=name, sound=sound, shot=Shot(samples=scaled, attack_samples=attack_of(scaled)), level=level)


def _bank(folder: Path, files: Sequence[_File]) -> Bank:
    kit = folder.resolve().name
    drums: dict[tuple[str, str], list[_File]] = defaultdict(list)
    for file in files:
        drums[file.sound, _drum(file.name)].append(file)
    sources = [
        Source(kit=kit, electronic=False, sound=sound, name=name, shots=tuple(file.shot for file in _by_loudness(layers)))
        for (sound, name), layers in drums.items()
    ]
    playable = {instrument: tuple(source for source in sources if source.sound == instrument) for instrument in Instrument}
    return Bank(sources=playable, percussion=tuple(source for source in sources if source.sound not in set(Instrument)))


def _drum(name: str) -> str:
    """What the layers of one drum have in common in their names: the folder, where only that says what they are."""
    path = Path(name)
    own = read_name(path.stem)
    if path.parent.name and own.instrument is None and not own.percussion:
        return words(str(path.parent))
    return " ".join(word for word in _TAKE.sub(" ", _words(name)).split() if word not in _LOUDNESS)


def _words(name: str) -> str:
    return words(str(Path(name).with_suffix("")))


def _by_loudness(layers: Sequence[_File]) -> list[_File]:
    """From soft to loud: by the numbers of layers if all have one, else by words if all have one, else by level."""
    for named_loudness in (_layer_number, _loudness_word):
        ranks = {file.name: rank for file in layers if (rank := named_loudness(_words(file.name))) is not None}
        if len(ranks) == len(layers):
            return sorted(layers, key=lambda file: (ranks[file.name], file.level))
    return sorted(layers, key=lambda file: file.level)


def _layer_number(name: str) -> int | None:
    found = _LAYER_NUMBER.search(name)
    return int(found.group(1)) if found else None


def _loudness_word(name: str) -> int | None:
    return next((_LOUDNESS[word] for word in reversed(name.split()) if word in _LOUDNESS), None)


def _report(files: Sequence[_File], left_out: Sequence[LeftOut]) -> KitReport:
    taken = {i: tuple(file.name for file in files if file.sound == i) for i in Instrument}
    return KitReport(
        taken={instrument: names for instrument, names in taken.items() if names},
        percussion=tuple(file.name for file in files if file.sound not in set(Instrument)),
        left_out=tuple(left_out),
    )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
