-- @noindex
-- How the action Cancel reaches the action that works: both see REAPER's ExtState.

local settings = require("backbeat.settings")

local cancel = {}

local WORKING, CANCEL = "working", "cancel"
local FRESH_S = 3.0

local function time_of(key)
  return tonumber(reaper.GetExtState(settings.SECTION, key)) or -math.huge
end

local function stamp(key)
  reaper.SetExtState(settings.SECTION, key, ("%.6f"):format(reaper.time_precise()), false)
end

-- Say that an action is at work; called again and again while it is.
function cancel.working()
  stamp(WORKING)
end

function cancel.finished()
  reaper.DeleteExtState(settings.SECTION, WORKING, false)
end

-- Whether somebody has asked since `start`.
function cancel.asked_since(start)
  return time_of(CANCEL) > start
end

-- Ask all actions that work to stop; false when there is none.
function cancel.ask()
  local now = reaper.time_precise()
  if now - time_of(WORKING) > FRESH_S then return false end
  stamp(CANCEL)
  return true
end

return cancel
