"""FluidSynth renders bands without drums, the same ones every time."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from backbeat.training.backing.sound_font import SOUND_FONTS, load_gm_clips, render_backing

pytestmark = pytest.mark.skipif(
    shutil.which("fluidsynth") is None or not any(path.is_file() for path in SOUND_FONTS),
    reason="renders training music with the packages fluidsynth and fluid-soundfont-gm, which are not installed here",
)


def test_an_interrupted_rendering_goes_on_to_the_same_clips(tmp_path: Path) -> None:
    assert render_backing(tmp_path, clips=1, seed=4) == 1
    (first,) = tmp_path.iterdir()
    before, _ = sf.read(first)
    assert render_backing(tmp_path, clips=2, seed=4) == 1  # the one that was missing
    assert render_backing(tmp_path, clips=2, seed=4) == 0
    first.rename(tmp_path / "kept")
    assert render_backing(tmp_path, clips=2, seed=4) == 1
    assert np.array_equal(sf.read(first)[0], before)
    clips = load_gm_clips(tmp_path)
    assert [12 < len(clip) / 44_100 < 21 for clip in clips] == [True, True]
    assert all(np.abs(clip).max() > 1.2 for clip in clips)  # music, not a constant
