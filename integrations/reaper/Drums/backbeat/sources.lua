-- @noindex
-- What is to be transcribed: the selected items, or the selected tracks for a stretch of time. A source is
-- {project, name, key, start_s, end_s, track, and for items: item, take, offset_s, rate}.

local problem = require("backbeat.problem")

local sources = {}

local SHORTEST_S = 0.1

local function take_name(take)
  local _, name = reaper.GetSetMediaItemTakeInfo_String(take, "P_NAME", "", false)
  return name
end

local function track_name(track)
  local _, name = reaper.GetSetMediaTrackInfo_String(track, "P_NAME", "", false)
  if name ~= "" then return name end
  return ("Track %d"):format(reaper.GetMediaTrackInfo_Value(track, "IP_TRACKNUMBER") // 1 | 0)
end

sources.track_name = track_name

local function item_source(project, item, take)
  local _, item_guid = reaper.GetSetMediaItemInfo_String(item, "GUID", "", false)
  local _, take_guid = reaper.GetSetMediaItemTakeInfo_String(take, "GUID", "", false)
  local start_s = reaper.GetMediaItemInfo_Value(item, "D_POSITION")
  local track = reaper.GetMediaItem_Track(item)
  local name = take_name(take)
  return {
    project = project,
    name = name ~= "" and name or track_name(track),
    key = ("item %s %s"):format(item_guid, take_guid),
    start_s = start_s,
    end_s = start_s + reaper.GetMediaItemInfo_Value(item, "D_LENGTH"),
    track = track,
    item = item,
    take = take,
    offset_s = reaper.GetMediaItemTakeInfo_Value(take, "D_STARTOFFS"),
    rate = reaper.GetMediaItemTakeInfo_Value(take, "D_PLAYRATE"),
  }
end

-- The takes of an item that have sound: the active one first, then, where all are wanted, the others.
local function takes_of(item, all)
  local takes, active = {}, reaper.GetActiveTake(item)
  if active and not reaper.TakeIsMIDI(active) then takes[1] = active end
  if all then
    for n = 0, reaper.CountTakes(item) - 1 do
      local take = reaper.GetMediaItemTake(item, n)
      if take and take ~= active and not reaper.TakeIsMIDI(take) then takes[#takes + 1] = take end
    end
  end
  return takes
end

-- The selected items that have sound. Raises a problem when there is none.
function sources.items(project, all_takes)
  local found, selected = {}, reaper.CountSelectedMediaItems(project)
  if selected == 0 then problem.raise("No item is selected.", "Select the recording of the drums, then start again.") end
  for n = 0, selected - 1 do
    local item = reaper.GetSelectedMediaItem(project, n)
    for number, take in ipairs(takes_of(item, all_takes)) do
      local source = item_source(project, item, take)
      source.further_take = number > 1
      if source.end_s - source.start_s >= SHORTEST_S then found[#found + 1] = source end
    end
  end
  if #found == 0 then
    problem.raise(
      "The selected items have no sound to transcribe.", "Empty items, MIDI and items below 0.1 seconds are left out."
    )
  end
  return found
end

-- Selected tracks; those with an instrument plugin are where the notes go, unless all have one.
local function audio_tracks(project)
  local all, without_instrument = {}, {}
  for n = 0, reaper.CountSelectedTracks2(project, false) - 1 do
    local track = reaper.GetSelectedTrack2(project, n, false)
    all[#all + 1] = track
    if reaper.TrackFX_GetInstrument(track) < 0 then without_instrument[#without_instrument + 1] = track end
  end
  if #all == 0 then problem.raise("No track is selected.", "Select the track of the drums, then start again.") end
  return #without_instrument > 0 and without_instrument or all
end

local function of_tracks(project, start_s, end_s)
  local found = {}
  for n, track in ipairs(audio_tracks(project)) do
    local _, guid = reaper.GetSetMediaTrackInfo_String(track, "GUID", "", false)
    found[n] = {
      project = project,
      name = track_name(track),
      key = "track " .. guid,
      start_s = start_s,
      end_s = end_s,
      track = track,
    }
  end
  return found
end

-- The selected tracks within the time selection. Raises a problem when nothing is selected.
function sources.time_selection(project)
  local start_s, end_s = reaper.GetSet_LoopTimeRange2(project, false, false, 0, 0, false)
  if end_s - start_s < SHORTEST_S then
    problem.raise("There is no time selection.", "Drag in the ruler over the bars that you want, then start again.")
  end
  return of_tracks(project, start_s, end_s)
end

-- The selected tracks from the project's beginning to its end.
function sources.stems(project)
  local end_s = reaper.GetProjectLength(project)
  if end_s < SHORTEST_S then problem.raise("The project is empty.", "Record or insert something first.") end
  return of_tracks(project, 0.0, end_s)
end

-- Where the source is now: seconds by which it was moved since, or nil and why the result no longer fits.
function sources.moved_by(source)
  if not reaper.ValidatePtr2(source.project, source.track, "MediaTrack*") then return nil, "its track was deleted meanwhile" end
  if not source.item then return 0.0 end
  if not reaper.ValidatePtr2(source.project, source.item, "MediaItem*") then return nil, "the item was deleted meanwhile" end
  if not reaper.ValidatePtr2(source.project, source.take, "MediaItem_Take*") then
    return nil, "the take was deleted meanwhile"
  end
  local rate = reaper.GetMediaItemTakeInfo_Value(source.take, "D_PLAYRATE")
  if math.abs(rate - source.rate) > 1e-9 then return nil, "the item was stretched meanwhile" end
  local trimmed_s = (reaper.GetMediaItemTakeInfo_Value(source.take, "D_STARTOFFS") - source.offset_s) / rate
  return reaper.GetMediaItemInfo_Value(source.item, "D_POSITION") - source.start_s - trimmed_s
end

return sources
