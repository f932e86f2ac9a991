"""Puts the files of `integrations/` where REAPER, Live and MuseScore look for them, and takes them away again."""
