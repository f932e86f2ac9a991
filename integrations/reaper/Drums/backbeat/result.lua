-- @noindex
-- What Backbeat has written: NAME.drums.json, whose presence says that all is there, and the MIDI file that it names.

local json = require("backbeat.json")
local midi_file = require("backbeat.midi_file")
local problem = require("backbeat.problem")

local result = {}

-- Where the result of a recording is, unless the daemon says otherwise.
function result.path(recording)
  return (recording:gsub("%.[^./\\]+$", "")) .. ".drums.json"
end

function result.is_there(recording)
  return reaper.file_exists(result.path(recording))
end

local function content(path)
  local file = io.open(path, "rb")
  if not file then problem.raise("The result is not where it should be: " .. path, "Was it moved or deleted?") end
  local bytes = file:read("a")
  file:close()
  return bytes
end

local function number(value, or_else)
  return type(value) == "number" and value or or_else
end

-- {path, notes, bars, bpm, tempo_is_sure, preset, warnings, midi}. notes: as in `midi_file`, as the user's settings made
-- them (note map, velocity curve, quantising). bars: {time, meter, bpm}. Raises a problem.
function result.read(path)
  local document, mistake = json.decode(content(path))
  if type(document) ~= "table" then problem.raise("The result cannot be read: " .. path, mistake) end
  local midi = type(document.outputs) == "table" and document.outputs.midi
  if type(midi) ~= "string" then problem.raise("The result names no MIDI file: " .. path) end
  local notes, trouble = midi_file.notes(content(midi))
  if not notes then problem.raise("The MIDI file cannot be read: " .. midi, trouble) end
  return {
    path = path,
    midi = midi,
    notes = notes,
    bars = type(document.bars) == "table" and document.bars or {},
    bpm = number(document.detected_bpm, 0.0),
    tempo_is_sure = document.bpm_unreliable == false,
    preset = type(document.settings) == "table" and document.settings.preset or nil,
    warnings = type(document.warnings) == "table" and document.warnings or {},
  }
end

return result
