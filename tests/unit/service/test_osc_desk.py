from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from backbeat import __version__
from backbeat.config.schema import Config, JobsConfig, LimitsConfig, OscConfig, WatchConfig
from backbeat.errors import MidiPortError
from backbeat.intake.file_stamp import file_stamp
from backbeat.intake.osc_requests import COMMANDS, message_to_request
from backbeat.jobs.job import Job, JobState, Origin, Priority
from backbeat.monitor import Unwatched
from backbeat.osc import OscMessage, Peer
from backbeat.osc_row import parse_osc_rows
from backbeat.outputs.live_midi import MidiPlayer
from backbeat.outputs.midi_port import MidiOut
from backbeat.outputs.note_map import load_note_map
from backbeat.outputs.playing.host_clock import HostClock
from backbeat.outputs.playing.midi_clock import MidiClock
from backbeat.service.live_desk import LiveDesk
from backbeat.service.osc_desk import OscDesk
from backbeat.service.worker_messages import Progress
from backbeat.settings import Settings
from backbeat.values import OutputKind, Stage

ASKER = Peer("127.0.0.1", 7001)
EXAMPLES = {"s": "x", "i": 9000, "f": 0.5}


class FakePort:
    def __init__(self) -> None:
        self.sent: list[tuple[int, ...]] = []
        self.is_closed = False

    def send(self, message) -> None:
        self.sent.append(tuple(message))

    def close(self) -> None:
        self.is_closed = True


class Desk:
    """An OscDesk in an office, asked as a script asks it."""

    def __init__(self, office, config: Config, port: FakePort | None, presets: Path, host_clock: HostClock | None = None) -> None:
        self.office = office
        self.config = config
        self.player = MidiPlayer(open_port=lambda: self._open(port))
        bench = office.bench
        self.desk = OscDesk(
            config=config,
            loop=office.loop,
            store=bench.store,
            desk=bench.desk,
            announcer=bench.announcer,
            sender=bench.sender,
            player=self.player,
            pool=office.pool,
            monitor=Unwatched(),
            user_presets=presets,
            live=LiveDesk(config=config.live, sender=bench.sender, pool=office.pool, monitor=Unwatched(), user_presets=presets),
            host_clock=host_clock,
        )

    @staticmethod
    def _open(port: FakePort | None) -> MidiOut:
        if port is None:
            raise MidiPortError("there is no MIDI output port to play on", advice="Start JACK.")
        return port

    def tell(self, address: str, *arguments: object) -> None:
        request = message_to_request(OscMessage(address=address, arguments=arguments), ASKER)
        self.office.ask(lambda: self.desk.answer(request))

    def hear(self, address: str, count: int = 1) -> list[tuple]:
        return self.office.bench.socket.wait_for(address, by=ASKER, count=count)

    def error(self, address: str) -> str:
        """The sentence of the one error that came, which was about a message to `address`."""
        ((_, about, sentence),) = self.hear("/backbeat/error")
        assert about == address
        return sentence

    def transcribe(self, path: Path | str, *options: object) -> Job:
        """The job that it becomes."""
        accepted = len(self.office.bench.socket.heard("/backbeat/accepted", by=ASKER))
        self.tell("/backbeat/transcribe", str(path), *options)
        job_id = self.hear("/backbeat/accepted", accepted + 1)[-1][1]
        return self.office.ask(lambda: self.office.bench.job(job_id))

    def finished(self, path: Path) -> Job:
        job = self.transcribe(path)
        self.office.ask(self.office.bench.finish)
        return job


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def song(inbox: Path) -> Path:
    path = inbox / "song.wav"
    path.write_bytes(b"drums")
    return path


@pytest.fixture
def config(tmp_path: Path, inbox: Path) -> Config:
    return Config(inbox=inbox, jobs=JobsConfig(data_folder=tmp_path / "data"), osc=OscConfig())


