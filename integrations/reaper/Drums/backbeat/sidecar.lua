-- @noindex
-- NAME.backbeat.json beside the render: what the project knows about the recording, and the user's own options.

local json = require("backbeat.json")

local sidecar = {}

local BPM_MIN, BPM_MAX = 20, 400 -- what Backbeat takes

function sidecar.path(recording)
  return (recording:gsub("%.[^./\\]+$", "")) .. ".backbeat.json"
end

-- The project's tempo in quarter notes per minute and its meter, where they stay the same for the whole source; or nil.
local function steady_tempo(source)
  for n = 0, reaper.CountTempoTimeSigMarkers(source.project) - 1 do
    local _, at_s, _, _, _, _, _, glides = reaper.GetTempoTimeSigMarker(source.project, n)
    if at_s > source.start_s and at_s < source.end_s or glides then return nil end
  end
  local beats, unit, bpm = reaper.TimeMap_GetTimeSigAtTime(source.project, source.start_s)
  return bpm, ("%d/%d"):format(beats, unit)
end

-- Settings of the job by name. preset: nil leaves it to the daemon. options: the user's, they go before the project's.
function sidecar.settings(source, preset, options)
  local settings = { preset = preset }
  local bpm, meter = steady_tempo(source)
  if bpm and bpm >= BPM_MIN and bpm <= BPM_MAX then settings.host_bpm = bpm end
  -- 4/4 is what every project has that nobody gave a meter; only another one says something about the recording.
  if meter ~= "4/4" then settings.meter = meter end
  for name, text in pairs(options) do settings[name] = text end
  settings.lead_in = 0 -- the notes are placed by their seconds from the recording's start
  return settings
end

function sidecar.write(recording, settings)
  local file = assert(io.open(sidecar.path(recording), "wb"))
  file:write(json.encode(settings), "\n")
  file:close()
end

return sidecar
