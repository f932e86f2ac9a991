"""What a one-shot is, by its name: `Kick 01.wav`, `snare_ghost.wav`, `HH open 3.wav`, `Toms/Floor 2.wav`.

A table of words; a name that speaks of two drums, or of a drum without saying which of several, is not guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from backbeat.values import Instrument as I  # noqa: N817 - tables of instruments read better short


@dataclass(frozen=True, kw_only=True)
class Named:
    """What a name says. instrument: None when it says nothing certain; why: then in words, empty for an unknown name.

    percussion: the word for something that is none of the fourteen instruments, such as a cowbell.
    """

    instrument: I | None = None
    percussion: str = ""
    why: str = ""


PERCUSSION = re.compile(
    r"\b(cow ?bell|tambourine|tamb|shaker|hand ?claps?|claps?|congas?|bongos?|timbales?|agogo|claves?|maracas?|cabasa|triangle|"
    r"wood ?blocks?|guiro|vibra ?slap|finger ?snaps?|snaps?|stick ?clicks?|sleigh ?bells?|djembe|cajon|udu|tabla)\b"
)

_TOM = re.compile(r"\b(toms?|racks?|floor|ht|mt|lt|ft)\b")
_HAT = re.compile(r"\b(hi ?hats?|hats?|hh|chh|hhc|ohh|hho|phh|hhp|fhh)\b")
_UNCLEAR_HAT = re.compile(r"\b(half ?clos\w*|semi ?clos\w*|slosh\w*|loose)\b")

_JOINT_AFTER = re.compile(
    r"\b(hihat|hat|hh|tom|ride|crash|kick)(?=(?:open|clos|pedal|half|foot|low|mid|hi|floor|bell|drum)\w*\b)"
)
_JOINT_BEFORE = re.compile(r"\b(open|closed|pedal|foot|low|mid|high|hi|floor|rack)(?=(?:hihat|hat|hh|tom)s?\b)")
"""Words that are often written as one."""

_RULES: tuple[tuple[I, re.Pattern[str]], ...] = (
    (I.SIDE_STICK, re.compile(r"\b(?:snare |snr |sn |sd )?(side ?sticks?|cross ?sticks?|x ?sticks?|rim ?clicks?|rims?|ss)\b")),
    (I.SNARE, re.compile(r"\b(snares?|snr|sn|sd|rim ?shots?)\b")),
    (I.KICK, re.compile(r"\b(kicks?|kik|kck|bass ?drums?|bd|kd)\b")),
    (I.CHINA, re.compile(r"\b(?:crash )?(china|chinese)(?: crash)?\b")),
    (I.SPLASH, re.compile(r"\b(?:crash )?(splash(?:es)?)(?: crash)?\b")),
    (I.RIDE_BELL, re.compile(r"\b((?:ride|rd) (?:cymbal )?(?:bell|cup)|(?:bell|cup) ride|bell)\b")),
    (I.RIDE, re.compile(r"\b(rides?|rd)\b")),
    (I.CRASH, re.compile(r"\b(crash(?:es)?|crsh|cr|cc)\b")),
)
"""In this order; what one rule has read, the next ones do not see."""

_CLOSED = re.compile(r"\b(clos\w*|cls|cl|tight|chh|hhc|c)\b")
_WHICH_HAT: tuple[tuple[I, re.Pattern[str]], ...] = (
    (I.HIHAT_PEDAL, re.compile(r"\b(pedal|ped|foot|chick|stomp|phh|hhp|fhh)\b")),
    (I.HIHAT_OPEN, re.compile(r"\b(open\w*|opn|op|half|ohh|hho|o)\b")),
    (I.HIHAT_CLOSED, _CLOSED),
)
_WHICH_TOM: tuple[tuple[I, re.Pattern[str]], ...] = (
    (I.TOM_LOW, re.compile(r"\b(low|lo|floor|large|big|l|lt|ft|tom [3-6]|rack [3-6])\b")),
    (I.TOM_MID, re.compile(r"\b(mid|middle|medium|m|mt|tom 2|rack 2)\b")),
    (I.TOM_HIGH, re.compile(r"\b(high|hi|small|h|ht|tom 1|rack 1)\b")),
)
_SHORT_FOR_HATS = {"oh": I.HIHAT_OPEN, "ch": I.HIHAT_CLOSED, "ph": I.HIHAT_PEDAL}  # alone: `OH` is also an overhead microphone

_FAMILIES = {
    I.SNARE: (I.SIDE_STICK,),
    I.RIDE: (I.RIDE_BELL,),
    I.CRASH: (I.CHINA, I.SPLASH),
    I.HIHAT_CLOSED: (I.HIHAT_OPEN, I.HIHAT_PEDAL),
}
"""A file in a folder of the first may be one of the others: `Snare/sidestick 2.wav`, `Hats/open.wav`."""


def named(parts: Sequence[str]) -> Named:
    """What a file is. parts: its folders below the kit's folder, outermost first, and then its own name without the suffix.

    The nearest folder that says anything says what its files are; a file's own name may only say more exactly which of the
    family. What the folders leave open, the name decides, alone or together with them.
    """
    *folders, own = parts
    for folder in reversed(folders):
        by_folder = read_name(folder)
        if by_folder.instrument is not None or by_folder.percussion:
            return _finer(folder, by_folder, own)
    by_name = read_name(own)
    if by_name.instrument is not None or by_name.percussion or not folders:
        return by_name
    together = read_name(" ".join(parts))
    return together if together.instrument is not None or together.why else by_name


def _finer(folder: str, by_folder: Named, own: str) -> Named:
    """What the folder says, or the member of its family that the file's name singles out."""
    if by_folder.instrument not in _FAMILIES or _CLOSED.search(words(folder)):
        return by_folder
    for name in (read_name(own), read_name(f"{folder} {own}")):
        if name.instrument in _FAMILIES[by_folder.instrument]:
            return name
    return by_folder


