"""A real VST3 instrument in its own process: every note on its sample; whatever it does, one clear message, and no process."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from backbeat.errors import Cancelled, PluginError
from backbeat.host.audition import Rendered, play_plugin
from backbeat.host.chain import PluginEffect
from backbeat.host.isolated import Keeper, ask
from backbeat.host.tasks import Limits, Note, PlayTask
from backbeat.monitor import Unwatched
from backbeat.values import Stage

RATE_HZ = 44_100
NOTES = tuple(
    Note(on, on + 4_410, 38, velocity)
    for on, velocity in ((0, 100), (22_050, 90), (44_099, 80), (50_001, 127), (100_000, 60), (130_007, 110))
)
LENGTH = 3 * RATE_HZ
MEMORY = Limits(memory_bytes=1 << 30)

Make = Callable[[str], Path]


def task(file: Path, **more: object) -> PlayTask:
    values = {"notes": NOTES, "length": LENGTH, "loading_s": 0.5} | more
    return PlayTask(instrument=PluginEffect(file=file), sample_rate_hz=RATE_HZ, **values)


def play(task: PlayTask, *, patience_s: float = 60) -> Rendered:
    return play_plugin(task, keeper=Keeper(patience_s=patience_s, limits=MEMORY), monitor=Unwatched())


def strokes(samples: np.ndarray) -> list[tuple[int, int]]:
    """(sample, velocity) of every stroke: the test kit's are steps up."""
    (rises,) = np.nonzero(np.diff(samples[0], prepend=0) > 0.2)
    return [(int(at), round(127 * float(samples[0, at]))) for at in rises]


@pytest.mark.parametrize(("name", "latency"), [("Kit", 0), ("Late Kit", 480), ("Loading Kit", 0)])
def test_every_note_sounds_on_its_sample_as_loud_as_it_was_struck(plugin: Make, name: str, latency: int) -> None:
    rendered = play(task(plugin(name)))
    assert rendered.plugin_name == name
    assert rendered.latency == latency
    assert strokes(rendered.samples) == [(note.on, note.velocity) for note in NOTES]
    assert np.array_equal(rendered.samples[0], rendered.samples[1])


def test_an_instrument_in_mono_plays_in_mono(plugin: Make) -> None:
    rendered = play(task(plugin("Mono Late Kit")))
    assert len(rendered.samples) == 1
    assert strokes(rendered.samples) == [(note.on, note.velocity) for note in NOTES]


def test_a_note_far_into_a_long_recording_is_on_its_sample_too(plugin: Make) -> None:
    late = Note(400 * RATE_HZ + 1, 400 * RATE_HZ + 4_000, 38, 99)  # float32 seconds would miss it by samples
    rendered = play(task(plugin("Kit"), notes=(NOTES[0], late), length=401 * RATE_HZ))
    assert strokes(rendered.samples) == [(0, 100), (late.on, 99)]


def test_it_lasts_as_long_as_the_recording_and_until_the_last_stroke_has_died_away(plugin: Make) -> None:
    assert play(task(plugin("Kit"), notes=NOTES[:1])).samples.shape == (2, LENGTH)
    longer = play(task(plugin("Kit"), notes=NOTES[:1], length=10)).samples
    assert 0.09 * RATE_HZ < longer.shape[1] < 0.11 * RATE_HZ


