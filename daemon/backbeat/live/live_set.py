"""What is in the set that is open in Live, and the track and slot in it that a result goes to."""

from __future__ import annotations

import time
from dataclasses import dataclass

from backbeat.errors import LiveError
from backbeat.live.ableton_osc import AbletonOsc
from backbeat.values import FOUR_FOUR, Meter

OWN_TRACK = "Backbeat Drums"
"""The track that is used, and made where there is none, unless the user names another."""

OWN_MARK = "Backbeat: "
"""What the names of our clips begin with: no other clip is written over without being told to."""

NAMES_AT_ONCE = 64
APPEARS_S = 1.0
"""How long a new track or clip may take to show before it is asked for again."""

APPEARS_TRIES = 3
LOOK_AGAIN_S = 0.1


@dataclass(frozen=True, kw_only=True)
class LiveSet:
    """The open set. Tracks and scenes count from 0 here, as AbletonOSC counts; people, and Live's screen, count from 1."""

    tempo_bpm: float
    meter: Meter
    track_names: tuple[str, ...]
    scene_count: int


@dataclass(frozen=True, kw_only=True)
class ClipSlot:
    """A place for a clip. has_clip: there is one, which is ours to write over."""

    track: int
    track_name: str
    slot: int
    has_clip: bool


def look_at_set(live: AbletonOsc) -> LiveSet:
    """Ask for all that has to be known. Raises LiveError."""
    tempo, numerator, denominator, tracks, scenes = (
        live.ask(f"/live/song/get/{name}")[0]
        for name in ("tempo", "signature_numerator", "signature_denominator", "num_tracks", "num_scenes")
    )
    return LiveSet(
        tempo_bpm=float(tempo),
        meter=_meter(int(numerator), int(denominator)),
        track_names=_track_names(live, int(tracks)),
        scene_count=int(scenes),
    )


def find_track(live: AbletonOsc, live_set: LiveSet, wanted: str) -> tuple[int, str]:
    """The number, from 0, and name of the track that `wanted` means: a number from 1, or a name; `""` or `0` is our own.

    A name that no track has becomes a new MIDI track at the end. Raises LiveError.
    """
    wanted = wanted.strip()
    if wanted.isdecimal() and int(wanted):
        track = int(wanted) - 1
        if track >= len(live_set.track_names):
            raise LiveError(f"The set has {len(live_set.track_names)} tracks, so none with the number {wanted}.")
    else:
        name = OWN_TRACK if wanted in ("", "0") else wanted
        if name not in live_set.track_names:
            return _new_track(live, len(live_set.track_names), name), name
        track = live_set.track_names.index(name)
    name = live_set.track_names[track]
    if not live.ask("/live/track/get/has_midi_input", track)[0]:
        raise LiveError(f"Track {track + 1} ({name}) takes no MIDI clips.", advice="Choose a MIDI track.")
    return track, name


def find_slot(
    live: AbletonOsc, live_set: LiveSet, track: tuple[int, str], *, wanted: int, clip_name: str, replace: bool
) -> ClipSlot:
    """The slot `wanted`, from 1; 0: the one where a clip of this name is, else the first free one, else one in a new scene.

    replace: a clip in the wanted slot may be written over even if it is not ours. Raises LiveError.
    """
    number, track_name = track
    if wanted > live_set.scene_count:
        raise LiveError(f"The set has {live_set.scene_count} scenes, so no slot {wanted}.", advice="Add scenes in Live.")
    slots = [wanted - 1] if wanted else list(range(live_set.scene_count))
    names = _clip_names(live, number, slots)
    if not wanted:
        same = [slot for slot, name in names.items() if name == clip_name]
        free = [slot for slot in slots if slot not in names]
        slot = next(iter([*same, *free]), None)
        if slot is None:
            slot = _new_scene(live, live_set.scene_count)
        return ClipSlot(track=number, track_name=track_name, slot=slot, has_clip=slot in names)
    slot = slots[0]
    if slot in names:
        _check_may_write(live, number, slot, names[slot], replace=replace)
    return ClipSlot(track=number, track_name=track_name, slot=slot, has_clip=slot in names)


def appears(live: AbletonOsc, question: tuple[str, int, int] | tuple[str], wanted: int) -> bool:
    """Whether, within `APPEARS_S`, what Live answers is `wanted` or more; asked again and again."""
    deadline = time.monotonic() + APPEARS_S
    while int(live.ask(*question)[0]) < wanted:
        if time.monotonic() >= deadline:
            return False
        live.pause(LOOK_AGAIN_S)
    return True


def _track_names(live: AbletonOsc, count: int) -> tuple[str, ...]:
    """In portions: the names of a very large set do not fit into one packet."""
    names: list[str] = []
    for start in range(0, count, NAMES_AT_ONCE):
        names += live.ask_song("/live/song/get/track_names", start, min(start + NAMES_AT_ONCE, count))
    return tuple(map(str, names))


def _clip_names(live: AbletonOsc, track: int, slots: list[int]) -> dict[int, str]:
    """The names of the clips that there are, by slot."""
    answers = live.ask_each("/live/clip_slot/get/has_clip", [(track, slot) for slot in slots])
    filled = [slot for slot, answer in zip(slots, answers, strict=True) if answer[0]]
    named = live.ask_each("/live/clip/get/name", [(track, slot) for slot in filled])
    return {slot: str(answer[0]) for slot, answer in zip(filled, named, strict=True)}


def _check_may_write(live: AbletonOsc, track: int, slot: int, name: str, *, replace: bool) -> None:
    if not live.ask("/live/clip/get/is_midi_clip", track, slot)[0]:
        raise LiveError(f"In slot {slot + 1} of track {track + 1} is an audio clip.", advice="Choose another slot.")
    if not replace and not name.startswith(OWN_MARK):
        raise LiveError(
            f"In slot {slot + 1} of track {track + 1} is a clip of yours ({name or 'without a name'}).",
            advice="Choose another slot, empty this one, or say `--replace` on the command line.",
        )


def _new_track(live: AbletonOsc, number: int, name: str) -> int:
    for _ in range(APPEARS_TRIES):
        live.tell("/live/song/create_midi_track", -1)
        if appears(live, ("/live/song/get/num_tracks",), number + 1):
            break
    else:
        raise live.refused("make a MIDI track")
    for _ in range(APPEARS_TRIES):
        live.tell("/live/track/set/name", number, name)
        if live.ask("/live/track/get/name", number)[0] == name:
            return number
    raise live.refused("name the new track")


def _new_scene(live: AbletonOsc, number: int) -> int:
    for _ in range(APPEARS_TRIES):
        live.tell("/live/song/create_scene", -1)
        if appears(live, ("/live/song/get/num_scenes",), number + 1):
            return number
    raise live.refused("make a scene")


def _meter(numerator: int, denominator: int) -> Meter:
    """Live allows meters that we do not write; they only decide where a clip ends."""
    try:
        return Meter(numerator, denominator)
    except ValueError:
        return FOUR_FOUR
