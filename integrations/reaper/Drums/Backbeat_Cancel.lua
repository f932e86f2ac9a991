-- @noindex
-- Stops what Backbeat is doing.

local folder = debug.getinfo(1, "S").source:match("^@(.*[/\\])")
package.path = folder .. "?.lua;" .. package.path
require("backbeat.actions").cancel()
