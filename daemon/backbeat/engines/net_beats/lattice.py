"""The most likely way to count through a recording: the bar pointer model, searched exactly.

After Krebs, Böck, Widmer, "An Efficient State Space Model for Joint Tempo and Meter Tracking" (ISMIR 2015): a state is a pulse of
a bar and how long it lasts; the length changes only where a pulse begins. What a path gains depends on its pulses alone (the
frames between them cost every path the same), so that only the scores of *entering* a pulse are kept, and no pulse is shorter
than the shortest, so that many frames are computed at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from backbeat.engines.net_beats.cycles import Cycle
from backbeat.records import FloatArray, IntArray

NEVER = np.float32(-1e9)
PIECE_FRAMES = 9_000
"""Searched at once: three minutes, in 40 MB."""
_OVERLAP_FRAMES = 1_000
_CHECKED_BLOCKS = 64
_BEGAN = 1e-3  # a pulse that was entered with so little before it is the first


@dataclass(frozen=True, kw_only=True, eq=False)
class Gains:
    """What a pulse is worth where it is put, in nats.

    beat, down: float32 (frames,), of a pulse within a bar and of one that begins it, against no pulse there.
    bar: float32 (cycles, frames), of beginning a bar counted that way.
    start, start_down: float32 (frames,), of counting from there on, with any pulse or with the first of a bar.
    length: float32 (cycles, lengths), of a pulse of so many frames, from the first of `Lattice.lengths` on.
    """

    beat: FloatArray
    down: FloatArray
    bar: FloatArray
    start: FloatArray
    start_down: FloatArray
    length: FloatArray

    def part(self, start: int, stop: int, *, from_bar: bool) -> Gains:
        """Those of some frames. from_bar: counting begins at the first of them, with a bar."""
        part = {name: getattr(self, name)[start:stop] for name in ("beat", "down", "start", "start_down")}
        if from_bar:
            part["start"] = np.full(stop - start, NEVER)
            part["start_down"] = np.full(stop - start, NEVER)
            part["start_down"][0] = 0.0
        return Gains(bar=self.bar[:, start:stop], length=self.length, **part)


@dataclass(frozen=True, kw_only=True)
class Costs:
    """In nats. bend: of a pulse one, two, three frames longer or shorter than the one before, at a length of 27 frames.

    jump: of any other length. switch: of another cycle than in the bar before.
    """

    bend: tuple[float, float, float] = (0.6, 2.0, 4.0)
    jump: float = 14.0
    switch: float = 12.0


@dataclass(frozen=True, kw_only=True, eq=False)
class PulsePath:
    """frames: int64 (n,), rising. cycles, places: int64 (n,): which cycle, and which of its pulses."""

    frames: IntArray
    cycles: IntArray
    places: IntArray

    def moved(self, frames: int) -> PulsePath:
        """The same so many frames later."""
        return PulsePath(frames=self.frames + frames, cycles=self.cycles, places=self.places)

    def upto(self, count: int) -> PulsePath:
        """The first `count` pulses."""
        return PulsePath(frames=self.frames[:count], cycles=self.cycles[:count], places=self.places[:count])

    @staticmethod
    def joined(paths: Sequence[PulsePath]) -> PulsePath:
        """One after the other."""
        return PulsePath(
            frames=np.concatenate([path.frames for path in paths]),
            cycles=np.concatenate([path.cycles for path in paths]),
            places=np.concatenate([path.places for path in paths]),
        )


class Lattice:
    """Scores of entering each pulse of each cycle with each length at each frame."""

    def __init__(self, cycles: Sequence[Cycle], shortest: int, longest: int, costs: Costs) -> None:
        self.cycles = tuple(cycles)
        self.lengths = np.arange(shortest, longest + 1)
        self.costs = costs
        counts = [len(cycle.lengths) for cycle in cycles]
        self.firsts = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
        self.lasts = np.cumsum(counts) - 1
        self.positions = int(sum(counts))
        self.cycle_of = np.repeat(np.arange(len(counts)), counts)
        factors = np.concatenate([np.array(cycle.lengths) for cycle in cycles])
        self.spans = np.maximum(np.round(factors[:, np.newaxis] * self.lengths), shortest).astype(np.int64)
        self.before = np.arange(self.positions) - 1
        self.inner = np.setdiff1d(np.arange(self.positions), self.firsts)
        scale = 27.0 / self.lengths
        self.bends = [np.asarray(cost * scale, np.float32) for cost in costs.bend]

    def best_path(self, gains: Gains, between: Callable[[float], None]) -> PulsePath:
        """The path that gains most. It may begin with any pulse where `gains` lets it, and goes on to the last frame.

        Long recordings are searched in pieces, each from a downbeat well inside the one before: that bounds the memory.
        `between` is called with the fraction done now and then; what it raises passes through.
        """
        total, start = len(gains.beat), 0
        paths: list[PulsePath] = []
        while True:
            stop = min(start + PIECE_FRAMES, total)
            share = (start / total, (stop - start) / total)
            piece = gains.part(start, stop, from_bar=bool(paths))
            path = self._search(piece, lambda done, share=share: between(share[0] + share[1] * done))  # type: ignore[misc]
            path = path.moved(start)
            inner = np.flatnonzero((path.places == 0) & (path.frames < stop - _OVERLAP_FRAMES) & (path.frames > start))
            if stop == total or not len(inner):
                paths.append(path)
                if stop == total:
                    return PulsePath.joined(paths)
                start = int(path.frames[-1])
                paths[-1] = path.upto(len(path.frames) - 1)
            else:
                paths.append(path.upto(int(inner[-1])))
                start = int(path.frames[inner[-1]])

    def _search(self, gains: Gains, between: Callable[[float], None]) -> PulsePath:
        frames = len(gains.beat)
        entered = self._fill(gains, frames, between)
        return self._trace(entered, gains, frames)

    def _fill(self, gains: Gains, frames: int, between: Callable[[float], None]) -> FloatArray:
        """float32 (longest + frames, positions, lengths): rows before the first frame can't be entered."""
        pad = int(self.spans.max())
        shape = (pad + frames, self.positions, len(self.lengths))
        entered = np.full(shape, NEVER, np.float32)
        flat = entered.reshape(-1)
        row = self.positions * len(self.lengths)
        columns = np.arange(row).reshape(shape[1:]) - self.spans * row
        block = int(self.spans.min())
        gather = (np.arange(pad, pad + block)[:, np.newaxis, np.newaxis] * row + columns).astype(np.int64)
        for number, start in enumerate(range(0, frames, block)):
            if number % _CHECKED_BLOCKS == 0:
                between(start / frames)
            size = min(block, frames - start)
            left = flat.take(gather[:size] + start * row)
            scores = self._entering(self._moved(left), gains, start, start + size)
            entered[pad + start : pad + start + size] = scores
        return entered

    def _moved(self, left: FloatArray) -> FloatArray:
        """Best score at each length of the next pulse, from scores of having left a pulse (times, positions, lengths)."""
        best: FloatArray = np.maximum(left, left.max(axis=2, keepdims=True) - np.float32(self.costs.jump))
        for step, cost in enumerate(self.bends[: len(self.lengths) - 1], start=1):
            np.maximum(best[:, :, step:], left[:, :, :-step] - cost[step:], out=best[:, :, step:])
            np.maximum(best[:, :, :-step], left[:, :, step:] - cost[:-step], out=best[:, :, :-step])
        return best

    def _entering(self, moved: FloatArray, gains: Gains, start: int, stop: int) -> FloatArray:
        scores = np.empty_like(moved)
        ended = moved[:, self.lasts]
        other = ended.max(axis=1, keepdims=True) - np.float32(self.costs.switch)
        scores[:, self.firsts] = np.maximum(ended, other)
        scores[:, self.inner] = moved[:, self.before[self.inner]]
        scores[:, self.firsts] = np.maximum(scores[:, self.firsts], gains.start_down[start:stop, np.newaxis, np.newaxis])
        scores[:, self.inner] = np.maximum(scores[:, self.inner], gains.start[start:stop, np.newaxis, np.newaxis])
        scores += gains.length[self.cycle_of]
        scores[:, self.inner] += gains.beat[start:stop, np.newaxis, np.newaxis]
        scores[:, self.firsts] += (gains.down[start:stop] + gains.bar[:, start:stop]).T[:, :, np.newaxis]
        return scores

    def _trace(self, entered: FloatArray, gains: Gains, frames: int) -> PulsePath:
        pad = len(entered) - frames
        tail = min(int(self.spans.max()), frames)
        times = np.arange(frames - tail, frames)
        final = np.where(times[:, np.newaxis, np.newaxis] + self.spans >= frames, entered[pad + frames - tail :], NEVER)
        place = np.unravel_index(int(final.argmax()), final.shape)
        time, position, length = int(times[place[0]]), int(place[1]), int(place[2])
        path = [(time, position)]
        while True:
            score = float(entered[pad + time, position, length]) - self._gain(gains, time, position, length)
            began = gains.start_down if position in self.firsts else gains.start
            if score <= began[time] + _BEGAN or time <= 0:
                break
            time, position, length = self._previous(entered, pad, time, position, length)
            path.append((time, position))
        times, positions = np.array(path[::-1], dtype=np.int64).T
        cycle = self.cycle_of[positions]
        return PulsePath(frames=times, cycles=cycle, places=positions - self.firsts[cycle])

    def _gain(self, gains: Gains, time: int, position: int, length: int) -> float:
        cycle = self.cycle_of[position]
        if self.firsts[cycle] == position:
            return float(gains.length[cycle, length] + (gains.down[time] + gains.bar[cycle, time]))
        return float(gains.length[cycle, length] + gains.beat[time])

    def _previous(self, entered: FloatArray, pad: int, time: int, position: int, length: int) -> tuple[int, int, int]:
        """The pulse and length before the one entered at `time`: where that score came from."""
        begins_bar = position in self.firsts
        candidates = self.lasts if begins_bar else np.array([position - 1])
        own = self.lasts[np.searchsorted(self.firsts, position)] if begins_bar else position - 1
        spans = self.spans[candidates]
        left = entered[pad + time - spans, candidates[:, np.newaxis], np.arange(len(self.lengths))]
        steps = np.abs(np.arange(len(self.lengths)) - length)
        cost = np.full(len(self.lengths), self.costs.jump)
        for step, bend in enumerate(self.bends, start=1):
            cost[steps == step] = min(float(bend[length]), self.costs.jump)
        cost[length] = 0.0
        scores = left - cost - np.where(candidates == own, 0.0, self.costs.switch)[:, np.newaxis]
        which, before = np.unravel_index(int(scores.argmax()), scores.shape)
        return time - int(spans[which, before]), int(candidates[which]), int(before)
