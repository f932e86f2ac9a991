"""All that is fuzzed, by name."""

from __future__ import annotations

from tests.fuzzing import audio_targets, file_targets, osc_target, score_targets, store_target
from tests.fuzzing.target import Target

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        *audio_targets.TARGETS,
        osc_target.TARGET,
        *file_targets.TARGETS,
        store_target.TARGET,
        *score_targets.TARGETS,
    )
}
