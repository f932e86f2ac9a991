-- @noindex
-- Transcribes the drums on the selected tracks within the time selection.

local folder = debug.getinfo(1, "S").source:match("^@(.*[/\\])")
package.path = folder .. "?.lua;" .. package.path
require("backbeat.actions").transcribe_time_selection()
