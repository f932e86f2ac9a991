"""Write the golden files anew: `python tests/goldens/rewrite.py`. Look at the difference before you keep it.

One made-up groove of four bars, which has everything: a pickup, a meter change, a shuffle, a flam, all fourteen drums.
"""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import mido
import numpy as np

import backbeat
from backbeat.outputs.midi.style import MidiStyle
from backbeat.outputs.note_map import load_note_map
from backbeat.outputs.result_to_json import result_to_json
from backbeat.outputs.score_to_midi import score_to_midi, score_to_tempomap_midi
from backbeat.outputs.score_to_musicxml import score_to_musicxml
from backbeat.pipeline.hits_to_score import hits_to_score
from backbeat.pipeline.request import Request
from backbeat.records import Analysis, BeatGrid, Hit, Hits, Role, Score, ScoreNote, SeparationReport, hits_from_rows
from backbeat.settings import Settings
from backbeat.values import FOUR_FOUR, Instrument, Meter, OutputKind, StemOrigin

HERE = Path(__file__).parent
DURATION_S = 7.75


def groove_grid() -> BeatGrid:
    """A beat at 0.25 s, two bars of 4/4 of which the second is a little slower, a bar of 7/8, a bar of 4/4."""
    beats_s = [0.5] * 5 + [0.52] * 4 + [0.25] * 7 + [0.5] * 3
    return BeatGrid(
        times_s=0.25 + np.cumsum([0.0, *beats_s]),
        numbers=np.array([4, 1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 4]),
        meters=(FOUR_FOUR, FOUR_FOUR, FOUR_FOUR, Meter(7, 8), FOUR_FOUR),
        tempo_bpm=120.0,
        confidence=0.9,
        bpm_unreliable=False,
        engine="golden",
    )


def groove_hits() -> Hits:
    """Strokes near the grid, up to 9 ms beside it, in a fixed pattern."""
    grid = groove_grid()
    rows = [Hit(0.25 + 0.5 * part / 4, Instrument.SNARE, 50 + 20 * part, 0.8) for part in (2, 3)]

    def add(beat: int, share: float, *instruments: Instrument) -> None:
        start_s, end_s = grid.times_s[beat], grid.times_s[beat + 1] if beat < 19 else grid.times_s[19] + 0.5
        for instrument in instruments:
            off_s = ((len(rows) * 7) % 19 - 9) / 1000
            rows.append(
                Hit(float(start_s + share * (end_s - start_s)) + off_s, instrument, 40 + len(rows) % 80, 0.5 + len(rows) % 5 / 10)
            )

    for beat in range(1, 5):
        add(beat, 0.0, Instrument.KICK if beat % 2 else Instrument.SNARE, Instrument.HIHAT_CLOSED)
        add(beat, 0.5, Instrument.HIHAT_OPEN if beat == 4 else Instrument.HIHAT_CLOSED)
    add(4, 0.08, Instrument.SNARE)
    for beat in range(5, 9):
        add(beat, 0.0, Instrument.RIDE, Instrument.HIHAT_PEDAL)
        add(beat, 2 / 3, Instrument.RIDE_BELL)
    for beat, instrument in enumerate(
        (Instrument.CRASH, Instrument.TOM_HIGH, Instrument.TOM_MID, Instrument.TOM_LOW, Instrument.CHINA, Instrument.SPLASH), 9
    ):
        add(beat, 0.0, instrument)
    add(15, 0.0, Instrument.SIDE_STICK, Instrument.KICK)
    return hits_from_rows(rows, engine="golden")


def groove_score() -> Score:
    return hits_to_score(groove_hits(), groove_grid(), title="Golden groove", duration_s=DURATION_S)


def goldens() -> dict[str, str]:
    """File name to text."""
    score = groove_score()
    style = MidiStyle(notes=load_note_map("general-midi").notes, source="groove.wav")
    constant = score_to_midi(score, style, tempo_bpm=120, meter=FOUR_FOUR)
    mapped = score_to_tempomap_midi(score, replace(style, quantize=100))
    texts = {
        "groove.score.txt": _score_text(score),
        "groove.mid.txt": _midi_text(constant),
        "groove.tempomap.mid.txt": _midi_text(mapped),
        "groove.musicxml": score_to_musicxml(score).decode(),
        "groove.json": _json(score),
    }
    return {name: _without_versions(text) for name, text in texts.items()}


def _without_versions(text: str) -> str:
    """Versions and job settings change for good reasons that have nothing to do with what a file looks like."""
    text = text.replace(f"Backbeat {backbeat.__version__}", "Backbeat VERSION").replace(f'"{backbeat.__version__}"', '"VERSION"')
    text = re.sub(r"music21 v\.[0-9.]+", "music21 VERSION", text)
    text = re.sub(r'"identity": "[0-9a-f]+"', '"identity": "IDENTITY"', text)
    return re.sub(r'"settings": \{[^}]*\}', '"settings": {}', text)


def _score_text(score: Score) -> str:
    lines = []
    for index, bar in enumerate(score.bars):
        lines.append(f"bar {bar.number}: {bar.meter}, {bar.length} quarters, {bar.start_s:.4f} to {bar.end_s:.4f} s")
        notes = [note for note in score.notes if note.bar == index]
        lines += [_note_text(note) for note in notes]
    return "\n".join(lines) + "\n"


def _note_text(note: ScoreNote) -> str:
    words = [note.role.value] if note.role is not Role.STROKE else []
    words += [f"sounds at {note.sounding}"] if note.sounding != note.position else []
    words += [word for word, is_so in (("ghost", note.is_ghost), ("accent", note.is_accent)) if is_so]
    line = f"  {note.position!s:>5}  {note.instrument:<13} {note.velocity:>3}  {note.time_s:.4f} s"
    return "  ".join([line, ", ".join(words)]) if words else line


def _midi_text(data: bytes) -> str:
    file = mido.MidiFile(file=io.BytesIO(data), charset="utf-8")
    lines = [f"type {file.type}, {file.ticks_per_beat} ticks per quarter note"]
    for number, track in enumerate(file.tracks):
        lines.append(f"track {number}")
        lines += [f"  {message}" for message in track]
    return "\n".join(lines) + "\n"


def _json(score: Score) -> str:
    request = Request(
        path=Path("/bounces/groove.wav"), fingerprint="0" * 64, out_base=Path("/bounces/groove.drums"), settings=Settings()
    )
    separation = SeparationReport(origin=StemOrigin.GIVEN, reason="The file is a drum stem.", separator=None, quality=None)
    analysis = Analysis(
        fingerprint=request.fingerprint,
        duration_s=DURATION_S,
        host_bpm=120.0,
        host_bpm_source="name",
        separation=separation,
        grid=groove_grid(),
        hits=groove_hits(),
    )
    kinds = (OutputKind.MIDI, OutputKind.TEMPOMAP, OutputKind.MUSICXML, OutputKind.JSON)
    return result_to_json(
        analysis,
        score,
        request=request,
        outputs={kind: request.output(kind) for kind in kinds},
        midi_bpm=120.0,
        warnings=["No PDF: lilypond could not be found."],
        timings_s={"read": 0.01, "hits": 1.5},
        low_confidence_threshold=0.5,
    ).decode()


def main() -> None:
    for name, text in goldens().items():
        (HERE / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