def test_parameters_and_states_are_taken(plugin: Make, tmp_path: Path) -> None:
    kit = plugin("Kit")
    quiet = PluginEffect(file=kit, parameters={"level": 0.5})
    for ending in ("vstpreset", "state"):
        state = tmp_path / f"quiet.{ending}"
        saving = PlayTask(instrument=quiet, sample_rate_hz=RATE_HZ, loading_s=0.5, save_state=state)
        saved = play(saving)
        assert saved.state
        assert saved.samples.shape[1] == 0
        state.write_bytes(saved.state)
        restored = PluginEffect(file=kit, state=state)
        rendered = play(PlayTask(instrument=restored, sample_rate_hz=RATE_HZ, notes=NOTES, length=LENGTH, loading_s=0.5))
        assert rendered.samples[0, 0] == pytest.approx(0.5 * 100 / 127, abs=1e-4)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Crashing Kit", "process crashed .invalid memory access"),
        ("Exiting Kit", "process ended with exit status 3"),
        ("Greedy Kit", "more memory than there is"),
        ("Broken Kit", "gave samples that are not numbers"),
        ("Silent Kit", "made no sound"),
        ("Stubborn Kit", "Stubborn Kit.vst3 cannot be loaded"),
        ("Gain", "Gain is an effect"),
        ("Two Kits", "holds 2 plugins: Kit A, Kit B"),
    ],
)
def test_a_plugin_that_misbehaves_ends_its_own_process_only_and_is_told(plugin: Make, name: str, told: str) -> None:
    with pytest.raises(PluginError, match=told) as error:
        play(task(plugin(name)))
    assert error.value.advice
    assert error.value.message.endswith((".", "?"))


def test_a_plugin_that_hangs_is_ended(plugin: Make) -> None:
    with pytest.raises(PluginError, match="no sign of life for 3 s"):
        play(task(plugin("Hanging Kit")), patience_s=3)


def test_one_of_several_is_chosen_by_its_name(plugin: Make) -> None:
    two = plugin("Two Kits")
    chosen = PlayTask(instrument=PluginEffect(file=two, name="Kit B"), sample_rate_hz=RATE_HZ, notes=NOTES, loading_s=0.5)
    assert play(chosen).plugin_name == "Kit B"
    wrong = PlayTask(instrument=PluginEffect(file=two, name="Kit C"), sample_rate_hz=RATE_HZ, notes=NOTES, loading_s=0.5)
    with pytest.raises(PluginError, match="no plugin 'Kit C', but Kit A, Kit B"):
        play(wrong)


def test_a_wrong_parameter_and_a_wrong_state_are_told(plugin: Make, tmp_path: Path) -> None:
    kit = plugin("Kit")
    with pytest.raises(PluginError, match="no parameter 'levle', did you mean 'level'"):
        play(PlayTask(instrument=PluginEffect(file=kit, parameters={"levle": 1}), sample_rate_hz=RATE_HZ, notes=NOTES))
    nonsense = tmp_path / "nonsense.vstpreset"
    nonsense.write_bytes(b"nonsense")
    with pytest.raises(PluginError, match="does not take the state in nonsense"):
        play(PlayTask(instrument=PluginEffect(file=kit, state=nonsense), sample_rate_hz=RATE_HZ, notes=NOTES))


def test_the_window_needs_a_display(plugin: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(PluginError, match="there is no display here"):
        play(task(plugin("Kit"), edit=True))


class CancelledWhenPlaying:
    """A monitor whose job is cancelled after a while; it learns which processes ran then."""

    def __init__(self) -> None:
        self.checks = 0
        self.children: set[int] = set()

    def progress(self, stage: Stage, fraction: float) -> None:
        pass

    def check(self) -> None:
        self.checks += 1
        if self.checks > 20:
            self.children = _children()
            raise Cancelled("The job was cancelled.")


def test_a_cancelled_job_ends_the_process_at_once(plugin: Make) -> None:
    before, monitor = _children(), CancelledWhenPlaying()
    with pytest.raises(Cancelled):
        play_plugin(task(plugin("Hanging Kit")), keeper=Keeper(limits=MEMORY), monitor=monitor)
    assert monitor.children - before
    assert not any(Path(f"/proc/{pid}").exists() for pid in monitor.children - before)


def test_whoever_stops_listening_leaves_no_process_behind(plugin: Make) -> None:
    before = _children()
    answers = ask(task(plugin("Kit"), length=3600 * RATE_HZ), (), keeper=Keeper(limits=MEMORY), monitor=Unwatched())
    next(answers)
    started = _children() - before
    assert len(started) == 1
    answers.close()
    assert not any(Path(f"/proc/{pid}").exists() for pid in started)


def _children() -> set[int]:
    children = Path(f"/proc/{os.getpid()}/task/{threading.get_native_id()}/children").read_text().split()
    return {int(pid) for pid in children}
