"""A MIDNAM is read without fetching or expanding anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from backbeat.errors import PresetError
from backbeat.presets.note_names import read_note_names

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE MIDINameDocument PUBLIC "-//MIDI Manufacturers Association//DTD MIDINameDocument 1.0//EN"
 "http://localhost:1/MIDINameDocument10.dtd">
"""
BODY = """<MIDINameDocument>
 <Author>me</Author>
 <MasterDeviceNames>
  <Manufacturer>Nobody</Manufacturer><Model>Kit</Model>
  <ChannelNameSet Name="Drums"><UsesNoteNameList Name="Acoustic &amp; dry"/></ChannelNameSet>
  <NoteNameList Name="Effects"><Note Number="36" Name="Whoosh"/></NoteNameList>
  <NoteNameList Name="Acoustic &amp; dry">
   <Note Number="36" Name="Kick"/>
   <NoteGroup Name="Snares"><Note Number="38" Name="Snare"/><Note Number=" 37 " Name="X-Stick"/></NoteGroup>
   <Note Number="200" Name="Nothing"/>
   <Note Name="No number"/>
  </NoteNameList>
  <Note Number="1" Name="Outside of a list"/>
 </MasterDeviceNames>
</MIDINameDocument>"""


def midnam(folder: Path, text: str) -> Path:
    path = folder / "kit.midnam"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_list_is_read_with_its_name_and_groups(tmp_path: Path) -> None:
    effects, drums = read_note_names(midnam(tmp_path, HEAD + BODY))
    assert (effects.title, drums.title) == ("Effects", "Acoustic & dry")
    assert [(each.note, each.name) for each in drums.names] == [(36, "Kick"), (38, "Snare"), (37, "X-Stick")]
    assert drums.unread == ("200 Nothing", "No number")


@pytest.mark.parametrize(
    "declaration",
    [
        '<!ENTITY name "Kick">',
        '<!ENTITY name SYSTEM "file:///etc/passwd">',
        '<!ENTITY % name SYSTEM "http://localhost:1/x.dtd"> %name;',
        '<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">',
    ],
)
def test_a_file_that_declares_entities_is_refused(tmp_path: Path, declaration: str) -> None:
    text = f'<?xml version="1.0"?><!DOCTYPE MIDINameDocument [{declaration}]>{BODY}'
    with pytest.raises(PresetError, match="declares an XML entity"):
        read_note_names(midnam(tmp_path, text))


def test_an_entity_of_the_dtd_on_the_web_stays_unknown(tmp_path: Path) -> None:
    text = HEAD + BODY.replace("<Author>me</Author>", "<Author>&unknown;</Author>")
    assert len(read_note_names(midnam(tmp_path, text))) == 2


@pytest.mark.parametrize("text", ["<", "<MIDINameDocument>", HEAD + "<a></b>", "<a>" * 3])
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(PresetError, match=r"kit.midnam is damaged or is not a MIDNAM file"):
        read_note_names(midnam(tmp_path, text))


def test_xml_without_note_names_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PresetError, match="has no note names"):
        read_note_names(midnam(tmp_path, "<score-partwise/>"))
