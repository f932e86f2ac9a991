"""How the engravers that are programs of their own are told what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from backbeat.monitor import Unwatched
from backbeat.outputs.engraving import lilypond, musescore
from backbeat.outputs.engraving.engraver import Engraver
from backbeat.outputs.engraving.paper import SIZE_MM
from backbeat.values import Paper


@pytest.fixture
def pretend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Installs a shell script under a program's name; nothing else is on the PATH but the shell's own commands."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")

    def install(name: str, script: str) -> None:
        path = programs / name
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    return install


@pytest.fixture
def musicxml(tmp_path: Path) -> Path:
    path = tmp_path / "song.musicxml"
    path.write_text(
        "<score-partwise><work><work-title>a \\ b &quot;</work-title></work><defaults><page-layout/></defaults></score-partwise>",
        encoding="utf-8",
    )
    return path


def engraved(engraver: Engraver, musicxml: Path, tmp_path: Path, paper: Paper) -> Path:
    folder = tmp_path / "work"
    folder.mkdir(exist_ok=True)
    engraver.engrave(musicxml, folder, paper, Unwatched())
    return folder


@pytest.mark.parametrize("paper", Paper)
def test_musescore_gets_the_paper_as_a_style(pretend, musicxml: Path, tmp_path: Path, paper: Paper) -> None:
    pretend("mscore4", 'test "$1" = -S && test "$3" = -o && cp "$2" "$4"')
    folder = engraved(musescore.ENGRAVER, musicxml, tmp_path, paper)
    style = ET.parse(folder / "drums.pdf").getroot()
    inches = float(style.findtext(".//pageWidth", "0")), float(style.findtext(".//pageHeight", "0"))
    assert inches == pytest.approx(tuple(size / 25.4 for size in SIZE_MM[paper]), abs=1e-4)


@pytest.mark.parametrize("paper", Paper)
def test_lilypond_gets_the_paper_and_a_title_without_its_own_signs(pretend, musicxml: Path, tmp_path: Path, paper: Paper) -> None:
    pretend("musicxml2ly", r'cp "$3" "$2.seen"; echo "\\\\clef \"percussion\" DrumStaff" > "$2"')
    pretend("lilypond", 'cp "$4" "$3.pdf"')
    folder = engraved(lilypond.ENGRAVER, musicxml, tmp_path, paper)
    music = (folder / "drums.pdf").read_text(encoding="utf-8")
    assert f'set-paper-size "{paper}"' in music
    assert "middleCPosition" in music
    assert "Drum" not in music
    seen = (folder / "drums.ly.seen").read_text(encoding="utf-8")
    assert "page-layout" not in seen
    assert "\\" not in seen
    assert "&quot;" not in seen
