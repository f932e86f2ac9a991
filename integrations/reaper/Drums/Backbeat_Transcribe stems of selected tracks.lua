-- @noindex
-- Transcribes the drums on the selected tracks from the project's beginning to its end.

local folder = debug.getinfo(1, "S").source:match("^@(.*[/\\])")
package.path = folder .. "?.lua;" .. package.path
require("backbeat.actions").transcribe_stems()
