"""A folder of recordings, heard by an engine, beside its annotations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from backbeat.engines.protocols import TellHits, tell_nobody
from backbeat.errors import ConfigError
from backbeat.monitor import Monitor
from backbeat.records import BeatGrid, DrumStem, Hit, Hits, hits_from_rows
from backbeat.training.evaluation.heard import of_family, of_instrument, over_recordings
from backbeat.training.evaluation.recordings import Annotations, hear_recordings
from backbeat.values import Instrument


class OneKick:
    """Hears a kick in the middle of whatever it is given."""

    name = "one kick"
    version = "1"
    instruments = frozenset({Instrument.KICK})

    def hits(self, stem: DrumStem, grid: BeatGrid, monitor: Monitor, tell: TellHits = tell_nobody) -> Hits:
        return hits_from_rows([Hit(stem.duration_s / 2, Instrument.KICK, 90, 0.8)], engine=self.name)


@pytest.fixture
def annotations(tmp_path: Path) -> Annotations:
    for kind in ("classes", "techniques"):
        (tmp_path / kind).mkdir()
    (tmp_path / "classes/song.txt").write_text("1.01\tKD\n0.5\tHH\n", encoding="utf-8")
    (tmp_path / "techniques/song.txt").write_text("1.01\tKD\n0.5\tPHH\n", encoding="utf-8")
    return Annotations(classes=tmp_path / "classes", techniques=tmp_path / "techniques")


def test_recordings_are_heard_beside_their_annotations(tmp_path: Path, annotations: Annotations) -> None:
    sf.write(tmp_path / "song.wav", np.zeros((44_100 * 2, 2)), 44_100)
    (heard,) = hear_recordings(OneKick(), tmp_path, annotations)
    assert heard.recording == "song"
    assert heard.duration_s == 2.0
    assert over_recordings([heard], [of_family("kick")]).total.matched == 1
    assert over_recordings([heard], [of_instrument(Instrument.HIHAT_PEDAL)]).total.expected == 1


def test_a_recording_without_annotation_is_refused(tmp_path: Path, annotations: Annotations) -> None:
    sf.write(tmp_path / "other.wav", np.zeros(44_100), 44_100)
    with pytest.raises(ConfigError, match="no annotation"):
        hear_recordings(OneKick(), tmp_path, annotations)
