"""Puts the files of `integrations/` where REAPER, Live, MuseScore and Ardour look for them, and takes them away again."""
