-- @noindex
-- The recording's bars as tempo markers of the project, where the user wants them.

local tempo_map = {}

local TOLERANCE_S = 0.01 -- by which a bar line may be off within a stretch of one tempo
local BPM_MIN, BPM_MAX = 20, 400

local function meter_of(bar)
  local beats, unit = tostring(bar.meter):match("^(%d+)/(%d+)$")
  if beats then return tonumber(beats), tonumber(unit) end
end

local function quarters(bar)
  local beats, unit = meter_of(bar)
  return beats * 4 / unit
end

-- Whole bars only: their tempo says how long they are, a pickup is shorter than its meter.
local function whole_bars(bars)
  local found = {}
  for n, bar in ipairs(bars) do
    local beats = meter_of(bar)
    local following = bars[n + 1]
    if beats and type(bar.time) == "number" and bar.time >= 0 and type(bar.bpm) == "number" and bar.bpm > 0 then
      local length_s = following and following.time - bar.time or quarters(bar) * 60 / bar.bpm
      local is_whole = math.abs(length_s - quarters(bar) * 60 / bar.bpm) < 0.05 * length_s
      if is_whole then found[#found + 1] = { start_s = bar.time, end_s = bar.time + length_s, bar = bar } end
    end
  end
  return found
end

-- The tempo of bars[first] to bars[last] and whether every bar line between fits it.
local function stretch(bars, first, last)
  local total = 0
  for n = first, last do total = total + quarters(bars[n].bar) end
  local quarter_s = (bars[last].end_s - bars[first].start_s) / total
  local at_s = bars[first].start_s
  for n = first, last do
    local fits = math.abs(at_s - bars[n].start_s) <= TOLERANCE_S
    local same = bars[n].bar.meter == bars[first].bar.meter
    local joined = n == first or math.abs(bars[n].start_s - bars[n - 1].end_s) < 1e-6
    if not (fits and same and joined) then return 60 / quarter_s, false end
    at_s = at_s + quarters(bars[n].bar) * quarter_s
  end
  return 60 / quarter_s, true
end

-- Markers, {time_s, bpm, beats, unit}, as few as keep every bar line within 10 ms. bars: as in the result.
function tempo_map.markers(bars)
  local whole, markers, first = whole_bars(bars), {}, 1
  while first <= #whole do
    local last, bpm = first, (stretch(whole, first, first))
    while last < #whole do
      local longer_bpm, fits = stretch(whole, first, last + 1)
      if not fits then break end
      last, bpm = last + 1, longer_bpm
    end
    local beats, unit = meter_of(whole[first].bar)
    if bpm >= BPM_MIN and bpm <= BPM_MAX then
      markers[#markers + 1] = { time_s = whole[first].start_s, bpm = bpm, beats = beats, unit = unit }
    end
    first = last + 1
  end
  return markers
end

-- Whether the project has a marker there, of this tempo where one is given.
local function is_there(project, at_s, wanted_bpm)
  for n = 0, reaper.CountTempoTimeSigMarkers(project) - 1 do
    local _, time_s, _, _, bpm = reaper.GetTempoTimeSigMarker(project, n)
    local is_it = not wanted_bpm or math.abs(bpm - wanted_bpm) < 0.01
    if math.abs(time_s - at_s) < TOLERANCE_S and is_it then return true end
  end
  return false
end

-- Whether the project says the same already: by these very markers, or by one tempo that keeps time with the recording.
function tempo_map.fits_project(source, markers, moved_s)
  local all = true
  for _, marker in ipairs(markers) do
    all = all and is_there(source.project, source.start_s + moved_s + marker.time_s, marker.bpm)
  end
  if all then return true end
  if reaper.CountTempoTimeSigMarkers(source.project) > 0 or #markers ~= 1 then return false end
  local beats, unit, bpm = reaper.TimeMap_GetTimeSigAtTime(source.project, source.start_s)
  local drift_s = (source.end_s - source.start_s) * math.abs(bpm / markers[1].bpm - 1)
  return beats == markers[1].beats and unit == markers[1].unit and drift_s < 4 * TOLERANCE_S
end

-- Hold every item where it is in seconds: with the timebase "beats" it would move with the tempo.
local function hold(project)
  local before = {}
  for n = 0, reaper.CountMediaItems(project) - 1 do
    local item = reaper.GetMediaItem(project, n)
    before[#before + 1] = { item = item, mode = reaper.GetMediaItemInfo_Value(item, "C_BEATATTACHMODE") }
    reaper.SetMediaItemInfo_Value(item, "C_BEATATTACHMODE", 0)
  end
  return function()
    for _, each in ipairs(before) do reaper.SetMediaItemInfo_Value(each.item, "C_BEATATTACHMODE", each.mode) end
  end
end

-- Markers that lie in the way, from the last to the first.
local function clear(project, from_s, to_s)
  for n = reaper.CountTempoTimeSigMarkers(project) - 1, 0, -1 do
    local _, time_s = reaper.GetTempoTimeSigMarker(project, n)
    if time_s > from_s - TOLERANCE_S and time_s < to_s - TOLERANCE_S then reaper.DeleteTempoTimeSigMarker(project, n) end
  end
end

local function set(project, at_s, bpm, beats, unit)
  reaper.SetTempoTimeSigMarker(project, -1, at_s, -1, -1, bpm, beats, unit, false)
end

-- Put the markers into the project in place of those that are there; what comes after the source keeps its tempo.
function tempo_map.add(source, markers, moved_s)
  local project = source.project
  local start_s, end_s = source.start_s + moved_s, source.end_s + moved_s
  local beats, unit, bpm = reaper.TimeMap_GetTimeSigAtTime(project, end_s)
  local goes_on = reaper.GetProjectLength(project) > end_s + TOLERANCE_S and not is_there(project, end_s)
  local let_go = hold(project)
  clear(project, start_s + markers[1].time_s, end_s)
  for _, marker in ipairs(markers) do set(project, start_s + marker.time_s, marker.bpm, marker.beats, marker.unit) end
  if goes_on then set(project, end_s, bpm, beats, unit) end
  let_go()
  reaper.UpdateTimeline()
end

return tempo_map
