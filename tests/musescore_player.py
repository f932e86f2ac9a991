"""What MuseScore plays of our MusicXML, and what it ought to play."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import mido

from backbeat.outputs.notation.staff_map import load_staff_map
from backbeat.outputs.note_map import load_note_map
from backbeat.outputs.score_to_musicxml import score_to_musicxml
from backbeat.records import Role, Score, ScoreNote

EXACT, NEAR = 0.003, 0.11
"""Quarter notes: MuseScore's ticks (480), and what it takes for grace notes, which it plays on the beat, before their stroke."""

VELOCITY = 2


@dataclass(frozen=True, kw_only=True, order=True)
class Played:
    """at: quarter notes from the start. note: MIDI."""

    note: int
    at: float
    velocity: int


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """played: what should be heard. near: how far from it. rolls_until: repeated strokes of a roll may follow up to there."""

    played: Played
    near: float
    rolls_until: float


def played_by_musescore(scores: Mapping[str, Score], folder: Path, musescore: str) -> dict[str, list[Played]]:
    """All the scores' notes as MuseScore writes them into MIDI files, opened one after the other without a screen."""
    job = []
    for name, score in scores.items():
        musicxml, midi = folder / f"{name}.musicxml", folder / f"{name}.mid"
        musicxml.write_bytes(score_to_musicxml(score))
        job.append({"in": str(musicxml), "out": str(midi)})
    (folder / "job.json").write_text(json.dumps(job))
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    command = [musescore, "-j", str(folder / "job.json")]
    subprocess.run(command, env=environment, check=True, timeout=300, capture_output=True)
    return {name: notes_in_midi(folder / f"{name}.mid") for name in scores}


def notes_in_midi(path: Path) -> list[Played]:
    file = mido.MidiFile(path)
    notes = []
    for track in file.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity:
                assert message.channel == 9
                notes.append(Played(note=message.note, at=tick / file.ticks_per_beat, velocity=message.velocity))
    return sorted(notes)


def wanted_of(score: Score) -> list[Wanted]:
    """Each note of the score that is written; notes with which a grace note goes may be a little late."""
    midi_notes = load_note_map("general-midi").notes
    places = load_staff_map().places
    starts = [Fraction(0), *accumulate(bar.length for bar in score.bars)]

    def where(note: ScoreNote) -> tuple[Fraction, object]:
        return starts[note.bar] + note.position, places[note.instrument].limb

    graced = {where(note) for note in score.notes if note.role is Role.GRACE}
    return [
        Wanted(
            played=Played(note=midi_notes[note.instrument], at=float(where(note)[0]), velocity=note.velocity),
            near=NEAR if where(note) in graced else EXACT,
            rolls_until=float(where(note)[0] + note.roll_length),
        )
        for note in score.notes
        if note.role is not Role.ROLLED
    ]


def differences(wanted: Iterable[Wanted], played: Sequence[Played]) -> list[str]:
    """One line for each note that is missing, in another place or otherwise loud, or not wanted."""
    left = list(played)
    missing = []
    in_order = sorted(wanted, key=lambda note: (note.played, note.near))
    for note in in_order:
        found = next((heard for heard in left if _is_the_same(note, heard)), None)
        if found is None:
            missing.append(f"missing: {note.played}")
        else:
            left.remove(found)
    rolls = [note for note in in_order if note.rolls_until > note.played.at]
    return missing + [f"not wanted: {heard}" for heard in left if not any(_is_within(roll, heard) for roll in rolls)]


def _is_the_same(wanted: Wanted, heard: Played) -> bool:
    return (
        heard.note == wanted.played.note
        and abs(heard.at - wanted.played.at) <= wanted.near
        and abs(heard.velocity - wanted.played.velocity) <= VELOCITY
    )


def _is_within(roll: Wanted, heard: Played) -> bool:
    return heard.note == roll.played.note and roll.played.at < heard.at < roll.rolls_until
