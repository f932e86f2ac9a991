-- @noindex
-- The track that the notes go to: the one with the earlier result, a selected drum track, or a new one below the source.

local earlier = require("backbeat.earlier")
local sources = require("backbeat.sources")

local drum_track = {}

local function is_source(track, found)
  for _, source in ipairs(found) do
    if source.track == track then return true end
  end
  return false
end

-- A selected track that nothing is transcribed from: one with an instrument plugin first.
local function selected(project, found)
  local candidate
  for n = 0, reaper.CountSelectedTracks2(project, false) - 1 do
    local track = reaper.GetSelectedTrack2(project, n, false)
    if not is_source(track, found) then
      if reaper.TrackFX_GetInstrument(track) >= 0 then return track end
      candidate = candidate or track
    end
  end
  return candidate
end

-- For each source its track that there is already, or nil: then one is made when the notes are there.
-- One selected drum track takes the notes of several items, but of one track only: their notes would lie on one another.
function drum_track.choose(project, found, setting)
  local chosen = {}
  local drums = setting == "auto" and selected(project, found) or nil
  for n, source in ipairs(found) do
    local may_share = source.item and not source.further_take or n == 1
    chosen[n] = may_share and drums or setting == "auto" and earlier.track(source) or nil
  end
  return chosen
end

-- Index of the place below a track, and below what is in it where it is a folder.
local function place_below(project, track)
  local index = reaper.GetMediaTrackInfo_Value(track, "IP_TRACKNUMBER") // 1 | 0
  local depth = math.max(reaper.GetMediaTrackInfo_Value(track, "I_FOLDERDEPTH") // 1 | 0, 0)
  while depth > 0 and index < reaper.CountTracks(project) do
    depth = depth + (reaper.GetMediaTrackInfo_Value(reaper.GetTrack(project, index), "I_FOLDERDEPTH") // 1 | 0)
    index = index + 1
  end
  return index
end

-- A new track below the source's. The project has to be the active one.
function drum_track.make(source)
  local index = place_below(source.project, source.track)
  reaper.InsertTrackAtIndex(index, true)
  local track = reaper.GetTrack(source.project, index)
  reaper.GetSetMediaTrackInfo_String(track, "P_NAME", sources.track_name(source.track) .. " drums", true)
  return track
end

return drum_track