def read_name(name: str) -> Named:
    """What a single name says."""
    if _exact(name):
        return Named(instrument=I(name.lower()))
    text = words(name)
    if heard := PERCUSSION.search(text):
        return Named(percussion=heard.group(1))
    if _HAT.search(text) and _UNCLEAR_HAT.search(text):
        return Named(why="a half-closed hat is neither open nor closed")
    found, unclear_tom = _instruments(text)
    if len(found) > 1:
        return Named(why=f"is it {' or '.join(found)}?")
    if unclear_tom:
        return Named(why="which tom is it: high, mid or low?")
    return Named(instrument=found[0] if found else _SHORT_FOR_HATS.get(text.partition(" ")[0]))


def _instruments(text: str) -> tuple[list[I], bool]:
    """The instruments that a name speaks of, each once, and whether it speaks of a tom without saying which."""
    found: list[I] = []
    unclear_tom = False
    if _HAT.search(text):
        found.append(_first(text, _WHICH_HAT) or I.HIHAT_CLOSED)
        text = _HAT.sub(" ", text)
    if _TOM.search(text):
        which = _first(text, _WHICH_TOM)
        unclear_tom = which is None
        found += [which] if which else []
        text = _TOM.sub(" ", text)
    for instrument, pattern in _RULES:
        if pattern.search(text):
            found.append(instrument)
            text = pattern.sub(" ", text)
    return list(dict.fromkeys(found)), unclear_tom


def words(name: str) -> str:
    """Lower-case words and numbers of a name, one space between them: `HHOpen_03` and `hhopen 03` to `hh open 03`."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    spaced = re.sub(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])", " ", spaced)
    text = " ".join(re.findall(r"[a-z]+|\d+", spaced.lower()))
    return _JOINT_AFTER.sub(r"\1 ", _JOINT_BEFORE.sub(r"\1 ", text))


def _exact(name: str) -> bool:
    return name.lower() in set(I)


def _first(text: str, table: Sequence[tuple[I, re.Pattern[str]]]) -> I | None:
    return next((instrument for instrument, pattern in table if pattern.search(text)), None)
