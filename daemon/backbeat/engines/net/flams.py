"""Flams: strokes of one drum so close together that the peaks of their activations run into one another.

A stroke's target is a triangle four frames wide, so the triangles of a flam of 20 to 35 ms overlap: between its two tips the
activation stays up, and the slope of the louder stroke can reach above the tip of the softer one. What tells a flam from one
stroke is the valley between the tips. A stroke alone has none, however broad it is.
"""

from __future__ import annotations

import numpy as np

from backbeat.records import FloatArray, IntArray

VALLEY = 0.85
"""Between the strokes the activation falls to this share of the lower one or below. From 0.75 to 0.9 more flams of 20 to 28 ms
are found (0.85: five times as many as without this file) and the development recordings keep their strokes one for one."""

LOWEST_SHARE = 0.3
"""A partner has at least this share of the peak that it belongs to: what is lower is the end of the sound."""

_DISTANCES_FRAMES = (2, 3)
"""Nearer strokes make one triangle; of those farther apart each is the highest within +-20 ms."""


def flam_partners(members: FloatArray, peaks: IntArray) -> IntArray:
    """Frames of strokes 20 or 30 ms beside one of `peaks`, on the same instrument; rising, int64, none next to another stroke.

    members: activations of a family's instruments, float32 (frames, instruments), 0..1. peaks: frames where the family peaks,
    rising, at least three apart. Which frames come out does not depend on any threshold.
    """
    if not len(peaks):
        return peaks
    surest = members.argmax(axis=1)
    found = [
        _on_one_side(members, surest, peaks, side, distance) for distance in _DISTANCES_FRAMES for side in (-1, 1)
    ]  # fmt: skip
    partners = np.unique(np.concatenate(found))
    strengths = members.max(axis=1)[partners]
    taken = set(peaks.tolist())
    kept = []
    for frame in partners[np.argsort(-strengths, kind="stable")].tolist():
        if not taken & {frame - 1, frame, frame + 1}:
            taken.add(frame)
            kept.append(frame)
    return np.array(sorted(kept), np.int64)


def _on_one_side(members: FloatArray, surest: IntArray, peaks: IntArray, side: int, distance: int) -> IntArray:
    frames = peaks + side * distance
    inside = (frames > 0) & (frames < len(members) - 1)
    frames, column = frames[inside], surest[peaks[inside]]
    tip, peak = members[frames, column], members[peaks[inside], column]
    steps = np.arange(1, distance)
    valley = members[frames[:, None] - side * steps, column[:, None]].min(axis=1)
    is_tip = (tip > members[frames - side, column]) & (tip >= members[frames + side, column])
    is_apart = valley <= VALLEY * np.minimum(tip, peak)
    partners: IntArray = frames[is_tip & is_apart & (surest[frames] == column) & (tip >= LOWEST_SHARE * peak)]
    return partners
