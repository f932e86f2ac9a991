-- Wraps the fake functions so that every call is recorded and its arguments are looked at as REAPER does: number, types,
-- ranges, whether what they point to still exists; and what changes a project has to be inside an undo step.

local model = require("fake.model")
local signatures = require("fake.signatures")

local check = {}

local CHANGES = {
  CreateNewMIDIItemInProj = true, DeleteTrackMediaItem = true, InsertTrackAtIndex = true, MIDI_InsertNote = true,
  MIDI_Sort = true, SetTempoTimeSigMarker = true, DeleteTempoTimeSigMarker = true, SetTrackMIDINoteNameEx = true,
  SetMediaItemInfo_Value = true,
}

local function is_a(kind, value)
  if kind == "any" then return value ~= nil end
  if kind == "integer" then return math.type(value) == "integer" or type(value) == "number" and value == value // 1 end
  if kind == "project" and value == 0 then return true end
  if kind == "project" or kind == "track" or kind == "item" or kind == "take" then
    return type(value) == "table" and value.kind == kind and model.is_alive(value)
  end
  return type(value) == kind
end

local function argument_fits(wanted, value)
  local kind, range, optional = wanted:match("^(%a+):?([%d-]*)(%??)$")
  if value == nil then return optional == "?" end
  if not is_a(kind, value) then return false end
  local low, high = range:match("^(-?%d+)-(%d+)$")
  return not low or value >= tonumber(low) and value <= tonumber(high)
end

local function described(value)
  if type(value) == "table" and value.kind then
    return ("a %s%s"):format(value.kind, model.is_alive(value) and "" or " that is gone")
  end
  return ("%s (%s)"):format(tostring(value), type(value))
end

local function check_arguments(name, arguments)
  local wanted = {}
  for word in signatures[name]:gmatch("%S+") do wanted[#wanted + 1] = word end
  if arguments.n > #wanted then error(("reaper.%s takes %d arguments, not %d"):format(name, #wanted, arguments.n), 3) end
  for n, word in ipairs(wanted) do
    if not argument_fits(word, arguments[n]) then
      error(("reaper.%s: argument %d has to be %s, not %s"):format(name, n, word, described(arguments[n])), 3)
    end
  end
end

-- The table `reaper`. A function that REAPER does not have, or that is called wrongly, is an error.
function check.wrap(functions, world)
  local wrapped = {}
  for name, body in pairs(functions) do
    assert(signatures[name], name .. " has no signature")
    wrapped[name] = function(...)
      local arguments = table.pack(...)
      world.calls[#world.calls + 1] = { name = name, arguments = arguments }
      check_arguments(name, arguments)
      if CHANGES[name] and world.undo_depth == 0 then error("reaper." .. name .. " outside of an undo step", 2) end
      return body(...)
    end
  end
  return setmetatable(wrapped, {
    __index = function(_, name) error("REAPER has no function " .. tostring(name), 2) end,
  })
end

return check
