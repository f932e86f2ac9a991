"""What a recording of a batch becomes, also the second time."""

from __future__ import annotations

from pathlib import Path

import pytest

from backbeat.jobs.job import JobState, Origin, Priority
from backbeat.pipeline.request import Request
from backbeat.settings import Settings
from backbeat.values import OutputKind


def test_a_recording_is_queued_behind_everything_else_and_remembered(library) -> None:
    path = library.add("kick.wav")
    taken = library.take(path)
    assert taken.is_waiting
    assert (taken.job.origin, taken.job.priority, taken.job.path) == (Origin.CLI, Priority.BATCH, path)
    assert taken.out_base == path.with_name("kick.drums")
    assert min(Priority) is Priority.BATCH


def test_what_is_done_is_neither_read_nor_done_again(library) -> None:
    path = library.add("kick.wav")
    library.take(path)
    assert library.do_all() == 1
    again = library.take(path)
    assert (again.is_waiting, again.job.state) == (False, JobState.DONE)
    assert library.read == [path], "its size and time are as they were"
    assert library.do_all() == 0


def test_what_was_interrupted_goes_on_as_the_same_job(library) -> None:
    path = library.add("kick.wav")
    first = library.take(path).job
    assert library.take(path).job.id == first.id


def test_what_a_worker_ends_this_very_moment_is_not_done_again(library) -> None:
    path = library.add("kick.wav")
    library.take(path)
    intake = library.intake()
    submit = library.store.submit

    class Store:
        """The batch's store, in which a worker's thread comes first."""

        def __getattr__(self, name: str):
            return getattr(library.store, name)

        def submit(self, *args, **options):
            library.do_all()
            return submit(*args, **options)

    intake._store = Store()
    taken = intake.take(path)
    assert (taken.is_waiting, taken.job.state) == (False, JobState.DONE)
    assert library.do_all() == 0


def test_a_recording_that_has_changed_is_done_again_in_the_same_place(library, change) -> None:
    path = library.add("kick.wav", "one")
    before = library.take(path)
    library.do_all()
    change(path, "another")
    after = library.take(path)
    assert after.is_waiting
    assert after.job.id != before.job.id
    assert after.out_base == before.out_base


def test_other_settings_are_another_job_and_the_recording_is_not_read_for_it(library) -> None:
    path = library.add("kick.wav")
    library.take(path)
    library.do_all()
    assert library.take(path, settings=Settings(quantize=50)).is_waiting
    assert library.read == [path]


def test_a_result_whose_files_are_gone_is_made_again(library) -> None:
    path = library.add("kick.wav")
    job = library.take(path).job
    library.do_all()
    job.request.output(OutputKind.MIDI).unlink()
    assert library.take(path).is_waiting


def test_a_result_that_somebody_else_made_counts_as_done(library, put_result) -> None:
    path = library.add("kick.wav", "sound")
    request = Request(path=path, fingerprint="sound".ljust(64, "0"), out_base=path.with_name("kick.drums"), settings=Settings())
    put_result(request)
    taken = library.take(path)
    assert (taken.is_waiting, taken.job) == (False, None)
    assert library.take(path, settings=Settings(quantize=50)).is_waiting, "but not with other settings"


def test_failures_stay_until_they_are_asked_for_again(library) -> None:
    path = library.add("cover.wav")
    library.take(path)
    library.fail_next("unreadable")
    assert library.take(path).job.state is JobState.FAILED
    assert library.take(path, retry_failed=True).is_waiting


@pytest.mark.parametrize("code", ["output", "missing", "changed", "interrupted"])
def test_failures_that_were_not_the_recordings_own_are_tried_by_the_next_run(library, code) -> None:
    path = library.add("kick.wav")
    library.take(path)
    library.fail_next(code)
    assert library.take(path).is_waiting


def test_a_recording_that_made_the_worker_die_is_not_tried_again_by_itself(library) -> None:
    path = library.add("kick.wav")
    library.take(path)
    library.fail_next("worker_died")
    assert not library.take(path).is_waiting


def test_settings_beside_a_recording_hold_for_it_unless_the_command_line_says_otherwise(library) -> None:
    path = library.add("kick.wav")
    library.add("kick.backbeat.json", '{"bpm": 93, "quantize": 50}')
    job = library.take(path, said=("quantize",), settings=Settings(quantize=10)).job
    assert (job.settings.bpm, job.settings.quantize) == (93.0, 10)


def test_mistakes_beside_a_recording_fail_it_at_once_and_it_is_done_when_they_are_mended(library) -> None:
    path = library.add("kick.wav")
    library.add("kick.backbeat.json", '{"bmp": 93}')
    taken = library.take(path)
    assert (taken.failed_now, taken.job.error_code) == (True, "bounce_settings")
    library.add("kick.backbeat.json", '{"bpm": 93}')
    assert library.take(path).is_waiting


def test_results_go_below_out_in_the_same_folders(library, tmp_path: Path) -> None:
    path = library.add("kits/old/kick.wav")
    assert library.take(path, out=tmp_path / "midi").out_base == tmp_path / "midi" / "kits" / "old" / "kick.drums"


def test_names_that_differ_in_their_ending_do_not_share_a_place_and_keep_theirs(library) -> None:
    first, second = library.add("kick.aif"), library.add("kick.wav")
    places = [library.take(first).out_base, library.take(second).out_base]
    assert [place.name for place in places] == ["kick.drums", "kick.wav.drums"]
    library.fail_next()  # the first gives up its place ...
    library.do_all()
    assert library.take(second).out_base == places[1], "... and the second does not move into it"


def test_a_place_with_a_result_of_another_recording_is_left_alone(library, put_result) -> None:
    other = library.add("kick.flac")
    put_result(Request(path=other, fingerprint="1" * 64, out_base=other.with_name("kick.drums"), settings=Settings()))
    assert library.take(library.add("kick.wav")).out_base.name == "kick.wav.drums"


def test_a_stem_that_a_job_keeps_is_no_recording_and_one_that_the_user_made_is(library, put_result) -> None:
    song, stem, own = library.add("song.wav"), library.add("song.drums.wav"), library.add("mine.drums.wav")
    request = Request(path=song, fingerprint="2" * 64, out_base=song.with_name("song.drums"), settings=Settings())
    put_result(request, outputs={"stem": str(stem)})
    assert library.intake().take(stem) is None
    assert library.take(own).is_waiting


def test_a_stem_that_a_running_job_has_just_written_is_no_recording(library) -> None:
    song = library.add("song.wav")
    job = library.take(song).job
    library.store.claim()
    library.store.plan_output(job.id, OutputKind.STEM, song.with_name("song.drums.wav"))
    assert library.intake().take(library.add("song.drums.wav")) is None


def test_a_file_that_is_gone_by_now_is_left_out(library) -> None:
    assert library.intake().take(library.folder / "gone.wav") is None


def test_looking_changes_nothing(library) -> None:
    path = library.add("kick.wav")
    assert library.intake().look(path).job is None
    job = library.take(path).job
    assert library.intake().look(path).job == job
    assert library.read == [path]
