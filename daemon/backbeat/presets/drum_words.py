"""The words of which drum plugins make their note names, as tables: `HH Tight Edge`, `Rack Tom 1`, `Snare X-Stick`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from backbeat.values import Family

SPELLINGS: tuple[tuple[str, str], ...] = (
    (r"(?:no|without|w o) snares?", "snareless"),
    (r"hi ?hats?|high ?hats?|hats?|hh", "hat"),
    (r"chh", "closed hat"),
    (r"ohh", "open hat"),
    (r"phh", "pedal hat"),
    (r"(?:side|cross|x) ?(?:sticks?|stk)|rim ?clicks?|snare sticks?", "sidestick"),
    (r"rim ?shots?", "rimshot"),
    (r"kicks?|kik|kck|bass ?drums?|bd|kd", "kick"),
    (r"snares?|snr|sn|sd", "snare"),
    (r"rack ?toms?|racks?", "rack tom"),
    (r"floor ?toms?|ft", "floor tom"),
    (r"ht", "high tom"),
    (r"mt", "mid tom"),
    (r"lt", "low tom"),
    (r"toms?", "tom"),
    (r"rides?|rd", "ride"),
    (r"crash(?:es)?|crsh|cr", "crash"),
    (r"chinas?|chinese|chn", "china"),
    (r"splash(?:es)?|splsh|spl", "splash"),
    (r"cymbals?|cymb|cym", "cymbal"),
    (r"close|clsd|cls|cl|shut", "closed"),
    (r"opened|opn|op", "open"),
    (r"foot|chick|chik|ped", "pedal"),
    (r"semi|quarter|slightly|partial(?:ly)?|slosh(?:y)?", "half"),
    (r"centre|cntr|ctr", "center"),
    (r"hi|upper|small", "high"),
    (r"middle|medium", "mid"),
    (r"lo|lower|large|big", "low"),
    (r"lh|left", "l"),
    (r"rh|right", "r"),
    (r"main", "1"),
)
"""Other spellings, tried in this order, become one word each. Case, punctuation and signs are gone by then."""

ALONE: Mapping[str, str] = {"ch": "closed hat", "oh": "open hat", "ph": "pedal hat", "rim": "rim sidestick", "rs": "rimshot"}
"""Abbreviations that mean a drum only when nothing but a number stands beside them."""

NO_STROKES = re.compile(r"\b(chok(e|es|ed)|mut(e|es|ed)|grab|stop(ped)?|damp(ed)?|cc|ctrl|controller|variable|noise)\b")
"""A note with one of these words does not play a drum; it stops a cymbal or tells where the pedal is."""

OTHER_PERCUSSION = re.compile(
    r"\b(agogo|block|bongo|cabasa|castanets|chimes|claps?|claves?|conga|cowbell|cuica|gong|guiro|jingle|maracas?|metronome|"
    r"shaker|snap|stack|sticks|surdo|tamb(ourine)?|timbale|triangle|vibr[ao]slap|whistle|wood)s?\b"
)
"""Instruments that Backbeat does not hear."""

FAMILY_WORDS: Mapping[str, Family] = {
    "kick": Family.KICK,
    "snare": Family.SNARE,
    "sidestick": Family.SNARE,
    "rimshot": Family.SNARE,
    "tom": Family.TOMS,
    "hat": Family.HIHAT,
    "ride": Family.CYMBALS,
    "crash": Family.CYMBALS,
    "china": Family.CYMBALS,
    "splash": Family.CYMBALS,
    "cymbal": Family.CYMBALS,
}

ODDNESS: Mapping[Family, Mapping[str, int]] = {
    Family.KICK: {"l": 1, "snareless": 2, "sub": 2, "double": 3},
    Family.SNARE: {
        **dict.fromkeys(("rimshot", "rim", "edge", "alt", "shallow", "electric"), 1),
        "off": 2,
        **dict.fromkeys(("flam", "ruff", "drag", "roll", "buzz", "press", "double", "sweep", "swirl", "brush"), 3),
    },
    Family.TOMS: {
        **dict.fromkeys(("rimshot", "rim", "edge", "sidestick"), 2),
        **dict.fromkeys(("flam", "ruff", "drag", "roll"), 3),
    },
    Family.HIHAT: {
        **dict.fromkeys(("edge", "shank", "shaft", "shoulder", "tight"), 1),
        **dict.fromkeys(("bell", "cup", "ching", "x", "aux"), 3),
    },
    Family.CYMBALS: {
        **dict.fromkeys(("bow", "tip", "edge", "shank", "shaft", "rim"), 1),
        "wide": 1,
        **dict.fromkeys(("bell", "cup", "roll", "swell", "reverse"), 3),
    },
}
"""How far from the plain stroke each word leads, 1 to 3; of several notes for one drum the least odd is written."""

HEIGHTS: Mapping[str, int] = {"high": 0, "h": 0, "mid": 2, "m": 2, "low": 4, "l": 4}
"""Of toms, from the highest; `hi-mid` and `low-mid` lie between (1 and 3)."""

LETTERS: Mapping[str, int] = {"a": 1, "b": 2, "c": 3, "d": 4, "l": 1, "r": 2}
"""Numbers that are written as letters: `Crash A`, `Open C`, `Splash R`."""


def words_of(name: str) -> list[str]:
    """The words of a note's name, in order, in our spelling; numbers are words too."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    text = re.sub(r"\b[123]/[234]\b", " half ", text)
    text = re.sub(r"[^a-z0-9]+", " ", text)
    text = re.sub(r"(?<=[a-z])(?=\d)|(?<=\d)(?=[a-z])", " ", text).strip()
    bare = re.sub(r"\s*\d+$", "", text)
    if bare in ALONE:
        return ALONE[bare].split()
    for spelling, ours in SPELLINGS:
        text = re.sub(rf"\b(?:{spelling})\b", ours, text)
    return text.split()
