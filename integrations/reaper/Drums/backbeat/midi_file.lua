-- @noindex
-- Reads a Standard MIDI File: its notes, in seconds from tick 0.

local midi_file = {}

local DEFAULT_TEMPO = 500000 -- microseconds per quarter note, where a file names none
local DATA_BYTES = { [0x8] = 2, [0x9] = 2, [0xA] = 2, [0xB] = 2, [0xC] = 1, [0xD] = 1, [0xE] = 2 }
local META, TEMPO, SYSEX, SYSEX_MORE = 0xFF, 0x51, 0xF0, 0xF7

local function variable_length(bytes, at)
  local value = 0
  for n = at, at + 3 do
    local byte = bytes:byte(n) or error("a number is cut off", 0)
    value = value << 7 | byte & 0x7F
    if byte < 0x80 then return value, n + 1 end
  end
  error("a number is too long", 0)
end

local function note_event(found, tick, kind, pitch, velocity)
  local waiting = found.waiting[pitch] or {}
  found.waiting[pitch] = waiting
  if kind == 0x9 and velocity > 0 then
    local note = { tick = tick, pitch = pitch, velocity = velocity }
    found.notes[#found.notes + 1] = note
    waiting[#waiting + 1] = note
  elseif kind == 0x9 or kind == 0x8 then
    local note = table.remove(waiting, 1)
    if note then note.end_tick = tick end
  end
end

-- One track's notes and tempos into `found`.
local function read_track(bytes, at, stop, found)
  local tick, status = 0, nil
  found.waiting = {}
  while at < stop do
    local delta
    delta, at = variable_length(bytes, at)
    tick = tick + delta
    local byte = bytes:byte(at) or error("a track is cut off", 0)
    if byte >= 0x80 then status, at = byte, at + 1 end
    if status == META or status == SYSEX or status == SYSEX_MORE then
      local kind = status == META and bytes:byte(at)
      local size
      size, at = variable_length(bytes, status == META and at + 1 or at)
      if kind == TEMPO then found.tempos[#found.tempos + 1] = { tick = tick, tempo = (">I3"):unpack(bytes, at) } end
      at, status = at + size, nil
    else
      local count = status and DATA_BYTES[status >> 4] or error("an unknown message", 0)
      note_event(found, tick, status >> 4, bytes:byte(at), count == 2 and bytes:byte(at + 1) or 0)
      at = at + count
    end
  end
end

-- A function from ticks, never falling, to seconds.
local function clock(tempos, ticks_per_quarter)
  table.sort(tempos, function(a, b) return a.tick < b.tick end)
  return function(tick)
    local seconds, since, tempo = 0.0, 0, DEFAULT_TEMPO
    for _, change in ipairs(tempos) do
      if change.tick > tick then break end
      seconds = seconds + (change.tick - since) * tempo / ticks_per_quarter / 1e6
      since, tempo = change.tick, change.tempo
    end
    return seconds + (tick - since) * tempo / ticks_per_quarter / 1e6
  end
end

local function read(bytes)
  if bytes:sub(1, 4) ~= "MThd" or #bytes < 14 then error("it is no MIDI file", 0) end
  local size, _, tracks, division = (">I4I2I2I2"):unpack(bytes, 5)
  if division == 0 or division >= 0x8000 then error("its ticks are not parts of a quarter note", 0) end
  local found, at = { notes = {}, tempos = {} }, 9 + size
  while at + 7 <= #bytes do
    local kind, length = bytes:sub(at, at + 3), (">I4"):unpack(bytes, at + 4)
    at = at + 8
    if at + length - 1 > #bytes then error("it is cut off", 0) end
    if kind == "MTrk" then
      read_track(bytes, at, at + length, found)
      tracks = tracks - 1
    end
    at = at + length
  end
  if tracks > 0 then error("it is cut off", 0) end
  local seconds = clock(found.tempos, division)
  for _, note in ipairs(found.notes) do
    note.time_s, note.end_s = seconds(note.tick), seconds(note.end_tick or note.tick)
  end
  table.sort(found.notes, function(a, b)
    if a.tick ~= b.tick then return a.tick < b.tick end
    return a.pitch < b.pitch
  end)
  return found.notes
end

-- The notes of all tracks, {time_s, end_s, pitch, velocity}, sorted; or nil and what is wrong.
function midi_file.notes(bytes)
  local ok, notes = pcall(read, bytes)
  if ok then return notes end
  return nil, tostring(notes)
end

return midi_file