@pytest.fixture
def make_desk(office, config: Config, tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    made: list[Desk] = []

    def make(*, port: FakePort | None = None, host_clock: HostClock | None = None, **changed: object) -> Desk:
        made.append(Desk(office, replace(config, **changed), port, tmp_path / "presets", host_clock))
        return made[-1]

    yield make
    for desk in made:
        desk.tell("/backbeat/stop")
        desk.player.close()


@pytest.fixture
def desk(make_desk) -> Desk:
    return make_desk()


# Every message


@pytest.mark.parametrize("address", COMMANDS)
def test_every_message_in_the_table_is_understood_and_all_but_stop_are_answered(desk, address) -> None:
    desk.tell(address, *(EXAMPLES[argument.letter] for argument in COMMANDS[address].arguments))
    heard = desk.office.bench.socket.heard(by=ASKER)
    assert bool(heard) == (address != "/backbeat/stop")
    assert all(message[1] == address for message in heard if message[0] == "/backbeat/error")


def test_ping_is_answered_with_the_version(desk) -> None:
    desk.tell("/backbeat/ping")
    assert desk.hear("/backbeat/pong") == [("/backbeat/pong", __version__)]


@pytest.mark.parametrize("address", [f"/backbeat/{what}" for what in ("cancel", "repick", "status", "play", "hits", "to_live")])
def test_a_job_that_is_not_there_is_an_error_with_what_to_do(desk, address) -> None:
    desk.tell(address, "zzz")
    assert desk.error(address) == "There is no job 'zzz'. /backbeat/status lists the jobs there are."


def test_errors_are_heard_at_a_subscribed_port_of_the_same_computer_too_because_max_hears_at_no_other(desk) -> None:
    elsewhere = Peer("192.0.2.1", 7000)
    desk.office.bench.sender.subscribe(elsewhere)
    desk.tell("/backbeat/cancel", "zzz")
    socket = desk.office.bench.socket
    assert socket.heard("/backbeat/error", by=desk.office.bench.subscriber) == desk.hear("/backbeat/error")
    assert socket.heard("/backbeat/error", by=elsewhere) == []


def test_only_a_finished_job_goes_into_live(desk, song) -> None:
    job = desk.transcribe(song)
    desk.tell("/backbeat/to_live", job.id)
    assert desk.error("/backbeat/to_live") == f"Job {job.id} is running: only finished jobs have hits."


# Transcribing


def test_a_file_in_the_inbox_becomes_an_urgent_job_whose_life_the_sender_hears(desk, song) -> None:
    job = desk.transcribe(song)
    assert (job.path, job.origin, job.priority) == (song, Origin.OSC, Priority.OSC)
    assert job.reply_to == "127.0.0.1:7001"
    assert job.out_base == song.with_name("song.drums")
    assert desk.hear("/backbeat/accepted") == [("/backbeat/accepted", job.id, str(song))]
    desk.office.ask(desk.office.bench.finish)
    (done,) = desk.hear("/backbeat/done")
    assert done[1:3] == (job.id, str(song.with_name("song.drums.mid")))


@pytest.mark.parametrize("where", ["outside", "relative", "missing", "folder", "dots", "link"])
def test_what_is_not_a_file_under_the_roots_is_refused_and_no_job(desk, tmp_path, inbox, where) -> None:
    secret = tmp_path / "secret.wav"
    secret.write_bytes(b"mine")
    (inbox / "link.wav").symlink_to(secret)
    path = {
        "outside": str(secret),
        "relative": "song.wav",
        "missing": str(inbox / "nothing.wav"),
        "folder": str(inbox),
        "dots": f"{inbox}/../secret.wav",
        "link": str(inbox / "link.wav"),
    }[where]
    desk.tell("/backbeat/transcribe", path)
    assert desk.error("/backbeat/transcribe").endswith(".")
    desk.office.pool.shutdown()
    assert desk.office.jobs() == []


def test_a_file_that_vanishes_before_it_is_read_is_an_error_and_no_job(make_desk, office, song) -> None:
    gate = threading.Event()
    for _ in range(2):
        office.pool.submit(gate.wait, 10)  # the pool is busy
    desk = make_desk()
    desk.tell("/backbeat/transcribe", str(song))
    song.unlink()
    gate.set()
    assert "not there" in desk.error("/backbeat/transcribe")
    assert office.jobs() == []


def test_options_go_before_the_configuration(make_desk, song) -> None:
    desk = make_desk(transcribe=Settings(bpm=100.0, quantize=20))
    job = desk.transcribe(song, "bpm", 93.5, "keep-stem", 1)
    assert job.settings == Settings(bpm=93.5, quantize=20, keep_stem=True)


def test_settings_beside_the_recording_go_before_the_configuration_and_options_before_them(make_desk, song) -> None:
    desk = make_desk(transcribe=Settings(bpm=100.0, quantize=20))
    song.with_name("song.backbeat.json").write_text('{"bpm": 93.5, "quantize": 30, "keep_stem": true}', "utf-8")
    assert desk.transcribe(song).settings == Settings(bpm=93.5, quantize=30, keep_stem=True)
    assert desk.transcribe(song, "quantize", 40).settings == Settings(bpm=93.5, quantize=40, keep_stem=True)


def test_settings_beside_the_recording_that_are_wrong_are_told_to_who_asked_and_no_job(desk, song) -> None:
    song.with_name("song.backbeat.json").write_text('{"bmp": 93.5}', "utf-8")
    desk.tell("/backbeat/transcribe", str(song))
    assert "did you mean 'bpm'?" in desk.error("/backbeat/transcribe")
    assert desk.office.jobs() == []


def test_an_unknown_note_map_is_refused_before_any_work(desk, song) -> None:
    desk.tell("/backbeat/transcribe", str(song), "preset", "general-mid")
    assert "Did you mean 'general-midi'?" in desk.error("/backbeat/transcribe")
    assert desk.office.jobs() == []


def test_two_files_that_are_called_alike_and_asked_for_together_do_not_share_a_place(desk, song) -> None:
    other = song.with_suffix(".flac")
    other.write_bytes(b"other drums")
    for path in (song, other):
        desk.tell("/backbeat/transcribe", str(path))
    desk.hear("/backbeat/accepted", 2)
    assert len({job.out_base for job in desk.office.jobs()}) == 2


def test_a_watched_folder_does_not_take_again_what_was_asked_for_by_a_message(desk, song) -> None:
    job = desk.transcribe(song)
    seen = desk.office.until(lambda: desk.office.bench.store.seen(song))
    assert (seen.stamp, seen.job_id) == (file_stamp(song), job.id)


def test_results_go_where_the_innermost_watched_folder_puts_them(make_desk, tmp_path) -> None:
    folders = [tmp_path / "bounces", tmp_path / "bounces" / "live", tmp_path / "flat"]
    watch = tuple(
        WatchConfig(path=folder, output=tmp_path / "out" / folder.name, recursive=folder.name != "flat") for folder in folders
    )
    desk = make_desk(watch=watch)
    places = {}
    for name in ("bounces/a/1.wav", "bounces/live/b/2.wav", "flat/3.wav", "flat/c/4.wav"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
        places[name] = desk.transcribe(path).out_base.relative_to(tmp_path).as_posix()
    assert places == {
        "bounces/a/1.wav": "out/bounces/a/1.drums",
        "bounces/live/b/2.wav": "out/live/b/2.drums",
        "flat/3.wav": "out/flat/3.drums",
        "flat/c/4.wav": "flat/c/4.drums",
    }


def test_a_store_that_refuses_is_told_to_who_asked(desk, song) -> None:
    with desk.office.bench.broken_store("insert on jobs"):
        desk.tell("/backbeat/transcribe", str(song))
        assert "The job database" in desk.error("/backbeat/transcribe")
    assert desk.transcribe(song).path == song


# Picking again


def test_a_finished_job_is_done_again_with_another_sensitivity_in_the_same_place(desk, song) -> None:
    first = desk.finished(song)
    desk.tell("/backbeat/repick", first.id, "sensitivity", "60, hihat=70", "instruments", "common")
    job_id = desk.hear("/backbeat/accepted", 2)[-1][1]
    again = desk.office.ask(lambda: desk.office.bench.job(job_id))
    assert again.settings == first.settings.changed({"sensitivity": "60, hihat=70", "instruments": "common"})
    assert (again.path, again.fingerprint, again.out_base) == (first.path, first.fingerprint, first.out_base)
    assert (again.origin, again.priority) == (Origin.OSC, Priority.OSC)
    desk.office.ask(desk.office.bench.finish)
    assert desk.hear("/backbeat/done", 2)[-1][1] == again.id


def test_a_recording_that_is_gone_can_still_be_picked_again(desk, song) -> None:
    first = desk.finished(song)
    song.unlink()
    desk.tell("/backbeat/repick", first.id, "sensitivity", 70)
    assert len(desk.hear("/backbeat/accepted", 2)) == 2


def test_settings_of_the_first_time_stay_when_a_job_is_picked_again(make_desk, song) -> None:
    desk = make_desk(transcribe=Settings(bpm=100.0, quantize=20))
    first = desk.transcribe(song, "sensitivity", 60)
    desk.office.ask(desk.office.bench.finish)
    desk.tell("/backbeat/repick", first.id, "quantize", 50)
    job_id = desk.hear("/backbeat/accepted", 2)[-1][1]
    settings = desk.office.ask(lambda: desk.office.bench.job(job_id)).settings
    assert settings == Settings(bpm=100.0, quantize=50).changed({"sensitivity": 60})


def test_a_job_that_has_not_ended_cannot_be_picked_again(desk, song) -> None:
    job = desk.transcribe(song)
    desk.tell("/backbeat/repick", job.id, "sensitivity", 70)
    assert desk.error("/backbeat/repick") == f"Job {job.id} is running: only finished jobs can be picked again."


def test_what_would_have_to_be_heard_cannot_be_changed_by_picking(desk, song) -> None:
    job = desk.finished(song)
    desk.tell("/backbeat/repick", job.id, "bpm", 120, "sensitivity", 70, "engine", "net")
    assert desk.error("/backbeat/repick") == (
        "bpm, engine: to change this, the recording has to be heard again. Use /backbeat/transcribe."
    )


def test_a_newer_bounce_in_the_same_place_is_not_written_over_by_picking_the_older_one(desk, song) -> None:
    older = desk.finished(song)
    song.write_bytes(b"other drums")
    newer = desk.finished(song)
    assert newer.fingerprint != older.fingerprint
    desk.tell("/backbeat/repick", older.id, "sensitivity", 70)
    assert "newer bounce" in desk.error("/backbeat/repick")
    desk.tell("/backbeat/repick", newer.id, "sensitivity", 70)
    assert len(desk.hear("/backbeat/accepted", 3)) == 3


# Cancelling and asking


def test_whoever_cancels_hears_of_the_end(desk, song) -> None:
    job = desk.office.ask(lambda: desk.office.bench.submit(desk.office.bench.request())).job
    desk.tell("/backbeat/cancel", job.id)
    assert desk.office.ask(lambda: desk.office.bench.worker.cancelled) == [job.id]
    desk.office.ask(desk.office.bench.stopped)
    assert desk.hear("/backbeat/cancelled") == [("/backbeat/cancelled", job.id)]


def test_a_job_may_be_named_by_the_beginning_of_its_id(desk, song) -> None:
    job = desk.transcribe(song)
    desk.tell("/backbeat/cancel", job.id[:4].upper())
    assert desk.office.ask(lambda: desk.office.bench.worker.cancelled) == [job.id]


def test_status_with_nothing_to_do_says_idle(desk) -> None:
    desk.tell("/backbeat/status")
    assert desk.hear("/backbeat/job") == [("/backbeat/job", "", "idle", 0.0, "")]


def test_an_unknown_engine_is_refused_before_any_work(desk, song) -> None:
    desk.tell("/backbeat/transcribe", str(song), "engine", "nope")
    assert "There is no hits engine called 'nope'" in desk.error("/backbeat/transcribe")


def test_status_without_a_job_lists_those_that_have_not_ended(desk, inbox) -> None:
    paths = [inbox / f"{n}.wav" for n in range(3)]
    for path in paths:
        path.write_bytes(path.name.encode())
    done, running, waiting = [desk.transcribe(path) for path in paths]
    desk.office.ask(desk.office.bench.finish)
    progress = Progress(job_id=running.id, stage=Stage.HITS, fraction=0.5)
    desk.office.ask(lambda: desk.office.bench.desk.receive(progress))
    desk.tell("/backbeat/status")
    heard = {message[1]: message[2:] for message in desk.hear("/backbeat/job", 2)}
    assert heard == {
        running.id: ("running", pytest.approx(3.5 / 6), str(paths[1])),
        waiting.id: ("queued", 0.0, str(paths[2])),
    }
    desk.tell("/backbeat/status", done.id)
    assert desk.hear("/backbeat/job", 3)[-1] == ("/backbeat/job", done.id, "done", 1.0, str(paths[0]))


@pytest.mark.parametrize(("arguments", "port"), [((), 7001), ((9000,), 9000)])
def test_a_subscriber_hears_of_all_jobs_at_the_port_it_names(desk, arguments, port) -> None:
    desk.tell("/backbeat/subscribe", *arguments)
    assert desk.hear("/backbeat/subscribed") == [("/backbeat/subscribed", port)]
    desk.office.ask(lambda: desk.office.bench.submit(desk.office.bench.request()))
    listener = Peer("127.0.0.1", port)
    assert len(desk.office.bench.socket.heard("/backbeat/accepted", by=listener)) == 1
    desk.tell("/backbeat/unsubscribe", *arguments)
    assert desk.hear("/backbeat/subscribed", 2)[-1] == ("/backbeat/subscribed", 0)
    desk.office.ask(desk.office.bench.finish)
    assert desk.office.bench.socket.heard("/backbeat/done", by=listener) == []


# Note maps


def test_another_note_map_holds_for_what_follows(make_desk, tmp_path, song) -> None:
    write_note_map(tmp_path / "presets", "mine", kick=60)
    desk = make_desk()
    assert desk.transcribe(song).settings.preset == "general-midi"
    desk.tell("/backbeat/preset", "mine")
    assert desk.hear("/backbeat/preset") == [("/backbeat/preset", "mine")]
    assert desk.transcribe(song).settings.preset == "mine"
    assert desk.transcribe(song, "preset", "general-midi").settings.preset == "general-midi", "an option goes before it"


def test_an_unknown_note_map_is_an_error_and_the_old_one_stays(desk, song) -> None:
    desk.tell("/backbeat/preset", "nothing")
    assert "There is no note map 'nothing'" in desk.error("/backbeat/preset")
    assert desk.transcribe(song).settings.preset == "general-midi"


# Playing


def test_play_sends_the_hits_to_the_midi_port_and_over_osc_by_the_note_map_that_holds_now(make_desk, tmp_path, song) -> None:
    write_note_map(tmp_path / "presets", "mine", kick=60, snare=61)
    port = FakePort()
    desk = make_desk(port=port)
    job = desk.finished(song)
    desk.tell("/backbeat/preset", "mine")
    desk.tell("/backbeat/play", job.id)
    heard = desk.hear("/backbeat/hit", 2)
    assert [(message[1], message[3], message[4], message[5]) for message in heard] == [
        (job.id, "kick", 60, 100),
        (job.id, "snare", 61, 90),
    ]
    assert [message for message in port.sent if message[0] == 0x99] == [(0x99, 60, 100), (0x99, 61, 90)]
    assert len(desk.office.bench.socket.heard("/backbeat/hit")) == 2, "subscribers hear the hits too"


def test_play_starts_where_it_is_told_to(make_desk, song) -> None:
    port = FakePort()
    desk = make_desk(port=port)
    job = desk.finished(song)
    desk.tell("/backbeat/play", job.id, 0.04)
    assert [message[3] for message in desk.hear("/backbeat/hit")] == ["snare"]


def test_play_goes_round_when_told_to_until_it_is_stopped(make_desk, song) -> None:
    port = FakePort()
    desk = make_desk(port=port)
    job = desk.finished(song)
    result = job.request.output(OutputKind.JSON)
    result.write_text(json.dumps(json.loads(result.read_text("utf-8")) | {"duration_seconds": 0.2}), "utf-8")
    desk.tell("/backbeat/play", job.id, 0.0, 1)
    assert [message[3] for message in desk.hear("/backbeat/hit", 5)][:5] == ["kick", "snare", "kick", "snare", "kick"]
    desk.tell("/backbeat/stop")
    assert not desk.player.is_playing
    assert port.sent[-1] == (0xB9, 123, 0)


class FakeClockPort(FakePort):
    """Where the clock of a DAW comes in."""

    def open(self, _name: str | None, on_message: Callable[[Sequence[int]], None]) -> FakePort:
        self.hear = on_message
        return self


def test_play_follows_the_clock_of_the_daw_where_one_is_configured(make_desk, song) -> None:
    port, daw = FakePort(), FakeClockPort()
    desk = make_desk(port=port, host_clock=HostClock(MidiClock(), open_input=daw.open))
    job = desk.finished(song)
    desk.tell("/backbeat/play", job.id)
    assert desk.player.is_playing
    assert port.sent == []
    for message in ((0xFA,), (0xF8,)):
        daw.hear(message)
    assert [message[3] for message in desk.hear("/backbeat/hit")] == ["kick"]
    desk.tell("/backbeat/stop")
    assert port.sent[-1] == (0xB9, 123, 0)


@pytest.mark.parametrize(("arguments", "what"), [((0.0, 1), "a loop"), ((2.5,), "a place to begin at")])
def test_what_only_the_daw_can_set_is_refused_when_its_clock_is_followed(make_desk, song, arguments, what) -> None:
    desk = make_desk(port=FakePort(), host_clock=HostClock(MidiClock(), open_input=FakeClockPort().open))
    desk.tell("/backbeat/play", desk.finished(song).id, *arguments)
    assert what in desk.error("/backbeat/play")
    assert not desk.player.is_playing


ROWS = parse_osc_rows(
    [
        {"to": "127.0.0.1:9000", "instrument": "kick", "address": "/lights/strobe", "arguments": ["level"]},
        {"to": "127.0.0.1:9001", "address": "/drum/{instrument}", "arguments": ["velocity", "time"]},
    ]
)
LIGHTS, PADS = Peer("127.0.0.1", 9000), Peer("127.0.0.1", 9001)


def test_play_tells_others_in_their_own_words_too_also_without_a_midi_port(make_desk, song) -> None:
    desk = make_desk(osc=OscConfig(send=ROWS))
    desk.tell("/backbeat/play", desk.finished(song).id)
    heard = desk.office.bench.socket
    assert heard.wait_for("/lights/strobe", by=LIGHTS) == [("/lights/strobe", pytest.approx(100 / 127))]
    assert heard.wait_for("/drum/snare", by=PADS) == [("/drum/snare", 90, pytest.approx(0.05))]
    assert heard.heard("/backbeat/hit", by=PADS) == []


def test_hits_as_data_go_to_those_rows_that_send_the_time(make_desk, song) -> None:
    desk = make_desk(osc=OscConfig(send=ROWS))
    desk.tell("/backbeat/hits", desk.finished(song).id)
    heard = desk.office.bench.socket
    assert heard.wait_for("/drum/snare", by=PADS) == [("/drum/snare", 90, pytest.approx(0.05))]
    assert heard.heard(by=LIGHTS) == [], "all hits at once would be one flash"
    assert len(desk.hear("/backbeat/hit", 2)) == 2


def test_without_a_midi_port_the_hits_still_go_out_over_osc_and_the_sender_hears_why(desk, song) -> None:
    job = desk.finished(song)
    desk.tell("/backbeat/play", job.id)
    assert desk.error("/backbeat/play") == "there is no MIDI output port to play on. Start JACK."
    assert [message[3] for message in desk.hear("/backbeat/hit", 2)] == ["kick", "snare"]


def test_hits_are_sent_at_once_when_asked_for(desk, song) -> None:
    job = desk.finished(song)
    desk.tell("/backbeat/hits", job.id)
    assert [message[2:4] for message in desk.hear("/backbeat/hit", 2)] == [(0.0, "kick"), (pytest.approx(0.05), "snare")]


@pytest.mark.parametrize("address", ["/backbeat/play", "/backbeat/hits"])
def test_a_job_that_came_to_nothing_has_no_hits(desk, song, address) -> None:
    job = desk.transcribe(song)
    desk.office.ask(desk.office.bench.fail)
    desk.tell(address, job.id)
    assert desk.error(address) == f"Job {job.id} is failed: only finished jobs have hits."


@pytest.mark.parametrize("address", ["/backbeat/play", "/backbeat/hits"])
def test_a_job_whose_result_was_written_over_is_not_played_with_the_hits_of_another(desk, song, address) -> None:
    old = desk.finished(song)
    song.write_bytes(b"other drums")
    new = desk.finished(song)
    assert desk.office.ask(lambda: desk.office.bench.job(new.id)).state is JobState.DONE
    desk.tell(address, old.id)
    assert "newer job" in desk.error(address)


@pytest.mark.parametrize("address", ["/backbeat/play", "/backbeat/hits"])
def test_a_result_that_was_deleted_is_an_error(desk, song, address) -> None:
    job = desk.finished(song)
    job.request.output(OutputKind.JSON).unlink()
    desk.tell(address, job.id)
    assert "cannot be read" in desk.error(address)


# Addresses


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Callable[[str, bytes], str]]:
    """Put a file on a web server on this computer; returns its address."""
    folder = tmp_path / "web"
    folder.mkdir()

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *args: object) -> None:
            """A client that goes away is what a test is about."""

    with Server(("127.0.0.1", 0), partial(Handler, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()

        def put(name: str, content: bytes) -> str:
            (folder / name).write_bytes(content)
            return f"http://127.0.0.1:{server.server_address[1]}/{name}"

        yield put
        server.shutdown()
        thread.join()


def test_an_address_is_downloaded_to_the_inbox_and_done_there(make_desk, web, inbox) -> None:
    desk = make_desk(limits=LimitsConfig(allow_local_addresses=True))
    job = desk.transcribe(web("loop.wav", b"RIFF drums"), "bpm", 90)
    assert (job.path, job.out_base) == (inbox / "loop.wav", inbox / "loop.drums")
    assert job.settings.bpm == 90.0
    assert job.path.read_bytes() == b"RIFF drums"


def test_addresses_of_this_computer_are_refused_unless_allowed(desk, web, inbox) -> None:
    desk.tell("/backbeat/transcribe", web("loop.wav", b"RIFF drums"))
    assert "limits.allow_local_addresses" in desk.error("/backbeat/transcribe")
    assert desk.office.jobs() == []
    assert list(inbox.iterdir()) == []


def test_a_download_beyond_the_configured_size_is_refused(make_desk, web, inbox) -> None:
    desk = make_desk(limits=LimitsConfig(allow_local_addresses=True, download_max_mb=1))
    desk.tell("/backbeat/transcribe", web("huge.wav", bytes(3_000_000)))
    assert "limits.download_max_mb" in desk.error("/backbeat/transcribe")
    assert desk.office.jobs() == []
    assert list(inbox.iterdir()) == []


def write_note_map(folder: Path, name: str, **notes: int) -> None:
    shipped = load_note_map("general-midi")
    folder.mkdir(exist_ok=True)
    texts = {"name": name, "title": name, "version": "1", "source": "test", "status": "verified"}
    lines = [f'{key} = "{text}"' for key, text in texts.items()]
    table = {str(instrument): note for instrument, note in shipped.notes.items()} | notes
    (folder / f"{name}.toml").write_text("\n".join([*lines, "[notes]", *(f"{k} = {v}" for k, v in table.items())]), "utf-8")
