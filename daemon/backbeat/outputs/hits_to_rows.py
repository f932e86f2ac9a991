"""Hits in the words of others: OSC messages as the rows of `[[osc.send]]` ask for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from backbeat.osc import OscMessage, Peer
from backbeat.osc_row import TIME, OscRow
from backbeat.outputs.read_result import VELOCITY_MAX
from backbeat.records import Hit
from backbeat.values import Instrument

_ARGUMENTS: dict[str, tuple[str, Callable[[str, Hit, int], object]]] = {
    "velocity": ("i", lambda _job, hit, _note: int(hit.velocity)),
    "level": ("f", lambda _job, hit, _note: hit.velocity / VELOCITY_MAX),
    "note": ("i", lambda _job, _hit, note: int(note)),
    "instrument": ("s", lambda _job, hit, _note: str(hit.instrument)),
    "time": ("f", lambda _job, hit, _note: float(hit.time_s)),
    "confidence": ("f", lambda _job, hit, _note: float(hit.confidence)),
    "job": ("s", lambda job, _hit, _note: job),
}
"""Name of an argument to its OSC type letter and what it is of a hit."""


def hit_to_messages(rows: Sequence[OscRow], job: str, hit: Hit, note: int) -> Iterator[tuple[Peer, OscMessage]]:
    """What each row that means this hit sends, and to whom. job: may be empty where there is none."""
    for row in rows:
        if row.fits(hit.instrument):
            yield Peer(row.host, row.port), _message(row, job, hit, note)


def hits_to_rows(
    rows: Sequence[OscRow], job: str, hits: Iterable[Hit], notes: Mapping[Instrument, int]
) -> dict[Peer, list[OscMessage]]:
    """All hits at once, for each receiver, in order: only by rows that send the time, without which this would be a flash."""
    timed = [row for row in rows if TIME in row.arguments]
    found: dict[Peer, list[OscMessage]] = {}
    for hit in hits:
        if hit.instrument in notes:
            for peer, message in hit_to_messages(timed, job, hit, notes[hit.instrument]):
                found.setdefault(peer, []).append(message)
    return found


def _message(row: OscRow, job: str, hit: Hit, note: int) -> OscMessage:
    typed = [_argument(argument, job, hit, note) for argument in row.arguments]
    return OscMessage(
        address=row.address.replace("{instrument}", str(hit.instrument)).replace("{note}", str(note)),
        arguments=tuple(value for _, value in typed),
        types="".join(letter for letter, _ in typed),
    )


def _argument(argument: str | float, job: str, hit: Hit, note: int) -> tuple[str, object]:
    if isinstance(argument, str):
        letter, value = _ARGUMENTS[argument]
        return letter, value(job, hit, note)
    return ("i" if isinstance(argument, int) else "f"), argument
