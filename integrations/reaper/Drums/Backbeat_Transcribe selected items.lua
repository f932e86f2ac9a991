-- @description Backbeat: transcribe drums to MIDI
-- @author The Backbeat developers
-- @about
--   Renders what is selected, sends it to the Backbeat daemon on this computer, and puts the drums that it hears on a MIDI
--   track, on the audio. Needs the program backbeat; no other extension.
-- @provides
--   [main] Backbeat_*.lua
--   [nomain] backbeat/*.lua

-- Transcribes the drums of the selected items.

local folder = debug.getinfo(1, "S").source:match("^@(.*[/\\])")
package.path = folder .. "?.lua;" .. package.path
require("backbeat.actions").transcribe_items()
