-- Files that tests need: WAV, MIDI, text.

local files = {}

local RATE = 8000

function files.write(path, bytes)
  local file = assert(io.open(path, "wb"))
  file:write(bytes)
  file:close()
end

function files.read(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local bytes = file:read("a")
  file:close()
  return bytes
end

function files.exists(path)
  return files.read(path) ~= nil
end

-- 16-bit mono at 8 kHz: a click every half second, or nothing.
function files.wav(seconds, is_silent)
  local count = math.floor(seconds * RATE + 0.5)
  local click = ("<i2"):pack(20000)
  local parts = {}
  for n = 0, count - 1 do parts[n + 1] = not is_silent and n % (RATE // 2) == 0 and click or "\0\0" end
  local data = table.concat(parts)
  return ("<c4I4c4c4I4I2I2I4I4I2I2c4I4"):pack(
    "RIFF", 36 + #data, "WAVE", "fmt ", 16, 1, 1, RATE, RATE * 2, 2, 16, "data", #data
  ) .. data
end

local function variable_length(number)
  local bytes = string.char(number & 0x7F)
  number = number >> 7
  while number > 0 do
    bytes = string.char(number & 0x7F | 0x80) .. bytes
    number = number >> 7
  end
  return bytes
end

files.variable_length = variable_length

-- A type 0 file of notes {time_s, pitch, velocity}, sorted, each 20 ms long, at one tempo.
function files.midi(notes, bpm)
  local ticks_per_second = bpm / 60 * 960
  local events = {}
  for _, note in ipairs(notes) do
    local tick = math.floor(note.time_s * ticks_per_second + 0.5)
    events[#events + 1] = { tick, string.char(0x99, note.pitch, note.velocity) }
    events[#events + 1] = { tick + 20, string.char(0x89, note.pitch, 0) }
  end
  table.sort(events, function(a, b) return a[1] < b[1] end)
  local track, now = { "\0\xFF\x51\3" .. (">I3"):pack(math.floor(60e6 / bpm + 0.5)) }, 0
  for _, event in ipairs(events) do
    track[#track + 1] = variable_length(event[1] - now) .. event[2]
    now = event[1]
  end
  local data = table.concat(track) .. "\0\xFF\x2F\0"
  return "MThd" .. (">I4I2I2I2"):pack(6, 0, 1, 960) .. "MTrk" .. (">I4"):pack(#data) .. data
end

return files
