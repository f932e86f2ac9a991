"""What the settler asks of the real disk."""

from __future__ import annotations

from pathlib import Path

from backbeat.errors import AudioError
from backbeat.intake.audio_header import HeaderState, header_state
from backbeat.intake.file_stamp import FileStamp, file_stamp
from backbeat.intake.open_for_writing import open_for_writing


class DiskProbe:
    """Answers `settle.FileProbe` from the disk."""

    def stamp(self, path: Path) -> FileStamp | None:
        """None also for folders, pipes and devices, however they are named: opening a pipe would wait for ever."""
        try:
            return file_stamp(path) if path.is_file() else None
        except (AudioError, OSError):
            return None

    def header(self, path: Path) -> HeaderState:
        """A file that cannot be read now (no permission yet, held by its writer) counts as no audio yet."""
        try:
            return header_state(path)
        except (AudioError, OSError):
            return HeaderState.NOT_AUDIO

    def open_for_writing(self, path: Path) -> bool | None:
        return open_for_writing(path)
