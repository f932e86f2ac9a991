"""Words that quote file names and messages, made fit for logs and terminals."""

from __future__ import annotations

_HIDDEN = {
    *range(0x20),
    *range(0x7F, 0xA0),
    *(0x2028, 0x2029),  # line ends
    *range(0x202A, 0x202F),  # these and the next turn the direction of what follows
    *range(0x2066, 0x206A),
}
_ESCAPES = {code: chr(code).encode("unicode_escape").decode() for code in _HIDDEN}


def visible_text(text: str) -> str:
    r"""`text` on one line, with what a terminal would obey and what nobody sees written out: `\n`, `\x1b`, `\u202e`.

    A name cannot forge a line of the log with it, nor change the window's title, nor read backwards.
    """
    return text.translate(_ESCAPES)
