"""Any hits on any beats: the score, its MusicXML, its MIDI files and its result file."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from random import Random
from xml.parsers import expat

import mido
import numpy as np
from tests.fuzzing.byte_source import ByteSource
from tests.fuzzing.target import Run, Target

from backbeat.outputs.midi.style import MidiStyle
from backbeat.outputs.notation.staff_map import load_staff_map, staff_map_names
from backbeat.outputs.note_map import load_note_map
from backbeat.outputs.read_result import read_result
from backbeat.outputs.result_to_json import result_to_json
from backbeat.outputs.score_to_midi import score_to_midi, score_to_tempomap_midi
from backbeat.outputs.score_to_musicxml import score_to_musicxml
from backbeat.pipeline.grid_to_onsets import grid_to_onsets
from backbeat.pipeline.hits_to_score import ScoreStyle, hits_to_score
from backbeat.pipeline.request import Request
from backbeat.records import Analysis, BeatGrid, Hit, Hits, Score, SeparationReport, hits_from_rows
from backbeat.settings import Settings
from backbeat.values import Division, Instrument, Meter, MidiLayout, Paper, StemOrigin

METERS = tuple(Meter(beats, unit) for beats, unit in ((4, 4), (3, 4), (7, 8), (6, 8), (5, 4), (12, 8), (2, 2), (1, 4), (15, 16)))
HIT_BYTES = 6
MOST_HITS = 400


def _grid(source: ByteSource) -> BeatGrid:
    """None, one, or many beats, steady or wild, whose bars change their meter."""
    times_s: list[float] = []
    numbers: list[int] = []
    meters: list[Meter] = []
    beats, steady_s, wildness_s = source.whole(64), 0.15 + source.whole(65_536) / 30_000, source.whole(256) / 512
    at_s = source.whole(256) / 64
    number, meter = 1 + source.whole(4), source.choice(METERS)
    for n in range(beats):
        if number > meter.beats:
            number, meter = 1, source.choice(METERS) if source.whole(8) == 0 else meter
        if n == 0 or number == 1:
            meters.append(meter)
        times_s.append(at_s)
        numbers.append(number)
        number += 1
        at_s += max(steady_s + wildness_s * (source.whole(256) / 128 - 1), 0.001)
    return BeatGrid(
        times_s=np.array(times_s, dtype=np.float64),
        numbers=np.array(numbers, dtype=np.int64),
        meters=tuple(meters),
        tempo_bpm=min(60 / steady_s, 400.0),
        confidence=0.5,
        bpm_unreliable=not beats,
        engine="fuzz",
    )


def _hits(source: ByteSource) -> Hits:
    rows: list[Hit] = []
    time_s = 0.0
    while not source.is_empty and len(rows) < MOST_HITS:
        time_s += source.whole(65_536) ** 2 / 2**32  # mostly close together
        instrument, velocity, share = source.choice(tuple(Instrument)), 1 + source.whole(127), source.whole(256) / 255
        if all((row.time_s, row.instrument) != (time_s, instrument) for row in rows[-20:]):
            rows.append(Hit(time_s, instrument, velocity, share))
    return hits_from_rows(rows, engine="fuzz")


def _score(source: ByteSource) -> tuple[Score, BeatGrid, Hits, float]:
    style = ScoreStyle(grid=source.choice(tuple(Division)), flam_ms=source.whole(101))
    title, longer_s = source.text(), source.whole(256) / 16
    grid, hits = _grid(source), _hits(source)
    moved = grid_to_onsets(grid, hits)
    duration_s = (float(hits.time_s[-1]) if len(hits) else 0.0) + longer_s
    score = hits_to_score(hits, moved.grid, title=title, duration_s=duration_s, style=style, grid_offset_s=moved.offset_s)
    assert [note.time_s for note in score.notes] == hits.time_s.tolist()
    return score, moved.grid, hits, duration_s


def any_musicxml(data: bytes) -> tuple[bytes, Score]:
    """The MusicXML of the score that `data` stands for, in a notation that it chooses too."""
    source = ByteSource(data)
    staff_map = load_staff_map(source.choice(staff_map_names()))
    paper, repeats = source.choice(tuple(Paper)), bool(source.whole(2))
    score, *_ = _score(source)
    return score_to_musicxml(score, staff_map=staff_map, paper=paper, repeat_bars=repeats), score


def _open_musicxml(_folder: Path) -> Run:
    return lambda data: _check_measures(*any_musicxml(data))


def _check_measures(xml: bytes, score: Score) -> None:
    """Well-formed, with a measure for every bar; that it is valid is shown in `test_musicxml_schema`."""
    measures = 0
    open_tags: list[str] = []
    parser = expat.ParserCreate()

    def start(tag: str, _attributes: object) -> None:
        nonlocal measures
        measures += tag == "measure"
        open_tags.append(tag)

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda tag: open_tags.pop()
    parser.Parse(xml, True)
    assert not open_tags
    assert measures == max(len(score.bars), 1)


def _open_midi(_folder: Path) -> Run:
    notes = load_note_map("general-midi").notes

    def run(data: bytes) -> None:
        source = ByteSource(data)
        layout, quantize, lead_in = source.choice(tuple(MidiLayout)), source.whole(101), source.whole(9)
        tempo_bpm = 20 + source.whole(381)
        score, *_ = _score(source)
        style = MidiStyle(notes=notes, source=source.text(), quantize=quantize, layout=layout, lead_in=lead_in)
        steady = score_to_midi(score, style, tempo_bpm=tempo_bpm, meter=METERS[0])
        for file in (steady, score_to_tempomap_midi(score, style)):
            read = mido.MidiFile(file=io.BytesIO(file))
            strokes = [message for track in read.tracks for message in track if message.type == "note_on" and message.velocity]
            assert len(strokes) == len(score.notes)

    return run


def _open_result(folder: Path) -> Run:
    path = folder / "song.drums.json"

    def run(data: bytes) -> None:
        score, grid, hits, duration_s = _score(ByteSource(data))
        analysis = Analysis(
            fingerprint="0" * 64,
            duration_s=duration_s,
            host_bpm=None,
            host_bpm_source=None,
            separation=SeparationReport(origin=StemOrigin.GIVEN, reason="fuzz", separator=None, quality=None),
            grid=grid,
            hits=hits,
        )
        request = Request(path=Path("/") / f"x{score.title}", fingerprint="0" * 64, out_base=folder / "song", settings=Settings())
        path.write_bytes(
            result_to_json(
                analysis,
                score,
                request=request,
                outputs={},
                midi_bpm=120.0,
                warnings=(score.title,),
                timings_s={},
                low_confidence_threshold=0.5,
            )
        )
        np.testing.assert_allclose(read_result(path).hits.time_s, hits.time_s, atol=1e-6)

    return run


@cache
def _seeds() -> list[bytes]:
    random = Random(1)
    grooves = [bytes(24) + random.randbytes(HIT_BYTES * count) for count in (0, 1, 20, 120)]
    return [*grooves, *(random.randbytes(count) for count in (40, 400, 1200))]


TARGETS = (
    Target(name="musicxml", open=_open_musicxml, seeds=_seeds, longest_bytes=3000, allowed=()),
    Target(name="midi", open=_open_midi, seeds=_seeds, longest_bytes=3000, allowed=()),
    Target(name="result-json", open=_open_result, seeds=_seeds, longest_bytes=3000, allowed=()),
)
