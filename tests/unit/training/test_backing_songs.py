"""Songs without a drummer, what hands and lips add to them, and how bands are drawn."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile as sf

from backbeat.errors import ConfigError
from backbeat.training.backing.desk import finish, noises
from backbeat.training.backing.harmony import CLIP_S
from backbeat.training.backing.music import Backing
from backbeat.training.backing.roles import ROLES, Noise
from backbeat.training.backing.songs import Note, Part, Song, write_song
from backbeat.training.backing.sound_font import load_gm_clips, medley_midi, render_backing
from backbeat.training.mixing.dynamics import rms

RATE_HZ = 44_100
SONGS = tuple(write_song(np.random.default_rng(seed)) for seed in range(40))


def test_the_same_generator_writes_the_same_song_and_another_writes_another() -> None:
    assert write_song(np.random.default_rng(3)) == SONGS[3]
    assert SONGS[3] != SONGS[4]


@pytest.mark.parametrize("song", SONGS)
def test_a_song_has_two_to_six_parts_that_lie_in_its_time_and_in_the_range_of_instruments(song: Song) -> None:
    assert 2 <= len(song.parts) <= 6
    assert 55 <= song.tempo_bpm <= 200
    assert 0.7 * CLIP_S < song.stop_s - song.start_s < 1.3 * CLIP_S
    for part in song.parts:
        assert part.notes
        assert 1 <= part.level <= 127
        assert all(24 <= note.pitch <= 103 and 1 <= note.velocity <= 127 and note.duration_s > 0 for note in part.notes)
        assert all(0 <= note.start_s < song.stop_s + 0.2 for note in part.notes)


def test_no_role_plays_percussive_programs_or_effects() -> None:
    programs = {program for role in ROLES for program in role.programs}
    assert max(programs) < 112
    assert programs.isdisjoint({47})  # timpani


def test_songs_differ_in_what_is_played_and_use_amplifiers_and_every_noise() -> None:
    parts = [part for song in SONGS for part in song.parts]
    assert len({part.program for part in parts}) > 40
    assert {part.noise for part in parts} == set(Noise)
    assert 0.05 < np.mean([part.driven for part in parts]) < 0.6


def test_most_strokes_lie_on_the_sixteenths_of_a_song_without_swing() -> None:
    shares = []
    for song in SONGS:
        step_s = 15 / song.tempo_bpm
        starts_s = np.array([stroke.start_s for part in song.parts for stroke in part.strokes])
        shares.append(np.mean(np.abs(starts_s - np.round(starts_s / step_s) * step_s) < 0.03))
    assert np.median(shares) > 0.9


def test_a_pitch_is_let_go_before_it_comes_again() -> None:
    for part in (part for song in SONGS for part in song.parts):
        stops_s: dict[int, float] = {}
        for note in part.notes:
            assert note.start_s > stops_s.get(note.pitch, -1.0)
            stops_s[note.pitch] = note.start_s + note.duration_s


def test_the_notes_of_a_strum_are_one_stroke() -> None:
    notes = tuple(Note(start_s=at_s, duration_s=0.2, pitch=50, velocity=90) for at_s in (0.0, 0.01, 0.02, 0.5, 0.51))
    part = Part(program=25, level=100, driven=False, noise=Noise.PICK, noise_db=-10, notes=notes)
    assert [stroke.start_s for stroke in part.strokes] == [0.0, 0.5]


def test_a_medley_never_sounds_on_the_drum_channel_and_ends_silent() -> None:
    songs = SONGS[:6]
    starts_s = np.cumsum([0.0, *(song.stop_s + 0.5 for song in songs)])[:-1]
    midi = medley_midi(songs, starts_s, lambda part: not part.driven)
    sounding: set[tuple[int, int]] = set()
    for message in midi.tracks[0]:
        if message.type == "note_on":
            assert message.channel != 9
            sounding.add((message.channel, message.note))
        elif message.type == "note_off":
            sounding.discard((message.channel, message.note))
    assert not sounding


def test_a_medley_keeps_the_time_of_its_notes() -> None:
    song = SONGS[0]
    midi = medley_midi([song], [2.0], lambda _: True)
    at_s, onsets_s = 0.0, []
    for message in midi.tracks[0]:
        at_s += mido.tick2second(message.time, midi.ticks_per_beat, 500_000)
        if message.type == "note_on":
            onsets_s.append(at_s)
    written_s = sorted(2.0 + note.start_s for part in song.parts for note in part.notes if note.start_s < song.stop_s)
    assert onsets_s == pytest.approx(written_s, abs=0.001)


@pytest.mark.parametrize("noise", [Noise.PICK, Noise.BREATH, Noise.CONSONANT])
def test_players_add_noise_around_their_strokes_and_nowhere_else(noise: Noise) -> None:
    notes = tuple(Note(start_s=at_s, duration_s=0.2, pitch=60, velocity=100) for at_s in np.arange(1.0, 2.0, 0.1))
    part = Part(program=25, level=100, driven=False, noise=noise, noise_db=0, notes=notes)
    heard = noises(np.random.default_rng(0), [part], 4 * RATE_HZ, level=1.0)
    assert rms(heard[RATE_HZ : 2 * RATE_HZ]) > 0.05
    assert not heard[: int(0.7 * RATE_HZ)].any()
    assert not heard[int(2.3 * RATE_HZ) :].any()


def test_a_finished_mix_has_unit_level_and_an_amplifier_makes_overtones() -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)
    silence = np.zeros_like(tone)
    mixes = [finish(np.random.default_rng(2), plain=p, driven=[d, silence]) for p, d in ((tone, silence), (silence, tone))]
    above = [np.abs(np.fft.rfft(mix))[1000:].sum() / np.abs(np.fft.rfft(mix)).sum() for mix in mixes]
    assert [rms(mix) for mix in mixes] == pytest.approx([1, 1], rel=1e-3)
    assert above[1] > 2 * above[0]


def test_silence_stays_finite_at_the_desk() -> None:
    silence = np.zeros(RATE_HZ, np.float32)
    assert np.isfinite(finish(np.random.default_rng(0), plain=silence, driven=[silence])).all()


def test_clips_come_back_at_unit_level_and_others_are_left_out(tmp_path: Path) -> None:
    tone = np.sin(np.arange(RATE_HZ) / 20).astype(np.float32)
    sf.write(tmp_path / "b.flac", 0.1 * tone, RATE_HZ)
    sf.write(tmp_path / "a.flac", 0.5 * tone[:20_000], RATE_HZ)
    sf.write(tmp_path / "slow.flac", tone, 22_050)
    sf.write(tmp_path / "stereo.flac", np.stack([tone, tone], axis=1), RATE_HZ)
    clips = load_gm_clips(tmp_path)
    assert [len(clip) for clip in clips] == [20_000, RATE_HZ]
    assert all(clip.dtype == np.float32 and rms(clip) == pytest.approx(1, rel=1e-3) for clip in clips)


def test_without_a_folder_there_are_no_clips(tmp_path: Path) -> None:
    assert load_gm_clips(tmp_path / "nowhere") == ()


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_rendered_bands_are_drawn_in_a_bit_less_than_half_and_clips_more_rarely(dtype: type[np.floating]) -> None:
    bands, clips = (np.full(RATE_HZ, 2, dtype),), (np.full(RATE_HZ, 3, np.float32),)
    backing, rng = Backing(clips=clips, bands=bands), np.random.default_rng(0)
    drawn = [backing.draw(rng, 4000) for _ in range(300)]
    assert all(len(music) == 4000 and music.dtype == np.float32 for music in drawn)
    middles = np.array([np.median(music) for music in drawn])
    assert 0.35 < np.mean(np.abs(middles - 2) < 0.05) < 0.55
    assert 0.08 < np.mean(np.abs(middles - 3) < 0.05) < 0.22
    assert backing.emptied().bands is bands


@pytest.mark.parametrize(("content", "told"), [(None, "no General MIDI sound font"), (b"RIFF....WAVE", "not a sound font")])
def test_a_missing_or_wrong_sound_font_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, told: str
) -> None:
    program, font = tmp_path / "fluidsynth", tmp_path / "named.sf2"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    if content is not None:
        font.write_bytes(content)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match=told):
        render_backing(tmp_path / "out", clips=1, seed=0, soundfont=font)


def test_a_missing_fluidsynth_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="FluidSynth is not installed"):
        render_backing(tmp_path / "out", clips=1, seed=0)
