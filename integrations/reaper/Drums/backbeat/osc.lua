-- @noindex
-- OSC 1.0 messages as bytes, with what Backbeat's daemon says and hears: texts, whole numbers, floats.

local osc = {}

local function padded(text)
  return text .. ("\0"):rep(4 - #text % 4)
end

-- The packet of a message whose arguments are all texts.
function osc.packet(address, ...)
  local arguments = { ... }
  local parts = { padded(address), padded("," .. ("s"):rep(#arguments)) }
  for _, text in ipairs(arguments) do parts[#parts + 1] = padded(text) end
  return table.concat(parts)
end

local function read_text(packet, at)
  local stop = packet:find("\0", at, true)
  if not stop then return nil end
  local text = packet:sub(at, stop - 1)
  return text, at + #text + 4 - #text % 4
end

local READERS = {
  s = read_text,
  i = function(packet, at) return (">i4"):unpack(packet, at) end,
  f = function(packet, at) return (">f"):unpack(packet, at) end,
  h = function(packet, at) return (">i8"):unpack(packet, at) end,
  d = function(packet, at) return (">d"):unpack(packet, at) end,
  T = function(_, at) return true, at end,
  F = function(_, at) return false, at end,
}

local function message(packet)
  local address, at = read_text(packet, 1)
  local types
  types, at = read_text(packet, at or #packet + 1)
  if not types or types:sub(1, 1) ~= "," then return nil end
  local arguments = {}
  for kind in types:sub(2):gmatch(".") do
    local reader = READERS[kind]
    if not reader then return nil end
    arguments[#arguments + 1], at = reader(packet, at)
    if not at or at > #packet + 1 then return nil end
  end
  return { address = address, arguments = arguments }
end

-- The message in a packet, {address, arguments}; nil for what is none. The daemon sends us no bundles.
function osc.message(packet)
  if packet:sub(1, 1) ~= "/" then return nil end
  local ok, read = pcall(message, packet)
  return ok and read or nil
end

return osc
