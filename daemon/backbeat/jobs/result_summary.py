"""What the store keeps of a job whose result is there already."""

from __future__ import annotations

from backbeat.outputs.read_result import Result


def summary_of_result(result: Result) -> dict[str, object]:
    """The summary of a finished job, as far as its result tells."""
    return {
        "bpm": result.detected_bpm,
        "bpm_unreliable": result.bpm_unreliable,
        "midi_bpm": result.midi_bpm,
        "confidence": result.confidence_score,
        "hits": result.hit_count,
        "warnings": list(result.warnings),
    }
