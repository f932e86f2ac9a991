-- @noindex
-- What REAPER has rendered: is the WAV file whole, how long is it, is there any sound in it.

local wav = {}

local BLOCK_BYTES = 1 << 16

local function u32(text) return (("<I4"):unpack(text)) end

-- Position and size of the chunks, until that with the sound; nil while the header is not whole.
local function chunks(file)
  local head = file:read(12)
  if not head or #head < 12 then return nil end
  local kind = head:sub(1, 4)
  if (kind ~= "RIFF" and kind ~= "RF64") or head:sub(9) ~= "WAVE" then return nil end
  local found, at = { kind = kind }, 12
  while true do
    file:seek("set", at)
    local header = file:read(8)
    if not header or #header < 8 then return nil end
    local name, size = header:sub(1, 4), u32(header:sub(5))
    found[name] = { at = at + 8, size = size }
    if name == "data" then return found end
    at = at + 8 + size + size % 2
  end
end

local function data_size(file, found)
  if found.kind == "RF64" and found.ds64 then
    file:seek("set", found.ds64.at + 8)
    return (("<I8"):unpack(file:read(8)))
  end
  return found.data.size
end

-- {seconds, data_at, data_bytes} of a WAV file that is whole; nil when it is not there or not whole yet.
function wav.header(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local ok, header = pcall(function()
    local found = chunks(file)
    if not found or not found["fmt "] then return nil end
    file:seek("set", found["fmt "].at)
    local _, _, rate, bytes_per_second = ("<I2I2I4I4"):unpack(file:read(12))
    local bytes = data_size(file, found)
    if rate == 0 or bytes_per_second == 0 or bytes == 0 then return nil end
    if file:seek("end") < found.data.at + bytes then return nil end
    return { seconds = bytes / bytes_per_second, data_at = found.data.at, data_bytes = bytes }
  end)
  file:close()
  return ok and header or nil
end

-- Whether there is nothing but zeros in it.
function wav.is_silent(path, header)
  local file = assert(io.open(path, "rb"))
  file:seek("set", header.data_at)
  local left = header.data_bytes
  while left > 0 do
    local block = file:read(math.min(left, BLOCK_BYTES))
    if not block then break end
    if block:find("[^%z]") then
      file:close()
      return false
    end
    left = left - #block
  end
  file:close()
  return true
end

return wav
