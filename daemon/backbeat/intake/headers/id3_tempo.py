"""The tempo in an ID3v2 tag: frame TBPM, in ID3v2.2 TBP (id3.org, ID3v2.2, 2.3 and 2.4)."""

from __future__ import annotations

from backbeat.intake.headers.id3_size import HEAD_BYTES, syncsafe

_UNSYNCHRONISED, _EXTENDED_HEAD = 0x80, 0x40
_FRAME_COMPRESSED_OR_ENCRYPTED = {3: 0xC0, 4: 0x0C}
_FRAME_UNSYNCHRONISED, _FRAME_HAS_LENGTH = 0x02, 0x01
_ENCODINGS = ("latin-1", "utf-16", "utf-16-be", "utf-8")
_MAX_FRAMES = 512


def id3_tempo(tag: bytes) -> str | None:
    """The text of the tempo frame in `tag`, which begins with `ID3`; None when there is none or the tag is damaged."""
    if len(tag) < HEAD_BYTES or tag[:3] != b"ID3":
        return None
    version, flags = tag[3], tag[5]
    body = tag[HEAD_BYTES : HEAD_BYTES + syncsafe(tag[6:10])]
    if version < 4 and flags & _UNSYNCHRONISED:
        body = body.replace(b"\xff\x00", b"\xff")
    if version == 2:
        return _find(body, b"TBP", name_bytes=3, version=2)
    if version not in (3, 4):
        return None
    if flags & _EXTENDED_HEAD:
        body = body[syncsafe(body[:4]) :] if version == 4 else body[4 + int.from_bytes(body[:4], "big") :]
    return _find(body, b"TBPM", name_bytes=4, version=version)


def _find(body: bytes, name: bytes, *, name_bytes: int, version: int) -> str | None:
    head_bytes = 6 if version == 2 else 10
    position = 0
    for _ in range(_MAX_FRAMES):
        head = body[position : position + head_bytes]
        if len(head) < head_bytes or not head[0]:
            return None
        raw_size = head[name_bytes : 2 * name_bytes]
        size = syncsafe(raw_size) if version == 4 else int.from_bytes(raw_size, "big")
        start = position + head_bytes
        if head[:name_bytes] == name:
            return _text(body[start : start + size], head[9] if version > 2 else 0, version)
        position = start + size
    return None


def _text(content: bytes, flags: int, version: int) -> str | None:
    if flags & _FRAME_COMPRESSED_OR_ENCRYPTED.get(version, 0):
        return None
    if version == 4 and flags & _FRAME_HAS_LENGTH:
        content = content[4:]
    if version == 4 and flags & _FRAME_UNSYNCHRONISED:
        content = content.replace(b"\xff\x00", b"\xff")
    if not content or content[0] >= len(_ENCODINGS):
        return None
    return content[1:].decode(_ENCODINGS[content[0]], errors="replace").strip("\0 ")
