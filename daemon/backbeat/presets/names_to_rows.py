"""A list of note names to the rows of a note map, with a report of how each name was understood."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from backbeat.errors import PresetError
from backbeat.outputs.note_fallback import stand_in
from backbeat.outputs.note_map import load_note_map
from backbeat.outputs.note_map_table import NoteRow, with_note
from backbeat.presets.note_names import NoteName, NoteNameList
from backbeat.presets.read_drum_name import USABLE_ODDNESS, DrumName, TomPlace, read_drum_name
from backbeat.values import Instrument

_ADVICE = "Names such as Kick, Snare, HH Closed, Rack Tom 1, Crash L and Ride are understood."
_TOMS = (Instrument.TOM_HIGH, Instrument.TOM_MID, Instrument.TOM_LOW)


@dataclass(frozen=True, kw_only=True)
class Understood:
    """One name. instrument: None when it is none of our drums. written: the note that stands for it in MIDI files.

    doubt: what was not clear, or why it is none of our drums; empty when all was.
    """

    note: int
    name: str
    instrument: Instrument | None
    written: bool
    doubt: str


@dataclass(frozen=True, kw_only=True)
class ImportedRows:
    """rows: those with a note. names: every name of the list, in its order. missing: who has none, and whose is played."""

    rows: Mapping[Instrument, NoteRow]
    names: tuple[Understood, ...]
    missing: Mapping[Instrument, Instrument]


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    named: NoteName
    drum: DrumName


def names_to_rows(names: NoteNameList) -> ImportedRows:
    """Match every name; of several for one drum the plainest stroke is written, and the others are understood.

    Raises PresetError when no name is one of our drums, or too few are.
    """
    candidates = [_Candidate(named=named, drum=read_drum_name(named.name)) for named in names.names]
    by_instrument = _by_instrument(candidates)
    rows: dict[Instrument, NoteRow] = {}
    for instrument in Instrument:
        alike = sorted(by_instrument.get(instrument, ()), key=lambda candidate: _preference(instrument, candidate))
        if alike and alike[0].drum.oddness <= USABLE_ODDNESS:
            best, *others = alike
            rows[instrument] = NoteRow(
                note=best.named.note, articulation=best.named.name, also=tuple(sorted(other.named.note for other in others))
            )
    if not rows:
        raise PresetError("None of the names is a drum that Backbeat knows.", advice=_ADVICE)
    owners = {instrument: stand_in(instrument, with_note(rows), {}) for instrument in Instrument}
    silent = [str(instrument) for instrument, owner in owners.items() if owner is None]
    if silent:
        raise PresetError(f"The names have no drum that could be played for {', '.join(silent)}.", advice=_ADVICE)
    missing = {instrument: owner for instrument, owner in owners.items() if owner is not None and owner is not instrument}
    return ImportedRows(rows=rows, names=tuple(_understood(candidates, by_instrument, rows)), missing=missing)


def best_list(lists: Sequence[NoteNameList]) -> NoteNameList:
    """The list with the most different drums in it; the first of several."""
    return max(lists, key=lambda names: sum(map(bool, _by_instrument_of(names).values())))


def _by_instrument_of(names: NoteNameList) -> Mapping[Instrument, list[_Candidate]]:
    return _by_instrument([_Candidate(named=named, drum=read_drum_name(named.name)) for named in names.names])


def _by_instrument(candidates: Sequence[_Candidate]) -> dict[Instrument, list[_Candidate]]:
    found: dict[Instrument, list[_Candidate]] = defaultdict(list)
    for candidate in candidates:
        if candidate.drum.instrument is not None:
            found[candidate.drum.instrument].append(candidate)
    return found | _toms([candidate for candidate in candidates if candidate.drum.tom is not None])


def _preference(instrument: Instrument, candidate: _Candidate) -> tuple[int, int, bool, int]:
    """The smallest goes first: the plainest stroke, the first of several, the note of General MIDI, the lowest note."""
    note, drum = candidate.named.note, candidate.drum
    return drum.oddness, drum.number, note != _general_midi()[instrument], note


@cache
def _general_midi() -> Mapping[Instrument, int]:
    return load_note_map("general-midi").notes


def _toms(candidates: Sequence[_Candidate]) -> dict[Instrument, list[_Candidate]]:
    """Spread however many toms over our three: each goes where the nearest of the three chosen ones is."""
    by_place: dict[TomPlace, list[_Candidate]] = defaultdict(list)
    for candidate in candidates:
        if candidate.drum.tom is not None:
            by_place[candidate.drum.tom].append(candidate)
    places = sorted(by_place)
    chosen = _chosen(places)
    spread: dict[Instrument, list[_Candidate]] = defaultdict(list)
    for index, place in enumerate(places):
        instrument = min(chosen, key=lambda tom: (abs(chosen[tom] - index), chosen[tom]))
        away = index != chosen[instrument]
        for candidate in by_place[place]:
            number = abs(chosen[instrument] - index)
            oddness = USABLE_ODDNESS + 1 if away else min(candidate.drum.oddness, USABLE_ODDNESS)
            spread[instrument].append(replace(candidate, drum=replace(candidate.drum, oddness=oddness, number=number)))
    return spread


def _chosen(places: Sequence[TomPlace]) -> dict[Instrument, int]:
    """Which of the toms, highest first, are our high, middle and low one: the first floor tom is the low one, if it is third."""
    high, mid, low = _TOMS
    if not places:
        return {}
    last = len(places) - 1
    if last == 0:
        return {low if places[0].floor else high: 0}
    if last == 1:
        return {high: 0, low: 1}
    floors = [index for index, place in enumerate(places) if place.floor and index > 1]
    lowest = floors[0] if floors and not places[1].floor else last
    return {high: 0, mid: lowest // 2, low: lowest}


def _understood(
    candidates: Sequence[_Candidate],
    by_instrument: Mapping[Instrument, Sequence[_Candidate]],
    rows: Mapping[Instrument, NoteRow],
) -> Iterator[Understood]:
    owners = {each.named.note: instrument for instrument, alike in by_instrument.items() for each in alike if instrument in rows}
    for candidate in candidates:
        note = candidate.named.note
        owner = owners.get(note)
        yield Understood(
            note=note,
            name=candidate.named.name,
            instrument=owner,
            written=owner is not None and rows[owner].note == note,
            doubt=candidate.drum.doubt,
        )
